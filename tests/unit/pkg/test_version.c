#include "pkg/version.h"
#include "table.h"

static struct version must(struct str line, struct str text)
{
    struct version v = {0};
    struct err err = {0};
    if (!version_parse(text, &v, &err))
        table_fail(line, "%s", err.text);
    return v;
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void check_ascending(struct str line)
{
    struct version v[64];
    size_t count = 0;
    for (struct str rest = line, left; rest.len && count < 64;) {
        table_cut(rest, STR(" < "), &left, &rest);
        v[count++] = must(line, left);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            int expected = (i > k) - (i < k);
            if (sign(version_cmp(&v[i], &v[k])) != expected)
                table_fail(line, "%.*s against %.*s is not %d", STR_ARG(v[i].text),
                           STR_ARG(v[k].text), expected);
        }
}

static void check_row(struct str line, struct arena *arena)
{
    struct str left, right;
    struct err err = {0};
    struct version v;
    if (line.ptr[0] == '!') {
        if (version_parse(str_from_pos(line, 1), &v, &err))
            table_fail(line, "accepted");
        assert_int_equal(err.code, ERR_FORMAT);
    } else if (table_cut(line, STR(" -> "), &left, &right)) {
        v = must(line, left);
        struct str normal = version_normal(&v, arena);
        if (!str_eq(normal, right))
            table_fail(line, "normal form is %.*s", STR_ARG(normal));
        struct version again = must(line, normal);
        assert_int_equal(version_cmp(&v, &again), 0);
    } else if (table_cut(line, STR(" = "), &left, &right)) {
        struct version a = must(line, left), b = must(line, right);
        if (version_cmp(&a, &b) || version_cmp(&b, &a))
            table_fail(line, "not equal");
    } else {
        check_ascending(line);
    }
}

static void versions_as_the_standard_says(void **state)
{
    (void)state;
    table_each("versions.tsv", 80, check_row);
}

static void positions_count_from_one(void **state)
{
    (void)state;
    struct err err = {0};
    struct version v;
    assert_false(version_parse(STR(" 1.0.x"), &v, &err));
    assert_string_equal(err.text, "\" 1.0.x\" is not a version (PEP 440): position 5");
}

static void a_huge_text_is_refused(void **state)
{
    (void)state;
    static char text[1 << 20];
    struct err err = {0};
    struct version v;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? '.' : '1';
    assert_false(version_parse(str_of(text, sizeof text), &v, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_true(version_parse(str_of(text, 4095), &v, &err));
    assert_int_equal(version_release_count(&v), 2048);
}

static void parts(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct version a = must(STR(""), STR("1!2.0.3a1.dev4")), b = must(STR(""), STR("1!2"));
    assert_true(version_is_pre(&a));
    assert_false(version_is_pre(&b));
    assert_true(version_same_release(&a, &b, 2));
    assert_false(version_same_release(&a, &b, 3));
    assert_str(version_base(&a, &arena), "1!2.0.3");
    struct version local = must(STR(""), STR("1!2+x"));
    assert_int_equal(version_cmp_public(&local, &b), 0);
    assert_true(version_cmp(&local, &b) > 0);
    assert_true(sizeof(struct version) <= 72);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_as_the_standard_says),
        cmocka_unit_test(positions_count_from_one),
        cmocka_unit_test(a_huge_text_is_refused),
        cmocka_unit_test(parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
