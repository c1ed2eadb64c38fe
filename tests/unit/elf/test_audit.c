#include "elf/audit.h"

#include <string.h>

#include "fixture.h"

static const struct str libc6[] = {STR_INIT("libc.so.6")};
static const struct str foo2[] = {STR_INIT("libc.so.6"), STR_INIT("libfoo.so.2")};
static const struct elf_need need17[] = {{STR_INIT("libc.so.6"), STR_INIT("GLIBC_2.17"), 2, false}};
static const struct elf_need need34[] = {{STR_INIT("libc.so.6"), STR_INIT("GLIBC_2.34"), 2, false}};

static struct elf_audit_file file(const char *path, enum elf_audit_kind kind,
                                  const struct str *needed, size_t needed_count,
                                  const struct elf_need *need)
{
    return (struct elf_audit_file){.path = str_from(path),
                                   .kind = kind,
                                   .arch = ELF_ARCH_S390X,
                                   .machine = EM_S390,
                                   .libc = ELF_LIBC_GLIBC,
                                   .needed = needed,
                                   .needed_count = needed_count,
                                   .needs = need,
                                   .need_count = need != NULL};
}

static struct elf_audit_verdict judge(struct arena *arena, const char *tags,
                                      const struct elf_audit_file *files, size_t count,
                                      const struct elf_audit_lookup *lookup)
{
    struct elf_audit audit;
    struct elf_audit_verdict verdict;
    elf_audit_open(&audit, arena, str_from(tags));
    for (size_t i = 0; i < count; i++)
        *vec_push(&audit.files, arena) = files[i];
    elf_audit_finish(&audit, lookup, &verdict);
    return verdict;
}

static void the_oldest_true_tag(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_audit_file files[] = {file("m.so", ELF_AUDIT_EXTENSION, libc6, 1, need17),
                                     file("n.so", ELF_AUDIT_EXTENSION, libc6, 1, need34)};
    struct elf_audit_verdict v = judge(&arena, "linux_s390x", files, 1, NULL);
    assert_int_equal(v.outcome, ELF_AUDIT_PLATFORM);
    assert_str(v.tag, "manylinux_2_17_s390x");
    assert_int_equal(v.blocker_count, 0);
    v = judge(&arena, "linux_s390x", files, 2, NULL);
    assert_str(v.tag, "manylinux_2_34_s390x");
    assert_int_equal(v.blocker_count, 1);
    assert_str(v.blockers[0].file, "n.so");
    assert_str(v.blockers[0].what, "needs GLIBC_2.34 of libc.so.6");
    assert_string_equal(v.blockers[0].policy->name, "manylinux_2_31");
}

static void names_the_silent_fallback(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_audit_verdict v = judge(&arena, "linux_s390x", NULL, 0, NULL);
    assert_int_equal(v.outcome, ELF_AUDIT_SILENT_FALLBACK);
    assert_non_null(strstr(v.problem.ptr, "silent fallback"));
    assert_null(v.policy);
    assert_str(v.tag, "linux_s390x");
    /* ELF files, but all of the build machine. */
    struct elf_audit_file x86 = file("m.so", ELF_AUDIT_EXTENSION, libc6, 1, need17);
    x86.arch = ELF_ARCH_X86_64;
    v = judge(&arena, "linux_s390x", &x86, 1, NULL);
    assert_int_equal(v.outcome, ELF_AUDIT_SILENT_FALLBACK);
    struct elf_audit_file both[] = {x86, file("n.so", ELF_AUDIT_EXTENSION, libc6, 1, need17)};
    v = judge(&arena, "linux_s390x", both, 2, NULL);
    assert_int_equal(v.outcome, ELF_AUDIT_FOREIGN);
    assert_non_null(strstr(v.problem.ptr, "m.so"));
}

static void pure_means_no_elf(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_audit_file m = file("m.so", ELF_AUDIT_EXTENSION, libc6, 1, need17);
    assert_int_equal(judge(&arena, "any", NULL, 0, NULL).outcome, ELF_AUDIT_PURE);
    assert_int_equal(judge(&arena, "any", &m, 1, NULL).outcome, ELF_AUDIT_ELF_IN_PURE);
    m.path = STR("d-1.data/purelib/m.so");
    assert_int_equal(judge(&arena, "linux_s390x", &m, 1, NULL).outcome, ELF_AUDIT_ELF_IN_PURE);
}

static void follows_libraries_inside(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_audit_file files[] = {
        file("p/m.so", ELF_AUDIT_EXTENSION, foo2, 2, need17),
        file("d.libs/libfoo.so.2", ELF_AUDIT_LIBRARY, libc6, 1, need17)};
    struct elf_audit_verdict v = judge(&arena, "linux_s390x", files, 2, NULL);
    assert_null(v.policy); /* nothing leads from m.so to it */
    assert_str(v.tag, "linux_s390x");
    assert_int_equal(v.external_count, 1);
    assert_str(v.externals[0].soname, "libfoo.so.2");
    assert_string_equal(v.repairable_policy->name, "manylinux_2_17");
    files[0].rpath = STR("/build:$ORIGIN/../d.libs");
    v = judge(&arena, "linux_s390x", files, 2, NULL);
    assert_int_equal(v.external_count, 0);
    assert_str(v.tag, "manylinux_2_17_s390x");
    files[0].rpath = STR("$ORIGIN/../../d.libs"); /* out of the wheel */
    v = judge(&arena, "linux_s390x", files, 2, NULL);
    assert_int_equal(v.external_count, 1);
}

/* The files come as threads are done with them; who wants a library first does not. */
static void the_order_of_files_does_not_matter(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    for (int turned = 0; turned < 2; turned++) {
        struct elf_audit_file a = file("p/a.so", ELF_AUDIT_EXTENSION, foo2, 2, need17),
                              b = file("p/b.so", ELF_AUDIT_EXTENSION, foo2, 2, need17);
        struct elf_audit_file files[] = {turned ? b : a, turned ? a : b};
        struct elf_audit_verdict v = judge(&arena, "linux_s390x", files, 2, NULL);
        assert_str(v.files[0].path, "p/a.so");
        assert_str(v.externals[0].wanted_by, "p/a.so");
    }
}

static void stays(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_audit_file m = file("m.so", ELF_AUDIT_EXTENSION, foo2, 2, need17);
    struct str outside[] = {STR("libfoo.so.2")};
    struct elf_audit_lookup lookup = {.stays = outside, .stay_count = 1};
    assert_str(judge(&arena, "linux_s390x", &m, 1, &lookup).tag, "manylinux_2_17_s390x");
}

static void private_symbols_and_newer_processors(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    static const struct elf_need tr[] = {{STR_INIT("libz.so.1"), STR_INIT("_tr_init"), 0, false}};
    struct elf_audit_file m = file("m.so", ELF_AUDIT_EXTENSION, libc6, 1, need17);
    m.forbidden = tr;
    m.forbidden_count = 1;
    assert_null(judge(&arena, "linux_s390x", &m, 1, NULL).policy);
    m.forbidden_count = 0;
    m.arch = ELF_ARCH_X86_64;
    m.x86_isa = 2; /* x86-64-v2 */
    assert_null(judge(&arena, "linux_x86_64", &m, 1, NULL).policy);
    m.x86_isa = 0;
    assert_str(judge(&arena, "linux_x86_64", &m, 1, NULL).tag, "manylinux_2_17_x86_64");
}

static void musl_is_another_libc(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    static const struct str musl[] = {STR_INIT("libc.musl-s390x.so.1")};
    struct elf_audit_file m = file("m.so", ELF_AUDIT_EXTENSION, musl, 1, NULL);
    m.libc = ELF_LIBC_MUSL;
    assert_str(judge(&arena, "linux_s390x", &m, 1, NULL).tag, "musllinux_1_2_s390x");
}

static void reads_facts_of_files(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_audit audit;
    struct elf_audit_verdict v;
    struct err err = {0};
    elf_audit_open(&audit, &arena, STR("manylinux_2_17_s390x.manylinux2014_s390x"));
    assert_int_equal(audit.arch, ELF_ARCH_S390X);
    assert_ok(
        elf_audit_add(&audit, STR("demo/mod.so"), fixture_bytes(&arena, "s390x", "mod.so"), &err));
    assert_ok(elf_audit_add(&audit, STR("demo/data.bin"), STR("no elf"), &err));
    assert_ok(
        elf_audit_add(&audit, STR("demo/data.bin"), STR("\177ELF\2\2\1 but then nothing"), &err));
    assert_false(
        elf_audit_add(&audit, STR("demo/x.so.1"), STR("\177ELF\2\2\1 but then nothing"), &err));
    assert_non_null(strstr(err.text, "demo/x.so.1"));
    assert_int_equal(audit.files.len, 1);
    assert_int_equal(audit.files.at[0].kind, ELF_AUDIT_EXTENSION);
    elf_audit_finish(&audit, NULL, &v);
    assert_string_equal(v.versions_policy->name, "manylinux_2_34");
    assert_null(v.policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_true_tag),
        cmocka_unit_test(names_the_silent_fallback),
        cmocka_unit_test(pure_means_no_elf),
        cmocka_unit_test(follows_libraries_inside),
        cmocka_unit_test(the_order_of_files_does_not_matter),
        cmocka_unit_test(stays),
        cmocka_unit_test(private_symbols_and_newer_processors),
        cmocka_unit_test(musl_is_another_libc),
        cmocka_unit_test(reads_facts_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
