/* Since 2.33 the headers call these by name; before, they were inline calls of __xstat. */
#include "floor.h"

#if defined(__aarch64__)
enum { VERSION = 0 };
#else
enum { VERSION = 1 };
#endif

extern int __xstat(int version, const char *path, void *result);
extern int __fxstat(int version, int fd, void *result);
extern int __lxstat(int version, const char *path, void *result);
extern int __fxstatat(int version, int dirfd, const char *path, void *result, int flags);

HIDDEN int stat(const char *path, void *result)
{
    return __xstat(VERSION, path, result);
}
HIDDEN int fstat(int fd, void *result)
{
    return __fxstat(VERSION, fd, result);
}
HIDDEN int lstat(const char *path, void *result)
{
    return __lxstat(VERSION, path, result);
}
HIDDEN int fstatat(int dirfd, const char *path, void *result, int flags)
{
    return __fxstatat(VERSION, dirfd, path, result, flags);
}

/* On 64-bit machines the large-file structure is the same. */
HIDDEN int stat64(const char *path, void *result) __attribute__((alias("stat")));
HIDDEN int fstat64(int fd, void *result) __attribute__((alias("fstat")));
HIDDEN int lstat64(const char *path, void *result) __attribute__((alias("lstat")));
HIDDEN int fstatat64(int dirfd, const char *path, void *result, int flags)
    __attribute__((alias("fstatat")));
