/*
 * Text as a sequence of independent zstd frames with a table of their sizes at the end
 * (the zstd seekable format 0.1.0: RFC 8878 frames, the table in a skippable frame), so
 * that a range costs only the frames it touches. `zstd -d` reads the whole.
 */
#ifndef REFINERY_STORE_SEEKABLE_H
#define REFINERY_STORE_SEEKABLE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

enum { SEEKABLE_FRAME = 256 << 10 }; /* bytes of text in each frame but the last */

/* Compresses what is left to read of `from` into `to`; both by name in errors. */
CHECKED bool seekable_write(int from, int to, const char *what, int64_t *text_bytes,
                            struct digest *digest, struct err *err);

struct seekable_frame {
    int64_t file_at, text_at;
    int64_t file_len, text_len;
};

struct seekable {
    int fd; /* borrowed */
    const char *what;
    struct seekable_frame *frames;
    size_t frame_count;
    int64_t text_bytes;
};

/* Reads and checks the table. ERR_FORMAT when the file is not of this form. */
CHECKED bool seekable_open(int fd, const char *what, struct arena *arena, struct seekable *file,
                           struct err *err);
/* Text of [from, from + count), clamped to what there is. */
CHECKED bool seekable_read(const struct seekable *file, int64_t from, int64_t count,
                           struct arena *arena, struct str *text, struct err *err);

#endif
