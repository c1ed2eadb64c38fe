#include "base/library.h"

#include <string.h>
#include <unistd.h>

#include "unit.h"

static void test_slots_are_filled(void **state)
{
    (void)state;
    __typeof__(getpid) *pid = NULL;
    const struct library_symbol symbols[] = {{"getpid", &pid}};
    struct library library = {.file = "libc.so.6", .symbols = symbols, .count = 1};
    const char *why = NULL;
    assert_true(library_load(&library, &why));
    assert_int_equal(pid(), getpid());
    assert_true(library_load(&library, &why));
    assert_null(why);
}

static void test_what_is_missing_is_said(void **state)
{
    (void)state;
    void *slot = NULL;
    const struct library_symbol symbols[] = {{"no_such_function", &slot}};
    struct library nowhere = {.file = "libnowhere.so.7", .symbols = symbols, .count = 1};
    struct library without = {.file = "libc.so.6", .symbols = symbols, .count = 1};
    const char *why = NULL;
    assert_false(library_load(&nowhere, &why));
    assert_non_null(strstr(why, "libnowhere.so.7"));
    assert_false(library_load(&without, &why));
    assert_non_null(strstr(why, "no_such_function"));
    assert_null(slot);
    /* Half a library is none. */
    assert_false(library_load(&without, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_are_filled),
        cmocka_unit_test(test_what_is_missing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
