#include "base/buf.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BUF_FIRST = 64 };

char *buf_space(struct buf *buf, size_t room)
{
    size_t need = buf->len + room + 1;
    if (need > buf->cap) {
        size_t larger = buf->cap ? buf->cap * 2 : BUF_FIRST;
        buf->cap = need > larger ? need : larger;
        buf->ptr = mem_resize(buf->ptr, buf->cap);
    }
    return buf->ptr + buf->len;
}

void buf_add(struct buf *buf, struct str s)
{
    char *end = buf_space(buf, s.len);
    if (s.len)
        memcpy(end, s.ptr, s.len);
    buf->len += s.len;
    buf->ptr[buf->len] = '\0';
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, str_of(&c, 1));
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t room = buf->ptr ? buf->cap - buf->len : 0;
    int len = vsnprintf(buf->ptr ? buf->ptr + buf->len : NULL, room, fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len >= room)
        vsnprintf(buf_space(buf, (size_t)len), (size_t)len + 1, fmt, again);
    if (len >= 0)
        buf->len += (size_t)len;
    va_end(again);
}

struct str buf_str(const struct buf *buf)
{
    return str_of(buf->ptr ? buf->ptr : "", buf->len);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->ptr)
        buf->ptr[0] = '\0';
}

void buf_free(struct buf *buf)
{
    mem_free(buf->ptr);
    *buf = (struct buf){0};
}
