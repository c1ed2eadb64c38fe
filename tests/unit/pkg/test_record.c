#include "unit.h"

#include <string.h>

#include "pkg/record.h"

static void rows_quotes_and_digests(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct record record;
    struct digest digest, abc = digest_of(STR("abc"));
    assert_ok(record_parse(STR("a/b.py,sha256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0,3\r\n"
                               "\"a,\"\"b\"\"\",md5=xyz,\n\nx.dist-info/RECORD,,\n"),
                           &arena, &record, &err));
    assert_int_equal(record.len, 3);
    assert_str(record.rows[0].path, "a/b.py");
    assert_int_equal(record.rows[0].size, 3);
    assert_true(record_digest(&record.rows[0], &digest));
    assert_true(digest_eq(&digest, &abc));
    assert_str(record.rows[1].path, "a,\"b\"");
    assert_false(record_digest(&record.rows[1], &digest));
    assert_false(record.rows[2].has_size);
}

static void written_rows_read_back(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf out = {0};
    struct err err = {0};
    struct record record;
    struct digest one = digest_of(STR("one")), read;
    record_write_row(STR("x \"y\",z"), &one, 77, &out);
    record_write_row(STR("RECORD"), NULL, 0, &out);
    assert_ok(record_parse(buf_str(&out), &arena, &record, &err));
    assert_int_equal(record.len, 2);
    assert_str(record.rows[0].path, "x \"y\",z");
    assert_int_equal(record.rows[0].size, 77);
    assert_true(record_digest(&record.rows[0], &read));
    assert_true(digest_eq(&read, &one));
    assert_str(record.rows[1].path, "RECORD");
}

static void errors_name_the_line(void **state)
{
    (void)state;
    const char *cases[] = {"a,,1\nb,,1,2\n", "a,,1\n\"b,,\n",     "a,,1\nb,sha256,1\n",
                           "a,,\nb,,-1\n",   "a,,1\n\"b\"c,,1\n", "a,,\n,,3\n"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct record record;
        assert_false(record_parse(str_from(cases[i]), &arena, &record, &err));
        assert_non_null(strstr(err.text, "line 2"));
    }
}

/* Each quoted field once took memory for all of the text behind it. */
static void quoted_fields_cost_what_they_hold(void **state)
{
    BUF_AUTO struct buf text = {0};
    struct arena arena ARENA_AUTO = {0};
    struct record record;
    struct err err = {0};
    (void)state;
    while (text.len < 200000)
        buf_add(&text, STR("\"a\"\"b\",,\n"));
    assert_ok(record_parse(buf_str(&text), &arena, &record, &err));
    assert_str(record.rows[record.len - 1].path, "a\"b");
    assert_true(arena.bytes < 100 * text.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_quotes_and_digests),
        cmocka_unit_test(written_rows_read_back),
        cmocka_unit_test(errors_name_the_line),
        cmocka_unit_test(quoted_fields_cost_what_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
