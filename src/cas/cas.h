/*
 * The content-addressed store: immutable blobs named by their SHA-256, and action
 * results in two levels (action key -> result record -> content digest). One
 * handle may be used by one thread at a time; any number of handles and processes
 * may work on one directory at once: two writers of one blob both succeed.
 *
 * Everything is durable when the call returns: bytes are written beside, synced
 * and renamed, and the directory is synced. A process killed at any point leaves
 * the blob absent or complete; what it staged is removed by the next cas_open.
 *
 * Layout of the directory engine below `dir`:
 *     sha256/ab/cdef...     blob, mode 0444, name is the digest
 *     results/ab/cdef...    JSON record of one action key
 *     stage/                files being written, locked by their writer
 *
 * Digests are checked while writing always, while reading where asked.
 * Errors: ERR_NOT_FOUND (absent, expected), ERR_DIGEST (bytes are not the ones
 * promised), ERR_LIMIT, ERR_SYSTEM (disk full, permissions).
 */
#ifndef REFINERY_CAS_CAS_H
#define REFINERY_CAS_CAS_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

struct cas;

#define CAS_AUTO __attribute__((cleanup(cas_close)))

/* Opens (and makes) the directory engine at `dir`, e.g. "<cache>/cas". */
CHECKED bool cas_open(const char *dir, struct cas **cas, struct err *err);
void cas_close(struct cas **cas); /* NULL is fine */

struct cas_blob {
    struct digest digest;
    int64_t size; /* bytes */
};

/*
 * Storing. `expected`, where not NULL, is the digest the bytes must have, else
 * ERR_DIGEST and nothing is stored. Storing what is there already is cheap and fine.
 */
CHECKED bool cas_put_bytes(struct cas *cas, struct str bytes, struct cas_blob *blob,
                           struct err *err);
/* What is left to read of fd; `what` names it in errors. */
CHECKED bool cas_put_fd(struct cas *cas, int fd, const char *what, const struct digest *expected,
                        struct cas_blob *blob, struct err *err);
CHECKED bool cas_put_path(struct cas *cas, int dirfd, const char *path,
                          const struct digest *expected, struct cas_blob *blob, struct err *err);

/* The same piece by piece, for downloads. After commit or abort the writer is gone. */
struct cas_writer;
CHECKED bool cas_writer_open(struct cas *cas, struct cas_writer **writer, struct err *err);
CHECKED bool cas_writer_add(struct cas_writer *writer, struct str bytes, struct err *err);
CHECKED bool cas_writer_commit(struct cas_writer **writer, const struct digest *expected,
                               struct cas_blob *blob, struct err *err);
void cas_writer_abort(struct cas_writer **writer); /* NULL is fine: usable as a cleanup */

/* Reading. CAS_VERIFY reads the whole blob first and compares: ERR_DIGEST when it rotted. */
enum cas_check { CAS_TRUST, CAS_VERIFY };

CHECKED bool cas_has(struct cas *cas, const struct digest *digest, bool *there, struct err *err);
/* A descriptor at offset 0, read-only; the caller closes it. */
CHECKED bool cas_get(struct cas *cas, const struct digest *digest, enum cas_check check, int *fd,
                     struct err *err);
/* The bytes, always verified. More than `limit` is ERR_LIMIT. */
CHECKED bool cas_read(struct cas *cas, const struct digest *digest, size_t limit,
                      struct arena *arena, struct str *bytes, struct err *err);
CHECKED bool cas_verify(struct cas *cas, const struct digest *digest, struct err *err);

/*
 * Placing a blob as a file at `path` (replaced atomically). CAS_COPY gives a file
 * of its own with `mode`, its blocks shared where the file system can (reflink).
 * CAS_LINK gives a hard link: no copy, but the inode is the store's (mode 0444,
 * never to be written through); across file systems it falls back to a copy of mode 0444.
 */
enum cas_placing { CAS_COPY, CAS_LINK };
CHECKED bool cas_place(struct cas *cas, const struct digest *digest, enum cas_placing placing,
                       int dirfd, const char *path, mode_t mode, struct err *err);

/*
 * Action results. `record` is a JSON object of the caller's (tags, sizes, names of
 * further outputs ...); `content` is the digest of the main output and must be stored
 * already. A second result for the same key replaces the first.
 */
struct cas_result {
    struct digest content;
    struct str record; /* JSON object */
};
CHECKED bool cas_result_put(struct cas *cas, const struct digest *action_key,
                            const struct cas_result *result, struct err *err);
/* ERR_NOT_FOUND when there is no result, its record is damaged or its content is gone. */
CHECKED bool cas_result_get(struct cas *cas, const struct digest *action_key, struct arena *arena,
                            struct cas_result *result, struct err *err);

/* Upkeep: every blob, in order of digest; removal of one (absent is fine). */
typedef bool cas_visit_fn(void *state, const struct cas_blob *blob, struct err *err);
CHECKED bool cas_each(struct cas *cas, cas_visit_fn *visit, void *state, struct err *err);
CHECKED bool cas_remove(struct cas *cas, const struct digest *digest, struct err *err);

#endif
