#include "pkg/range.h"
#include "table.h"

static struct ranges must(struct str line, struct str text, struct arena *arena)
{
    struct specifier_set set;
    struct ranges ranges = {0};
    struct err err = {0};
    if (!specifier_set_parse(text, arena, &set, &err) || !range_make(&set, arena, &ranges, &err))
        table_fail(line, "%s", err.text);
    return ranges;
}

static void check_content(struct str line, struct str text, bool empty, struct arena *arena)
{
    struct ranges ranges = must(line, text, arena);
    if (empty ? ranges.len != 0 : ranges.len == 0 || range_has_final(&ranges, arena))
        table_fail(line, "%zu intervals", ranges.len);
}

static void check_row(struct str line, struct arena *arena)
{
    static const struct {
        struct str sign;
        bool subset, superset, disjoint;
    } relations[] = {
        {STR_INIT(" < "), true, false, false},
        {STR_INIT(" = "), true, true, false},
        {STR_INIT(" # "), false, false, true},
        {STR_INIT(" x "), false, false, false},
    };
    struct str left, right;
    if (str_starts(line, STR("empty ")) || str_starts(line, STR("pre "))) {
        table_cut(line, STR(" "), &left, &right);
        check_content(line, right, left.ptr[0] == 'e', arena);
        return;
    }
    size_t i = 0;
    while (i < 4 && !table_cut(line, relations[i].sign, &left, &right))
        i++;
    if (i == 4)
        table_fail(line, "no relation");
    struct ranges a = must(line, left, arena), b = must(line, right, arena);
    if (range_is_subset(&a, &b, arena) != relations[i].subset ||
        range_is_subset(&b, &a, arena) != relations[i].superset ||
        range_is_disjoint(&a, &b, arena) != relations[i].disjoint ||
        range_is_disjoint(&b, &a, arena) != relations[i].disjoint)
        table_fail(line, "subset %d, superset %d, disjoint %d", range_is_subset(&a, &b, arena),
                   range_is_subset(&b, &a, arena), range_is_disjoint(&a, &b, arena));
}

static void relations_as_the_order_says(void **state)
{
    (void)state;
    table_each("ranges.tsv", 40, check_row);
}

/* The rows of specifiers.tsv: an interval holds what the clauses hold. */
static void check_versions(struct str line, struct arena *arena)
{
    struct str clauses, columns, text;
    struct specifier_set set;
    struct ranges ranges;
    struct version version;
    struct err err = {0};
    if (!table_cut(line, STR("|"), &clauses, &columns) ||
        !specifier_set_parse(clauses, arena, &set, &err) || !range_make(&set, arena, &ranges, &err))
        return;
    while (str_next(&columns, ' ', &text))
        if (version_try(text, &version) &&
            range_contains(&ranges, &version) != specifier_set_match(&set, &version))
            table_fail(line, STR_FMT, STR_ARG(text));
}

static void intervals_hold_what_clauses_hold(void **state)
{
    (void)state;
    table_each("specifiers.tsv", 50, check_versions);
}

static void a_text_is_no_interval(void **state)
{
    struct arena arena ARENA_AUTO = {0};
    struct specifier_set set;
    struct ranges ranges;
    struct err err = {0};
    (void)state;
    assert_ok(specifier_set_parse(STR(">=1,===1.0"), &arena, &set, &err));
    assert_false(range_make(&set, &arena, &ranges, &err));
    assert_int_equal(err.code, ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relations_as_the_order_says),
        cmocka_unit_test(intervals_hold_what_clauses_hold),
        cmocka_unit_test(a_text_is_no_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
