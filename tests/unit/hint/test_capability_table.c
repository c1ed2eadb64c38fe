#include "unit.h"

#include "base/arena.h"
#include "hint/capability_table.h"

static void test_numbers(void **state)
{
    static const uint32_t values[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX - 1, UINT32_MAX};
    BUF_AUTO struct buf bytes = {0};
    uint32_t value;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        capability_table_put_number(&bytes, values[i]);
    struct str rest = buf_str(&bytes);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_true(capability_table_number(&rest, &value));
        assert_int_equal(value, values[i]);
    }
    assert_int_equal(rest.len, 0);
    assert_false(capability_table_number(&rest, &value));
    rest = STR("\xff\xff\xff\xff\x1f"); /* 33 bits */
    assert_false(capability_table_number(&rest, &value));
    rest = STR("\x80\x80\x80\x80\x80\x00");
    assert_false(capability_table_number(&rest, &value));
    rest = STR("\x80");
    assert_false(capability_table_number(&rest, &value));
}

/* Names of a few lengths with long common beginnings: "n00000", "n00000x", ... */
static struct str table_name(struct arena *arena, unsigned number)
{
    return arena_printf(arena, "n%05u%s", number / 2, number % 2 ? "x" : "");
}

static void test_every_string(void **state)
{
    enum { COUNT = 1000 };
    ARENA_AUTO struct arena arena = {0};
    struct capability_table_text text = {0};
    static struct capability_cursor cursor;
    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        capability_table_put(&text, table_name(&arena, i), arena_printf(&arena, "%u", i));
    const struct capability_table table = {buf_str(&text.index), buf_str(&text.text), text.count};
    assert_true(capability_table_is_sound(&table));
    for (unsigned i = 0; i < COUNT; i++) {
        struct str name = table_name(&arena, i), extra = arena_printf(&arena, "%u", i);
        assert_true(capability_table_seek(&table, i, &cursor));
        assert_str(capability_table_key(&cursor), name.ptr);
        assert_str(cursor.extra, extra.ptr);
        assert_true(capability_table_find(&table, name, &cursor));
        assert_str(capability_table_key(&cursor), name.ptr);
        /* What is between two strings finds the next. */
        bool more = capability_table_find(&table, arena_printf(&arena, "%s!", name.ptr), &cursor);
        assert_int_equal(more, i + 1 < COUNT);
        if (more)
            assert_str(capability_table_key(&cursor), table_name(&arena, i + 1).ptr);
    }
    assert_true(capability_table_find(&table, STR(""), &cursor));
    assert_str(capability_table_key(&cursor), "n00000");
    assert_false(capability_table_find(&table, STR("o"), &cursor));
    assert_false(capability_table_seek(&table, COUNT, &cursor));
    capability_table_free(&text);
}

static void test_bytes_that_are_no_table(void **state)
{
    static struct capability_cursor cursor;
    static const struct {
        struct str index, text;
        uint32_t count;
    } rows[] = {
        {STR_INIT("\0\0\0\0"), STR_INIT(""), 1},                /* nothing there */
        {STR_INIT("\xff\xff\xff\xff"), STR_INIT("\0\1\0a"), 1}, /* begins behind the end */
        {STR_INIT("\0\0\0\0"), STR_INIT("\1\1\0a"), 1},         /* shares with nothing */
        {STR_INIT("\0\0\0\0"), STR_INIT("\0\2\0a"), 1},         /* longer than the bytes */
        {STR_INIT("\0\0\0\0"), STR_INIT("\0\1\2a"), 1},         /* its own bytes are */
        {STR_INIT("\0\0\0\0"), STR_INIT("\0\x81\x20\0"), 1},    /* longer than any */
        {STR_INIT("\0\0\0\0"), STR_INIT("\0\1\xff\xff\xff\xff\x0f"), 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct capability_table table = {rows[i].index, rows[i].text, rows[i].count};
        assert_true(capability_table_is_sound(&table));
        assert_false(capability_table_seek(&table, 0, &cursor));
        assert_false(capability_table_find(&table, STR("a"), &cursor));
    }
    const struct capability_table none = {0}, lying = {STR("\0\0\0"), STR(""), 1},
                                  large = {STR("\0\0\0\0"), STR(""), UINT32_MAX};
    assert_false(capability_table_find(&none, STR("a"), &cursor));
    assert_false(capability_table_is_sound(&lying));
    assert_false(capability_table_is_sound(&large));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_every_string),
        cmocka_unit_test(test_bytes_that_are_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
