#include "unit.h"

#include "jail/binfmt.h"

/* The first 20 bytes of real programs: e_ident, e_type, e_machine. */
static const struct {
    const char *machine;
    struct str header;
} programs[] = {
    {"s390x", STR_INIT("\x7f"
                       "ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\3\0\x16")}, /* PIE */
    {"s390x", STR_INIT("\x7f"
                       "ELF\2\2\1\3\0\0\0\0\0\0\0\0\0\2\0\x16")}, /* static with IFUNC */
    {"aarch64", STR_INIT("\x7f"
                         "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\xb7\0")},
    {"x86_64", STR_INIT("\x7f"
                        "ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0")},
};

static void each_program_has_one_machine(void **state)
{
    (void)state;
    static const char *const names[] = {"s390x", "aarch64", "x86_64", "riscv64", "ppc64le"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            const struct binfmt_machine *machine = binfmt_find(str_from(names[j]));
            assert_non_null(machine);
            assert_int_equal(binfmt_matches(machine, programs[i].header),
                             str_eq(str_from(programs[i].machine), str_from(names[j])));
        }
    assert_null(binfmt_find(STR("vax")));
}

static void objects_and_short_files_do_not_match(void **state)
{
    (void)state;
    const struct binfmt_machine *s390x = binfmt_find(STR("s390x"));
    assert_false(binfmt_matches(s390x, STR("\x7f"
                                           "ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\1\0\x16")));
    assert_false(binfmt_matches(s390x, STR("\x7f"
                                           "ELF\2\2\1")));
    assert_false(binfmt_matches(s390x, STR("#!/bin/sh\necho 1234567890")));
}

static void registration_line(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct str line;
    struct err err;
    assert_ok(
        binfmt_line(binfmt_find(STR("s390x")), "/usr/bin/qemu-s390x-static", &arena, &line, &err));
    assert_str(line,
               ":refinery-s390x:M::"
               "\\x7f\\x45\\x4c\\x46\\x02\\x02\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
               "\\x00\\x02\\x00\\x16:"
               "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfc\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
               "\\xff\\xfe\\xff\\xff:/usr/bin/qemu-s390x-static:POF");
    const char *const bad[] = {"qemu", "/usr/bin/a:b", "/usr/bin/a\nb", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(binfmt_line(binfmt_find(STR("s390x")), bad[i], &arena, &line, &err));
}

/* As Debian's qemu-user-static shows it. */
static const struct str debian =
    STR_INIT("enabled\ninterpreter /usr/libexec/qemu-binfmt/s390x-binfmt-P\nflags: POCF\noffset 0\n"
             "magic 7f454c4602020100000000000000000000020016\n"
             "mask ffffffffffffff00fffffffffffffffffffeffff\n");

static void entries_of_the_host(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const struct binfmt_machine *s390x = binfmt_find(STR("s390x"));
    assert_true(binfmt_entry_serves(debian, s390x));
    assert_false(binfmt_entry_serves(debian, binfmt_find(STR("aarch64"))));
    struct str body = str_from_pos(debian, sizeof "enabled\n" - 1);
    assert_false(
        binfmt_entry_serves(arena_printf(&arena, "disabled\n" STR_FMT, STR_ARG(body)), s390x));
    /* without F the kernel would look for the interpreter inside the jail */
    assert_false(binfmt_entry_serves(STR("enabled\ninterpreter /q\nflags: OC\noffset 0\n"
                                         "magic 7f454c4602020100000000000000000000020016\n"),
                                     s390x));
    assert_false(binfmt_entry_serves(STR("enabled\nflags: F\noffset 0\nmagic 7\n"), s390x));
    assert_false(binfmt_entry_serves(STR("enabled\nflags: F\noffset 0\nextension .py\n"), s390x));
    assert_false(binfmt_entry_serves(STR(""), s390x));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_program_has_one_machine),
        cmocka_unit_test(objects_and_short_files_do_not_match),
        cmocka_unit_test(registration_line),
        cmocka_unit_test(entries_of_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
