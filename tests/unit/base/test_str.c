#include "unit.h"

static void cut_and_iterate(void **state)
{
    (void)state;
    struct str rest = STR("a,,b"), piece;
    const char *expected[] = {"a", "", "b"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_next(&rest, ',', &piece));
        assert_str(piece, expected[i]);
    }
    assert_false(str_next(&rest, ',', &piece));
}

static void lines_accept_both_endings(void **state)
{
    (void)state;
    struct str rest = STR("one\r\n\ntwo"), line;
    const char *expected[] = {"one", "", "two"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_next_line(&rest, &line));
        assert_str(line, expected[i]);
    }
    assert_false(str_next_line(&rest, &line));
}

static void numbers_refuse_signs_and_overflow(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_true(str_to_u64(STR("18446744073709551615"), &value));
    assert_int_equal(value, UINT64_MAX);
    assert_false(str_to_u64(STR("18446744073709551616"), &value));
    assert_false(str_to_u64(STR("-1"), &value));
    assert_false(str_to_u64(STR(""), &value));
}

static void order_is_bytewise(void **state)
{
    (void)state;
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_int_equal(str_cmp(STR(""), STR("")), 0);
}

static void find_in_empty(void **state)
{
    (void)state;
    struct str none = {NULL, 0};
    assert_int_equal(str_find(none, STR("x")), 0);
    assert_int_equal(str_find_char(none, 'x'), 0);
    assert_true(str_eq(none, STR("")));
    assert_str(str_trim(STR(" \t x y\n")), "x y");
}

/* Under the undefined-behaviour sanitizer: the empty slice has no pointer to add to. */
static void test_slices_of_nothing(void **state)
{
    struct str none = {NULL, 0};
    (void)state;
    assert_null(str_slice(none, 0, 0).ptr);
    assert_null(str_from_pos(none, 3).ptr);
    assert_int_equal(str_trim(none).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_of_nothing),
        cmocka_unit_test(cut_and_iterate),
        cmocka_unit_test(lines_accept_both_endings),
        cmocka_unit_test(numbers_refuse_signs_and_overflow),
        cmocka_unit_test(order_is_bytewise),
        cmocka_unit_test(find_in_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
