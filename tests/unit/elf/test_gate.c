#include "elf/gate.h"

#include "fixture.h"

static size_t count(const struct elf_gate_finding *findings, size_t len,
                    enum elf_gate_reason reason, const char *name)
{
    size_t found = 0;
    for (size_t i = 0; i < len; i++)
        found += findings[i].reason == reason && str_eq(findings[i].name, str_from(name));
    return found;
}

static bool exports(void *state, struct str soname, struct str symbol)
{
    (void)state;
    return str_eq(soname, STR("libfoo.so.2")) && str_eq(symbol, STR("stat"));
}

static void finds_what_is_too_new(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str missing[] = {STR("getrandom"), STR("stat"), STR("zzz")};
    struct elf_gate_rules rules = {.arch = ELF_ARCH_S390X,
                                   .floor = 17,
                                   .missing = missing,
                                   .missing_count = 3,
                                   .policy = elf_policy_from_tag(STR("manylinux2014_s390x"), NULL)};
    const struct elf_gate_finding *findings;
    size_t len;
    struct elf_file elf = fixture(&arena, "s390x", "mod.so");
    elf_gate_check(&elf, &rules, &arena, &findings, &len);
    assert_int_equal(len, 2);
    assert_int_equal(count(findings, len, ELF_GATE_GLIBC_VERSION, "GLIBC_2.34"), 1);
    assert_int_equal(count(findings, len, ELF_GATE_UNVERSIONED, "stat"), 1);
    assert_str(elf_gate_describe(&findings[0], &rules, &arena),
               "needs GLIBC_2.34 of libc.so.6; the floor is GLIBC_2.17");
}

static void passes_what_the_floor_has(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_gate_rules rules = {.arch = ELF_ARCH_S390X, .floor = 34};
    const struct elf_gate_finding *findings;
    size_t len;
    struct elf_file elf = fixture(&arena, "s390x", "mod.so");
    elf_gate_check(&elf, &rules, &arena, &findings, &len);
    assert_int_equal(len, 0);
    rules.floor = 33;
    elf_gate_check(&elf, &rules, &arena, &findings, &len);
    assert_int_equal(len, 1);
}

/* With the exports known, what nobody exports is found too; weak and Python's names pass. */
static void asks_other_libraries(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_gate_rules rules = {.arch = ELF_ARCH_X86_64, .floor = 34, .exports = exports};
    const struct elf_gate_finding *findings;
    size_t len;
    struct elf_file elf = fixture(&arena, "x86_64", "mod.so");
    elf_gate_check(&elf, &rules, &arena, &findings, &len);
    assert_int_equal(len, 0); /* stat is libfoo's here */
    struct str only[] = {STR("libc.so.6")};
    elf.needed = only;
    elf.needed_count = 1;
    elf_gate_check(&elf, &rules, &arena, &findings, &len);
    assert_int_equal(len, 1);
    assert_int_equal(count(findings, len, ELF_GATE_UNRESOLVED, "stat"), 1);
}

static void refuses_another_machine(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_gate_rules rules = {.arch = ELF_ARCH_S390X, .floor = 34};
    const struct elf_gate_finding *findings;
    size_t len;
    struct elf_file elf = fixture(&arena, "x86_64", "mod.so");
    elf_gate_check(&elf, &rules, &arena, &findings, &len);
    assert_int_equal(count(findings, len, ELF_GATE_MACHINE, "x86_64"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_too_new),
        cmocka_unit_test(passes_what_the_floor_has),
        cmocka_unit_test(asks_other_libraries),
        cmocka_unit_test(refuses_another_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
