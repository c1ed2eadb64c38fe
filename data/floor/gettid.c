/* 2.30 */
#include "floor.h"

#include <sys/syscall.h>

extern long syscall(long number, ...);

HIDDEN int gettid(void)
{
    return (int)syscall(SYS_gettid);
}
