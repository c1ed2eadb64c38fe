/* What every unit test includes: cmocka, and one macro for calls that must succeed. */
#ifndef REFINERY_TESTS_UNIT_H
#define REFINERY_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

/* assert_ok(file_read(..., &err)): fails with the error's text. */
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        struct str actual_ = (actual), expected_ = str_from(expected);                             \
        if (!str_eq(actual_, expected_))                                                           \
            fail_msg("%s is \"%.*s\", not \"%s\"", #actual, (int)actual_.len, actual_.ptr,         \
                     expected_.ptr);                                                               \
    } while (0)

#endif
