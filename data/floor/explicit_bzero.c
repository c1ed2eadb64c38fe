/* 2.25. The compiler must believe that somebody reads the zeroes. */
#include "floor.h"

#include <stddef.h>

extern void *memset(void *to, int value, size_t size);
extern void __chk_fail(void) __attribute__((noreturn));

HIDDEN void explicit_bzero(void *to, size_t size)
{
    memset(to, 0, size);
    __asm__ __volatile__("" : : "r"(to) : "memory");
}

HIDDEN void __explicit_bzero_chk(void *to, size_t size, size_t room)
{
    if (size > room)
        __chk_fail();
    explicit_bzero(to, size);
}
