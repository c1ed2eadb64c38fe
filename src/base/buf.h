/*
 * A growable byte buffer on the heap, for output whose size is not known and
 * for reuse across many records. A zeroed struct is empty; buf_free (or
 * BUF_AUTO) releases it. ptr[len] is always NUL once something was written.
 */
#ifndef REFINERY_BASE_BUF_H
#define REFINERY_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct buf {
    char *ptr;
    size_t len, cap;
};

#define BUF_AUTO __attribute__((cleanup(buf_free)))

void buf_add(struct buf *buf, struct str s);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *buf_space(struct buf *buf, size_t room); /* where to write; add to len what was used */
struct str buf_str(const struct buf *buf);     /* borrowed until the next change */
void buf_clear(struct buf *buf);
void buf_free(struct buf *buf);

#endif
