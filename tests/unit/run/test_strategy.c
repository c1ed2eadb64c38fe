/* Which way of building comes after which, and when none can help. */
#include "run/strategy.h"

#include "unit.h"

static void test_where(void **state)
{
    (void)state;
    struct err err = {0};
    static const struct {
        const char *asked;
        bool away, home;
    } rows[] = {{"auto", true, true},
                {"native", false, true},
                {"cross", true, false},
                {"hybrid", true, false},
                {"emulate", true, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(strategy_check(str_from(rows[i].asked), false, &err), rows[i].away);
        assert_int_equal(strategy_check(str_from(rows[i].asked), true, &err), rows[i].home);
    }
    assert_int_equal(err.code, ERR_USAGE);
    assert_str(strategy_first(STR(""), true), "native");
    assert_str(strategy_first(STR(""), false), "cross");
    assert_str(strategy_first(STR("emulate"), false), "emulate");
    assert_str(strategy_first(STR("native"), false), "cross"); /* a cache from another machine */
    assert_str(strategy_first(STR("hybrid"), true), "native");
    assert_true(strategy_is_on_target(STR("hybrid")) && strategy_is_on_target(STR("emulate")));
    assert_false(strategy_is_on_target(STR("cross")) || strategy_is_on_target(STR("native")));
}

static void test_next(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        enum spec_outcome outcome;
        const char *line, *next;
    } rows[] = {
        {"cross", SPEC_FACTS, "", "hybrid"},
        {"hybrid", SPEC_FACTS, "", ""},
        {"cross", SPEC_BUILD_FAILED, "configure: error: cannot run test program", "hybrid"},
        {"hybrid", SPEC_BUILD_FAILED, "cc1: internal compiler error", "emulate"},
        {"emulate", SPEC_BUILD_FAILED, "make: *** [all] Error 2", ""},
        {"native", SPEC_BUILD_FAILED, "make: *** [all] Error 2", ""},
        {"cross", SPEC_SILENT_FALLBACK, "", "hybrid"},
        {"cross", SPEC_NO_WHEEL, "", "hybrid"},
        {"cross", SPEC_TIMEOUT, "", ""},
        {"cross", SPEC_FLOOR, "", ""},
        {"cross", SPEC_ENVIRONMENT, "", ""},
        {"cross", SPEC_IMPORT_FAILED, "", ""},
        {"cross", SPEC_BUILD_FAILED, "a.c:1:10: fatal error: foo.h: No such file or directory", ""},
        {"cross", SPEC_BUILD_FAILED, "cat: foo.h: No such file or directory", "hybrid"},
        {"cross", SPEC_BUILD_FAILED, "/usr/bin/ld: cannot find -lfoo", ""},
        {"cross", SPEC_BUILD_FAILED, "ModuleNotFoundError: No module named 'numpy'", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str line = str_from(rows[i].line);
        struct spec_result result = {.outcome = rows[i].outcome, .evidence = {&line, 1}};
        struct str next = strategy_next(str_from(rows[i].now), &result);
        if (!str_eq(next, str_from(rows[i].next)))
            fail_msg("row %zu: after %s comes \"%.*s\"", i, rows[i].now, STR_ARG(next));
    }
    struct spec_result why = {.outcome = SPEC_BUILD_FAILED,
                              .why = STR("needs the network while it builds")};
    assert_str(strategy_next(STR("cross"), &why), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_where), cmocka_unit_test(test_next)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
