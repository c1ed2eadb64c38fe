/* 2.25 */
#include "floor.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

extern long syscall(long number, ...);

HIDDEN long getrandom(void *to, size_t size, unsigned flags)
{
    return syscall(SYS_getrandom, to, size, flags);
}

HIDDEN int getentropy(void *to, size_t size)
{
    char *at = to;
    if (size > 256) {
        errno = EIO;
        return -1;
    }
    while (size > 0) {
        long got = syscall(SYS_getrandom, at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        at += got;
        size -= (size_t)got;
    }
    return 0;
}
