#include "pkg/filename.h"
#include "table.h"

static struct str read_wheel(struct str file, struct arena *arena, struct err *err)
{
    struct wheel_name w;
    if (!filename_parse_wheel(file, arena, &w, err))
        return (struct str){0};
    struct str build = w.has_build ? arena_printf(arena, "%llu%.*s ", (unsigned long long)w.build,
                                                  STR_ARG(w.build_suffix))
                                   : STR("");
    return arena_printf(arena, "%.*s %.*s %.*s%.*s %.*s %.*s", STR_ARG(w.name),
                        STR_ARG(version_normal(&w.version, arena)), STR_ARG(build),
                        STR_ARG(w.python), STR_ARG(w.abi), STR_ARG(w.platform));
}

static struct str read_sdist(struct str file, struct str project, struct arena *arena,
                             struct err *err)
{
    struct sdist_name s;
    if (!filename_parse_sdist(file, project, arena, &s, err))
        return (struct str){0};
    return arena_printf(arena, "%.*s %.*s", STR_ARG(s.name),
                        STR_ARG(version_normal(&s.version, arena)));
}

static void check_row(struct str line, struct arena *arena)
{
    struct str project = STR(""), file, expected = STR(""), rest = line;
    struct err err = {0};
    bool refused = line.ptr[0] == '!';
    if (refused)
        rest = str_from_pos(line, 1);
    if (!table_cut(rest, STR(": "), &project, &rest)) {
        rest = project;
        project = STR("");
    }
    table_cut(rest, STR(" -> "), &file, &expected);
    bool wheel = filename_kind(file) == FILENAME_WHEEL;
    struct str got = wheel ? read_wheel(file, arena, &err) : read_sdist(file, project, arena, &err);
    if (refused ? got.ptr != NULL : !str_eq(got, expected))
        table_fail(line, "read as \"%.*s\" %s", STR_ARG(got), err.text);
    if (refused)
        assert_true(err.code == ERR_FORMAT);
}

static void file_names_as_the_standards_say(void **state)
{
    (void)state;
    table_each("filenames.tsv", 30, check_row);
}

static void builds_have_an_order(void **state)
{
    (void)state;
    const char *names[] = {"a-1-py3-none-any.whl", "a-1-1-py3-none-any.whl",
                           "a-1-2-py3-none-any.whl", "a-1-2a-py3-none-any.whl",
                           "a-1-10-py3-none-any.whl"};
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    struct wheel_name w[5];
    for (size_t i = 0; i < 5; i++)
        assert_ok(filename_parse_wheel(str_from(names[i]), &arena, &w[i], &err));
    for (size_t i = 0; i + 1 < 5; i++)
        assert_true(filename_cmp_build(&w[i], &w[i + 1]) < 0);
}

static void check_name(struct str line, struct arena *arena)
{
    struct str text, normal;
    if (line.ptr[0] == '!') {
        if (name_is_valid(str_from_pos(line, 1)))
            table_fail(line, "accepted");
        return;
    }
    table_cut(line, STR(" -> "), &text, &normal);
    struct str got = name_normal(text, arena);
    if (!name_is_valid(text) || !str_eq(got, normal) || !name_eq(text, normal) ||
        !name_is_normal(normal))
        table_fail(line, "normal form is %.*s", STR_ARG(got));
}

static void names_as_the_standard_says(void **state)
{
    (void)state;
    table_each("names.tsv", 15, check_name);
    struct arena arena ARENA_AUTO = {0};
    assert_str(name_escaped(STR("Foo.-bar"), &arena), "foo_bar");
    assert_false(name_eq(STR("foo-"), STR("foo")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_names_as_the_standards_say),
        cmocka_unit_test(builds_have_an_order),
        cmocka_unit_test(names_as_the_standard_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
