#include "pkg/requirement.h"
#include "table.h"

#include <string.h>

static void check_refusal(struct str line, struct arena *arena)
{
    struct str text, position;
    struct requirement req;
    struct err err = {0};
    size_t at = str_rfind_char(line, '@');
    text = str_slice(line, 1, at - 1);
    position = str_from_pos(line, at + 1);
    if (requirement_parse(text, arena, &req, &err))
        table_fail(line, "accepted");
    struct str expected = arena_printf(arena, "position %.*s", STR_ARG(position));
    struct str got = str_from(err.text);
    if (str_find(got, expected) == got.len)
        table_fail(line, "%s", err.text);
}

static void check_row(struct str line, struct arena *arena)
{
    struct str text, normal;
    struct requirement req;
    struct err err = {0};
    if (line.ptr[0] == '!') {
        check_refusal(line, arena);
        return;
    }
    table_cut(line, STR("-> "), &text, &normal);
    if (!requirement_parse(text, arena, &req, &err))
        table_fail(line, "%s", err.text);
    BUF_AUTO struct buf once = {0}, twice = {0};
    requirement_write(&req, &once);
    if (!str_eq(buf_str(&once), normal))
        table_fail(line, "normal form is %s", once.ptr);
    assert_ok(requirement_parse(buf_str(&once), arena, &req, &err));
    requirement_write(&req, &twice);
    assert_string_equal(once.ptr, twice.ptr);
}

static void requirements_as_the_standard_says(void **state)
{
    (void)state;
    table_each("requirements.tsv", 50, check_row);
}

static void failure_leaves_the_output_alone(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    struct requirement req = {.url = STR("untouched")};
    assert_false(requirement_parse(STR("name==x"), &arena, &req, &err));
    assert_str(req.url, "untouched");
    assert_string_equal(err.text, "requirement, position 5: \"==x\": not a version (PEP 440)");
}

static void a_megabyte_is_refused(void **state)
{
    (void)state;
    static char text[1 << 20];
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    struct requirement req;
    memset(text, 'a', sizeof text);
    assert_false(requirement_parse(str_of(text, sizeof text), &arena, &req, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requirements_as_the_standard_says),
        cmocka_unit_test(failure_leaves_the_output_alone),
        cmocka_unit_test(a_megabyte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
