/* 2.27 */
#include "floor.h"

#include <stddef.h>
#include <sys/syscall.h>

extern long syscall(long number, ...);

HIDDEN int memfd_create(const char *name, unsigned flags)
{
    return (int)syscall(SYS_memfd_create, name, flags);
}

HIDDEN long copy_file_range(int from, long *from_offset, int to, long *to_offset, size_t size,
                            unsigned flags)
{
    return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, size, flags);
}
