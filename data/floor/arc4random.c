/* 2.36. Random numbers from the kernel; a system that has none cannot go on. */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void abort(void);

/* Kernels before 3.17 have only the device. */
static long from_device(void *to, size_t size)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    long got = fd < 0 ? -1 : read(fd, to, size);
    if (fd >= 0)
        close(fd);
    return got;
}

HIDDEN void arc4random_buf(void *to, size_t size)
{
    char *at = to;
    while (size > 0) {
        long got = syscall(SYS_getrandom, at, size, 0);
        if (got < 0 && errno == ENOSYS)
            got = from_device(at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        at += got;
        size -= (size_t)got;
    }
}

HIDDEN unsigned arc4random(void)
{
    unsigned value;
    arc4random_buf(&value, sizeof value);
    return value;
}

/* Each of [0, bound) equally likely: values of the incomplete last round are drawn again. */
HIDDEN unsigned arc4random_uniform(unsigned bound)
{
    unsigned value, uneven;
    if (bound < 2)
        return 0;
    uneven = (0u - bound) % bound;
    do
        value = arc4random();
    while (value < uneven);
    return value % bound;
}
