/* 2.26 */
#include "floor.h"

#include <errno.h>
#include <stddef.h>

extern void *realloc(void *old, size_t size);

HIDDEN void *reallocarray(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, bytes);
}
