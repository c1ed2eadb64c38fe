/*
 * 2.26. On 64-bit machines the offset is one register, the upper half is not looked
 * at. A kernel or emulator without the call does what it can without flags.
 */
#include "floor.h"

#include <errno.h>
#include <sys/syscall.h>

struct iovec;
extern long syscall(long number, ...);
extern long preadv(int fd, const struct iovec *parts, int count, long offset);
extern long pwritev(int fd, const struct iovec *parts, int count, long offset);
extern long readv(int fd, const struct iovec *parts, int count);
extern long writev(int fd, const struct iovec *parts, int count);

HIDDEN long preadv2(int fd, const struct iovec *parts, int count, long offset, int flags)
{
    long got = syscall(SYS_preadv2, fd, parts, count, offset, 0L, flags);
    if (got >= 0 || errno != ENOSYS)
        return got;
    if (flags) {
        errno = ENOTSUP;
        return -1;
    }
    return offset == -1 ? readv(fd, parts, count) : preadv(fd, parts, count, offset);
}
HIDDEN long pwritev2(int fd, const struct iovec *parts, int count, long offset, int flags)
{
    long got = syscall(SYS_pwritev2, fd, parts, count, offset, 0L, flags);
    if (got >= 0 || errno != ENOSYS)
        return got;
    if (flags) {
        errno = ENOTSUP;
        return -1;
    }
    return offset == -1 ? writev(fd, parts, count) : pwritev(fd, parts, count, offset);
}
HIDDEN long preadv64v2(int fd, const struct iovec *parts, int count, long offset, int flags)
    __attribute__((alias("preadv2")));
HIDDEN long pwritev64v2(int fd, const struct iovec *parts, int count, long offset, int flags)
    __attribute__((alias("pwritev2")));
