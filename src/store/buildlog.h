/*
 * The log of one attempt: while it runs a plain file that grows by chunks at known
 * offsets (a repeated chunk is harmless, a gap is refused), afterwards sealed as zstd in
 * independent frames with a seek table (the zstd seekable format: plain `zstd -d` reads
 * it too), so that a range in the middle costs one frame. Files, below `dir`:
 *     <name>-<version>/<attempt>.log       growing
 *     <name>-<version>/<attempt>.log.zst   sealed
 * What a killed process wrote stays readable and is sealed by buildlog_recover.
 * Characters of name and version that are not safe in a path become '_'.
 */
#ifndef REFINERY_STORE_BUILDLOG_H
#define REFINERY_STORE_BUILDLOG_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

struct buildlog;

#define BUILDLOG_AUTO __attribute__((cleanup(buildlog_close)))

struct buildlog_id {
    struct str name, version;
    int64_t attempt;
};

/* `limit`: bytes it may hold at most; 0: 64 MiB. Opening one that exists goes on at its end. */
CHECKED bool buildlog_open(const char *dir, const struct buildlog_id *id, int64_t limit,
                           struct buildlog **log, struct err *err);
/*
 * Removes what is there under this id; fine when there is nothing. For a new attempt: a database
 * that was lost leaves logs, and the next one counts its attempts from 1 again.
 */
CHECKED bool buildlog_forget(const char *dir, const struct buildlog_id *id, struct err *err);
int64_t buildlog_size(const struct buildlog *log);
/*
 * Bytes at `offset`. What is there already is skipped; an offset past the end is
 * ERR_CONFLICT (send from buildlog_size), more than the limit ERR_LIMIT (what fits is kept).
 */
CHECKED bool buildlog_append(struct buildlog *log, int64_t offset, struct str chunk,
                             struct err *err);
void buildlog_close(struct buildlog **log); /* leaves it growing; NULL is fine */

struct buildlog_sealed {
    struct str path;      /* relative to dir: "<name>-<version>/<attempt>.log.zst" */
    int64_t bytes;        /* of text */
    struct digest digest; /* of the compressed file */
};
/* Compresses, syncs, renames, removes the growing file, closes. Sealing a sealed one is fine. */
CHECKED bool buildlog_seal(struct buildlog **log, struct arena *arena,
                           struct buildlog_sealed *sealed, struct err *err);
/* Seals every growing log below dir: for the start of a process that owns dir alone. */
CHECKED bool buildlog_recover(const char *dir, int64_t *sealed, struct err *err);

/*
 * Text of a growing or sealed log: up to `count` bytes from `from` (clamped), and its size
 * in bytes. ERR_NOT_FOUND when there is no such log, ERR_FORMAT when the file is damaged.
 */
CHECKED bool buildlog_read(const char *dir, const struct buildlog_id *id, int64_t from,
                           int64_t count, struct arena *arena, struct str *text, int64_t *size,
                           struct err *err);
/* The last `count` bytes, from the start of a line. */
CHECKED bool buildlog_tail(const char *dir, const struct buildlog_id *id, int64_t count,
                           struct arena *arena, struct str *text, struct err *err);

#endif
