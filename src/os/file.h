/*
 * Files and directories. Paths are NUL-terminated and relative to `dirfd`
 * (AT_FDCWD for the current directory). State is written beside, synced and
 * renamed, so that a reader sees the old or the new bytes and a power cut keeps
 * one of them.
 */
#ifndef REFINERY_OS_FILE_H
#define REFINERY_OS_FILE_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"

/* The whole file, NUL-terminated behind its length; more than `limit` bytes is ERR_LIMIT. */
CHECKED bool file_read(int dirfd, const char *path, size_t limit, struct arena *arena,
                       struct str *bytes, struct err *err);
/* Bytes from `at` on, as many as there are up to `room`. */
CHECKED bool file_read_at(int fd, const char *what, int64_t at, void *to, size_t room, size_t *len,
                          struct err *err);
CHECKED bool file_read_fd(int fd, const char *what, size_t limit, struct arena *arena,
                          struct str *bytes, struct err *err);

/*
 * The whole file mapped for reading until file_unmap: nothing is copied, and what is not looked at
 * is not read. Only for files that are replaced by renaming: one that is cut short under the map
 * kills the reader.
 */
CHECKED bool file_map(int dirfd, const char *path, size_t limit, struct str *bytes,
                      struct err *err);
void file_unmap(struct str bytes);

/* Write beside, fsync, rename, fsync of the directory; into what is there when it is no file. */
CHECKED bool file_write(int dirfd, const char *path, mode_t mode, struct str bytes,
                        struct err *err);

/* Without the syncs, for a cache whose files have checksums: a power cut may leave half a file. */
CHECKED bool file_write_unsynced(int dirfd, const char *path, mode_t mode, struct str bytes,
                                 struct err *err);

/* All bytes, however many calls it takes. */
CHECKED bool file_write_all(int fd, const char *what, struct str bytes, struct err *err);

/* The directory and its parents; existing ones are fine. */
CHECKED bool file_mkdirs(int dirfd, const char *path, mode_t mode, struct err *err);

/* The file or the whole tree, without following links; absent is fine. */
CHECKED bool file_remove_tree(int dirfd, const char *path, struct err *err);

/* Copies bytes and mode (reflink where the file system can); replaces dst atomically. */
CHECKED bool file_copy(int src_dirfd, const char *src, int dst_dirfd, const char *dst,
                       struct err *err);

/* What is left to read of `from`, appended to `to`, blocks shared where the file system can. */
CHECKED bool file_copy_bytes(int from, int to, const char *what, struct err *err);

/* fsync of a directory after names in it changed. */
CHECKED bool file_sync_dir(int dirfd, const char *path, struct err *err);

/* A fresh private directory below `parent`: "<parent>/<prefix>XXXXXX". */
CHECKED bool file_make_temp_dir(const char *parent, const char *prefix, struct arena *arena,
                                struct str *path, struct err *err);

/* An exclusive lock on a file made for it, held until the descriptor closes. ERR_CONFLICT when
 * held. */
CHECKED bool file_lock(int dirfd, const char *path, bool wait, int *fd, struct err *err);

/* Calls `visit` for each name in the directory except . and .., sorted bytewise. */
typedef bool file_visit_fn(void *state, int dirfd, struct str name, struct err *err);
CHECKED bool file_each(int dirfd, const char *path, file_visit_fn *visit, void *state,
                       struct err *err);

/* True for a relative path without empty, "." or ".." parts: safe to join under a directory. */
bool file_path_is_safe(struct str path);

/* The path as it is seen from any directory: what is relative is below the working directory. */
CHECKED bool file_absolute(struct str path, struct arena *arena, struct str *absolute,
                           struct err *err);

/* "a/b" joined with one slash; NUL-terminated. */
struct str file_join(struct arena *arena, struct str dir, struct str name);

#endif
