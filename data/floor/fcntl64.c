/* 2.28: what fcntl becomes with _FILE_OFFSET_BITS=64. One argument of a register's size follows. */
#include "floor.h"

#include <stdarg.h>

extern int fcntl(int fd, int command, ...);

HIDDEN int fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return fcntl(fd, command, argument);
}
