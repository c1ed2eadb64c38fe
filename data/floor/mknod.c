/* 2.33, like stat. */
#include "floor.h"

extern int __xmknod(int version, const char *path, unsigned mode, unsigned long *device);
extern int __xmknodat(int version, int dirfd, const char *path, unsigned mode,
                      unsigned long *device);

HIDDEN int mknod(const char *path, unsigned mode, unsigned long device)
{
    return __xmknod(0, path, mode, &device);
}
HIDDEN int mknodat(int dirfd, const char *path, unsigned mode, unsigned long device)
{
    return __xmknodat(0, dirfd, path, mode, &device);
}
