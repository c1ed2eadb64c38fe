/* 2.38: scanf with C23 rules ("%b") becomes the C99 one. */
#include "floor.h"

#include <stdarg.h>

typedef struct _IO_FILE FILE;
extern int __isoc99_vscanf(const char *format, va_list args);
extern int __isoc99_vfscanf(FILE *file, const char *format, va_list args);
extern int __isoc99_vsscanf(const char *text, const char *format, va_list args);

HIDDEN int __isoc23_vscanf(const char *format, va_list args)
{
    return __isoc99_vscanf(format, args);
}
HIDDEN int __isoc23_vfscanf(FILE *file, const char *format, va_list args)
{
    return __isoc99_vfscanf(file, format, args);
}
HIDDEN int __isoc23_vsscanf(const char *text, const char *format, va_list args)
{
    return __isoc99_vsscanf(text, format, args);
}
HIDDEN int __isoc23_scanf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int count = __isoc99_vscanf(format, args);
    va_end(args);
    return count;
}
HIDDEN int __isoc23_fscanf(FILE *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int count = __isoc99_vfscanf(file, format, args);
    va_end(args);
    return count;
}
HIDDEN int __isoc23_sscanf(const char *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int count = __isoc99_vsscanf(text, format, args);
    va_end(args);
    return count;
}
