#include "unit.h"

#include <string.h>

#include <math.h>

#include "pkg/toml.h"

static const struct toml *parse(const char *text, struct arena *arena)
{
    struct err err = {0};
    const struct toml *root = NULL;
    if (!toml_parse(str_from(text), "t", arena, &root, &err))
        fail_msg("%s", err.text);
    return root;
}

static void values_of_every_kind(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const struct toml *t =
        parse("s = \"a\\u00e9\\n\"\nl = 'C:\\x'\nm = \"\"\"\nx \\\n   y\"\"\"\"\n"
              "i = -1_000\nh = 0xFF\nmin = -9223372036854775808\n"
              "f = 1_0.5e-1\nn = -nan\ninf = +inf\nb = true\n"
              "d = 1979-05-27T07:32:00.5-07:00\nld = 1979-05-27 07:32:00\n"
              "date = 2000-02-29\ntime = 23:59:60\n"
              "a = [1, [\"x\",], # c\n {k.l = 2}]\n\"quoted key\" = 1\n",
              &arena);
    assert_str(toml_path(t, "s")->string, "a\xc3\xa9\n");
    assert_str(toml_path(t, "l")->string, "C:\\x");
    assert_str(toml_path(t, "m")->string, "x y\"");
    assert_int_equal(toml_path(t, "i")->integer, -1000);
    assert_int_equal(toml_path(t, "h")->integer, 255);
    assert_true(toml_path(t, "min")->integer == INT64_MIN);
    assert_true(toml_path(t, "f")->number == 1.05);
    assert_true(isnan(toml_path(t, "n")->number));
    assert_true(isinf(toml_path(t, "inf")->number));
    assert_true(toml_path(t, "b")->boolean);
    assert_int_equal(toml_path(t, "d")->kind, TOML_OFFSET_DATETIME);
    assert_int_equal(toml_path(t, "d")->time.offset_minutes, -420);
    assert_int_equal(toml_path(t, "d")->time.nanosecond, 500000000);
    assert_int_equal(toml_path(t, "ld")->kind, TOML_LOCAL_DATETIME);
    assert_int_equal(toml_path(t, "date")->kind, TOML_LOCAL_DATE);
    assert_int_equal(toml_path(t, "time")->time.second, 60);
    const struct toml *a = toml_path(t, "a");
    assert_int_equal(a->array.len, 3);
    assert_int_equal(toml_path(a->array.at[2], "k.l")->integer, 2);
    assert_non_null(toml_get(t, STR("quoted key")));
}

static void tables_nest(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const struct toml *t = parse("[a.b.c]\nx=1\n[a]\ny=2\n[[p]]\nn=1\n[p.q]\nz=1\n[[p]]\nn=2\n"
                                 "[fruit]\napple.color=1\n[fruit.apple.taste]\nsweet=true\n",
                                 &arena);
    assert_int_equal(toml_path(t, "a.b.c.x")->integer, 1);
    assert_int_equal(toml_path(t, "a.y")->integer, 2);
    const struct toml *p = toml_path(t, "p");
    assert_int_equal(p->array.len, 2);
    assert_int_equal(toml_path(p->array.at[0], "q.z")->integer, 1);
    assert_int_equal(toml_path(p->array.at[1], "n")->integer, 2);
    assert_true(toml_path(t, "fruit.apple.taste.sweet")->boolean);
}

static void errors_name_line_and_column(void **state)
{
    (void)state;
    const struct {
        struct str text;
        const char *says;
    } cases[] = {
        {STR("a = 1\na = 2\n"), "t:2:1: \"a\" is already defined"},
        {STR("a = 1\nbé = 2\n"), "t:2:2: "},
        {STR("a = \"x\n"), "t:1:7: a string is not closed"},
        {STR("a = 01\n"), "t:1:5: \"01\" is no value"},
        {STR("a = 1__0\n"), "no value"},
        {STR("a = 9223372036854775808\n"), "does not fit"},
        {STR("a = 2001-02-29\n"), "no value"},
        {STR("a = [1 2]\n"), "\"]\" is expected"},
        {STR("a = {x = 1,}\n"), "a key is expected"},
        {STR("[a]\n[a]\n"), "t:2:1: \"a\" is already defined"},
        {STR("a = {}\n[a.b]\n"), "\"a\" is already defined"},
        {STR("[a.b.c]\n[a]\nb.c.d = 1\n"), "already defined"},
        {STR("a = \"\\q\"\n"), "unknown escape"},
        {STR("a = \"\\ud800\"\n"), "no character"},
        {STR("a = 1 b = 2\n"), "end of the line"},
        {STR("a = \x01\n"), "control character 0x01"},
        {STR("a = \"\xff\"\n"), "t:1:6: not UTF-8"},
        {STR("a = 1\rb = 2"), "control character 0x0d"},
        {STR("a"), "\"=\" is expected"},
        {STR("[[a]"), "]] is expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        const struct toml *root;
        assert_false(toml_parse(cases[i].text, "t", &arena, &root, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %zu: \"%s\" has no \"%s\"", i, err.text, cases[i].says);
    }
}

static void depth_is_limited(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    const struct toml *root;
    char text[4 + 100000];
    memcpy(text, "a = ", 4);
    memset(text + 4, '[', sizeof text - 4);
    assert_false(toml_parse(str_of(text, sizeof text), "t", &arena, &root, &err));
    assert_non_null(strstr(err.text, "deeper than"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_kind),
        cmocka_unit_test(tables_nest),
        cmocka_unit_test(errors_name_line_and_column),
        cmocka_unit_test(depth_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
