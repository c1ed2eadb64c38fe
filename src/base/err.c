#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    err->code = code;
    err->line = err->position = 0;
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return false;
}

bool err_errno(struct err *err, const char *fmt, ...)
{
    int number = errno;
    char reason[128];
    va_list args;
    va_start(args, fmt);
    err->code = number == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM;
    err->line = err->position = 0;
    int used = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->text)
        snprintf(err->text + used, sizeof err->text - (size_t)used, ": %s%s",
                 strerror_r(number, reason, sizeof reason),
                 number == ENOSPC || number == EDQUOT
                     ? " (the disk is full: make room and run again)"
                     : "");
    return false;
}

bool err_set_at(struct err *err, enum err_code code, size_t line, size_t position, const char *fmt,
                ...)
{
    va_list args;
    va_start(args, fmt);
    err->code = code;
    err->line = line;
    err->position = position;
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
    char inner[sizeof err->text];
    memcpy(inner, err->text, sizeof inner);
    va_list args;
    va_start(args, fmt);
    int used = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->text)
        snprintf(err->text + used, sizeof err->text - (size_t)used, ": %s", inner);
    return false;
}
