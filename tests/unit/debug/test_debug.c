/* The ops of the line protocol, each with its answer byte by byte: tests/data/pkg/protocol.tsv. */
#include "debug/debug.h"
#include "table.h"

static void check_row(struct str line, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    struct str request, answer;
    (void)arena;
    table_cut(line, STR(" => "), &request, &answer);
    debug_answer(request, &out);
    if (!str_eq(str_trim(buf_str(&out)), answer))
        table_fail(line, "%s", out.ptr);
}

static void ops_answer_as_written(void **state)
{
    (void)state;
    table_each("protocol.tsv", 60, check_row);
}

static void every_answer_is_one_line(void **state)
{
    static const char *const lines[] = {"", "\n", "[1",
                                        "{\"op\":\"name.normalize\",\"name\":\"a\\nb\"}",
                                        "{\"op\":\"version.parse\",\"version\":\"\\u0000\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        BUF_AUTO struct buf out = {0};
        debug_answer(str_from(lines[i]), &out);
        assert_int_equal(str_find_char(buf_str(&out), '\n'), out.len - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ops_answer_as_written),
        cmocka_unit_test(every_answer_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
