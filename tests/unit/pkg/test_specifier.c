#include "pkg/specifier.h"
#include "table.h"

static void check_versions(struct str line, const struct specifier_set *set, struct str column)
{
    struct str verdict, version;
    table_cut(column, STR(" "), &verdict, &column);
    bool expected = str_eq(verdict, STR("yes"));
    for (struct str rest = column; str_next(&rest, ' ', &version);)
        if (version.len && specifier_set_match_text(set, version) != expected)
            table_fail(line, "%.*s should be %s", STR_ARG(version), expected ? "in" : "out");
}

static void check_row(struct str line, struct arena *arena)
{
    struct specifier_set set;
    struct err err = {0};
    struct str clauses, columns, column;
    if (line.ptr[0] == '!' && !str_has_char(line, '|')) {
        if (specifier_set_parse(str_from_pos(line, 1), arena, &set, &err))
            table_fail(line, "accepted");
        return;
    }
    table_cut(line, STR("|"), &clauses, &columns);
    if (!specifier_set_parse(clauses, arena, &set, &err))
        table_fail(line, "%s", err.text);
    while (columns.len) {
        table_cut(columns, STR("|"), &column, &columns);
        check_versions(line, &set, column);
    }
    struct specifier_set again;
    struct str normal = specifier_set_normal(&set, arena);
    if (!specifier_set_parse(normal, arena, &again, &err))
        table_fail(line, "normal form: %s", err.text);
    if (!str_eq(specifier_set_normal(&again, arena), normal))
        table_fail(line, "normal form is not stable");
}

static void specifiers_as_the_standard_says(void **state)
{
    (void)state;
    table_each("specifiers.tsv", 50, check_row);
}

static size_t pick(const char *clauses, enum specifier_pre pre, const char *list)
{
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    struct specifier_set set;
    struct version versions[16];
    size_t count = 0;
    struct str rest = str_from(list), piece;
    assert_ok(specifier_set_parse(str_from(clauses), &arena, &set, &err));
    while (str_next(&rest, ' ', &piece))
        assert_true(version_try(piece, &versions[count++]));
    return specifier_set_pick(&set, versions, count, pre);
}

static void pre_releases_only_when_asked_or_needed(void **state)
{
    (void)state;
    const char *list = "1.0 1.1rc1 0.9 2.0a1";
    assert_int_equal(pick("", SPECIFIER_PRE_IF_NEEDED, list), 0);
    assert_int_equal(pick("", SPECIFIER_PRE_ALLOW, list), 3);
    assert_int_equal(pick(">=1.1a1", SPECIFIER_PRE_IF_NEEDED, list), 3);
    assert_int_equal(pick(">1.0", SPECIFIER_PRE_IF_NEEDED, list), 3);
    assert_int_equal(pick(">1.0", SPECIFIER_PRE_NEVER, list), 4);
    assert_int_equal(pick(">3", SPECIFIER_PRE_ALLOW, list), 4);
    assert_int_equal(pick("!=1.1rc1", SPECIFIER_PRE_IF_NEEDED, list), 0);
}

static void pins(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool pins, names_pre;
    } rows[] = {{"==1.0", true, false},   {"==1.0.*", false, false}, {"===1.0rc1", true, true},
                {">=1.0a1", false, true}, {"!=1.0a1", false, false}, {"<2,==1.0", true, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct err err = {0};
        struct specifier_set set;
        assert_ok(specifier_set_parse(str_from(rows[i].text), &arena, &set, &err));
        assert_int_equal(specifier_set_pins(&set), rows[i].pins);
        assert_int_equal(specifier_set_names_pre(&set), rows[i].names_pre);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specifiers_as_the_standard_says),
        cmocka_unit_test(pre_releases_only_when_asked_or_needed),
        cmocka_unit_test(pins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
