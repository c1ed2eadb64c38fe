/* 2.38: the wide forms of isoc23_scanf.c. */
#include "floor.h"

#include <stdarg.h>

typedef struct _IO_FILE FILE;
typedef __WCHAR_TYPE__ wide;
extern int __isoc99_vwscanf(const wide *format, va_list args);
extern int __isoc99_vfwscanf(FILE *file, const wide *format, va_list args);
extern int __isoc99_vswscanf(const wide *text, const wide *format, va_list args);

HIDDEN int __isoc23_vwscanf(const wide *format, va_list args)
{
    return __isoc99_vwscanf(format, args);
}
HIDDEN int __isoc23_vfwscanf(FILE *file, const wide *format, va_list args)
{
    return __isoc99_vfwscanf(file, format, args);
}
HIDDEN int __isoc23_vswscanf(const wide *text, const wide *format, va_list args)
{
    return __isoc99_vswscanf(text, format, args);
}
HIDDEN int __isoc23_wscanf(const wide *format, ...)
{
    va_list args;
    va_start(args, format);
    int count = __isoc99_vwscanf(format, args);
    va_end(args);
    return count;
}
HIDDEN int __isoc23_fwscanf(FILE *file, const wide *format, ...)
{
    va_list args;
    va_start(args, format);
    int count = __isoc99_vfwscanf(file, format, args);
    va_end(args);
    return count;
}
HIDDEN int __isoc23_swscanf(const wide *text, const wide *format, ...)
{
    va_list args;
    va_start(args, format);
    int count = __isoc99_vswscanf(text, format, args);
    va_end(args);
    return count;
}
