#include "os/fd.h"

#include <errno.h>
#include <unistd.h>

void fd_close(int *fd)
{
    int kept = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = kept;
}

int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}
