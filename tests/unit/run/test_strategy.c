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
    assert_true(strategy_is_on_target(STR("hybrid")) && strategy_is_on_target(STR("emulate")));
    assert_false(strategy_is_on_target(STR("cross")) || strategy_is_on_target(STR("native")));
}

/* One word of a history: a strategy, how it ended ("" built), when. */
struct word {
    const char *strategy, *class;
    int64_t last;
};

static void test_order(void **state)
{
    (void)state;
    static const struct {
        struct word words[6];
        bool at_home;
        const char *order;
    } rows[] = {
        {{{0}}, false, "cross hybrid emulate"},
        {{{0}}, true, "native"},
        {{{"cross", "", 1}}, false, "cross hybrid emulate"},
        {{{"cross", "machine facts", 1}, {"hybrid", "", 2}}, false, "hybrid emulate cross"},
        {{{"cross", "machine facts", 1}}, false, "hybrid emulate cross"},
        {{{"cross", "build", 1}, {"hybrid", "build", 2}, {"emulate", "", 3}},
         false,
         "emulate cross hybrid"},
        {{{"cross", "build", 1}, {"hybrid", "", 2}, {"cross", "", 3}},
         false,
         "cross hybrid emulate"},
        {{{"cross", "", 1}, {"cross", "machine facts", 3}, {"hybrid", "", 2}},
         false,
         "hybrid emulate cross"},
        {{{"emulate", "", 1}}, false, "emulate cross hybrid"},
        {{{"emulate", "", 3}, {"hybrid", "", 2}}, false, "hybrid emulate cross"},
        /* what no other strategy could do better with says nothing of this one */
        {{{"cross", "timeout", 1}, {"cross", "environment", 2}}, false, "cross hybrid emulate"},
        {{{"emulate", "build", 1}}, false, "cross hybrid emulate"},
        {{{"native", "", 1}, {"nonsense", "", 2}}, false, "cross hybrid emulate"},
        {{{"hybrid", "", 1}}, true, "native"}, /* a cache from another machine */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strategy_record record = {0};
        BUF_AUTO struct buf text = {0};
        for (const struct word *word = rows[i].words; word->strategy; word++)
            strategy_note(&record, str_from(word->strategy), str_from(word->class), 1, word->last);
        struct strategy_order order = strategy_order(&record, rows[i].at_home);
        for (size_t k = 0; k < order.len; k++)
            buf_printf(&text, "%s" STR_FMT, k ? " " : "", STR_ARG(order.at[k]));
        if (!str_eq(buf_str(&text), str_from(rows[i].order)))
            fail_msg("row %zu: %s, not %s", i, text.ptr, rows[i].order);
    }
}

/* The record decides what comes next, but never back from the target's Python to one that is not.
 */
static void test_next_by_record(void **state)
{
    (void)state;
    struct strategy_record record = {0};
    struct spec_result failed = {.outcome = SPEC_BUILD_FAILED};
    strategy_note(&record, STR("hybrid"), STR("build"), 1, 1);
    struct strategy_order order = strategy_order(&record, false); /* cross emulate hybrid */
    assert_str(strategy_next(STR("cross"), &order, &failed), "emulate");
    strategy_note(&record, STR("hybrid"), STR(""), 1, 2);
    order = strategy_order(&record, false); /* hybrid cross emulate */
    assert_str(order.at[1], "cross");
    assert_str(strategy_next(STR("hybrid"), &order, &failed), "emulate");
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
    const struct strategy_record none = {0};
    const struct strategy_order away = strategy_order(&none, false);
    const struct strategy_order home = strategy_order(&none, true);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct strategy_order *order =
            str_eq(str_from(rows[i].now), STR("native")) ? &home : &away;
        struct str line = str_from(rows[i].line);
        struct spec_result result = {.outcome = rows[i].outcome, .evidence = {&line, 1}};
        struct str next = strategy_next(str_from(rows[i].now), order, &result);
        if (!str_eq(next, str_from(rows[i].next)))
            fail_msg("row %zu: after %s comes \"%.*s\"", i, rows[i].now, STR_ARG(next));
    }
    struct spec_result why = {.outcome = SPEC_BUILD_FAILED,
                              .why = STR("needs the network while it builds")};
    assert_str(strategy_next(STR("cross"), &away, &why), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_where), cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_next),
                                       cmocka_unit_test(test_next_by_record)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
