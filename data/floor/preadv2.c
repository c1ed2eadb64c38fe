/* 2.26. On 64-bit machines the offset is one register, the upper half is not looked at. */
#include "floor.h"

#include <sys/syscall.h>

struct iovec;
extern long syscall(long number, ...);

HIDDEN long preadv2(int fd, const struct iovec *parts, int count, long offset, int flags)
{
    return syscall(SYS_preadv2, fd, parts, count, offset, 0L, flags);
}
HIDDEN long pwritev2(int fd, const struct iovec *parts, int count, long offset, int flags)
{
    return syscall(SYS_pwritev2, fd, parts, count, offset, 0L, flags);
}
HIDDEN long preadv64v2(int fd, const struct iovec *parts, int count, long offset, int flags)
    __attribute__((alias("preadv2")));
HIDDEN long pwritev64v2(int fd, const struct iovec *parts, int count, long offset, int flags)
    __attribute__((alias("pwritev2")));
