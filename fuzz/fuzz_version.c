/*
 * A version that parses has a normal form that parses to an equal version and is stable; the order
 * is total: the same both ways, as the walk over the text says, and transitive.
 */
#include "pkg/version.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena ARENA_AUTO = {0};
    struct str text = str_of(data, size), left, right, third;
    struct version a, b, c, again;
    struct err err = {0};
    str_cut(text, '\n', &left, &right);
    str_cut(right, '\n', &right, &third);
    if (!version_parse(left, &a, &err))
        return 0;
    struct str normal = version_normal(&a, &arena);
    if (!version_try(normal, &again) || version_cmp(&a, &again) != 0 ||
        !str_eq(version_normal(&again, &arena), normal))
        abort();
    if (version_try(right, &b)) {
        int order = version_cmp(&a, &b), back = version_cmp(&b, &a);
        if ((order > 0) != (back < 0) || (order == 0) != (back == 0))
            abort();
        /* The key alone must agree with the walk over the text. */
        struct version slow_a = a, slow_b = b;
        slow_a.exact = slow_b.exact = false;
        slow_a.high = slow_b.high = slow_a.low = slow_b.low = 0;
        int slow = version_cmp(&slow_a, &slow_b);
        if ((order > 0) != (slow > 0) || (order < 0) != (slow < 0))
            abort();
        if (version_try(third, &c) && order <= 0 && version_cmp(&b, &c) <= 0 &&
            version_cmp(&a, &c) > 0)
            abort();
    }
    return 0;
}
