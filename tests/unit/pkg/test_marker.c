#include "pkg/marker.h"
#include "table.h"

static void check_row(struct str line, struct arena *arena)
{
    struct marker_env env = marker_env_linux(STR("3.11.2"), STR("s390x"));
    struct str extra = STR("fast-io");
    struct marker_wants wants = {.extra = extra, .extras = &extra, .extras_len = 1};
    struct err err = {0};
    const struct marker *marker;
    bool wanted = line.ptr[0] == 'x';
    char sign = line.ptr[wanted ? 1 : 0];
    struct str text = str_from_pos(line, wanted ? 2 : 1);
    if (sign == '!') {
        if (marker_parse(text, arena, &marker, &err))
            table_fail(line, "accepted");
        assert_int_equal(err.code, ERR_FORMAT);
        assert_true(str_find(str_from(err.text), STR("position")) < str_from(err.text).len);
        return;
    }
    if (!marker_parse(text, arena, &marker, &err))
        table_fail(line, "%s", err.text);
    bool holds = marker_holds(marker, &env, wanted ? &wants : NULL);
    if (holds != (sign == '+'))
        table_fail(line, "%s", holds ? "holds" : "does not hold");
    BUF_AUTO struct buf once = {0}, twice = {0};
    marker_write(marker, &once);
    if (!marker_parse(buf_str(&once), arena, &marker, &err))
        table_fail(line, "%s: %s", once.ptr, err.text);
    marker_write(marker, &twice);
    assert_string_equal(once.ptr, twice.ptr);
    assert_int_equal(marker_holds(marker, &env, wanted ? &wants : NULL), holds);
}

static void markers_as_the_standard_says(void **state)
{
    (void)state;
    table_each("markers.tsv", 80, check_row);
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    static char text[60000];
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    const struct marker *marker;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = '(';
    assert_false(marker_parse(str_of(text, sizeof text), &arena, &marker, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void a_long_list_is_no_depth(void **state)
{
    (void)state;
    BUF_AUTO struct buf text = {0};
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    const struct marker *marker;
    buf_add(&text, STR("os_name == 'x'"));
    while (text.len < 60000)
        buf_add(&text, STR(" or os_name == 'x'"));
    assert_ok(marker_parse(buf_str(&text), &arena, &marker, &err));
    struct marker_env env = marker_env_linux(STR("3.11.2"), STR("s390x"));
    assert_false(marker_holds(marker, &env, NULL));
}

static void environment_of_a_target(void **state)
{
    (void)state;
    struct marker_env env = marker_env_linux(STR("3.13.0"), STR("s390x"));
    assert_str(env.text[MARKER_PYTHON_VERSION], "3.13");
    assert_str(env.text[MARKER_PYTHON_FULL_VERSION], "3.13.0");
    assert_str(env.text[MARKER_PLATFORM_MACHINE], "s390x");
    assert_true(marker_holds(NULL, &env, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markers_as_the_standard_says),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(a_long_list_is_no_depth),
        cmocka_unit_test(environment_of_a_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
