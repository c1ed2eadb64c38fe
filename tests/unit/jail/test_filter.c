#include "unit.h"

#include "jail/filter.h"

/* What the two programs do is proved by the jail stage; here: they can be made at all. */
static void filters_can_be_made(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct sock_fprog filters[2] = {{0}};
    struct err err;
    assert_ok(filter_make(&arena, filters, &err));
    for (size_t i = 0; i < 2; i++) {
        assert_true(filters[i].len > 10);
        /* the last word of a program is an answer, so that it cannot run off its end */
        assert_int_equal(BPF_CLASS(filters[i].filter[filters[i].len - 1].code), BPF_RET);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(filters_can_be_made)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
