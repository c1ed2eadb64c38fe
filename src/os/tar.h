/*
 * Tar archives whose bytes depend on their members alone (pax where ustar is too
 * small): no owner, no time but 1980-01-01, modes 0644 and 0755, the order in which
 * they are added.
 */
#ifndef REFINERY_OS_TAR_H
#define REFINERY_OS_TAR_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct tar;

#define TAR_AUTO __attribute__((cleanup(tar_free)))

/* Writes to `fd`, which stays open; `what` names the archive in errors and is borrowed. */
CHECKED bool tar_open(int fd, const char *what, bool zstd, struct tar **tar, struct err *err);

/* `path` is NUL-terminated and relative. */
CHECKED bool tar_add_bytes(struct tar *tar, const char *path, struct str bytes, struct err *err);
CHECKED bool tar_add_link(struct tar *tar, const char *path, const char *target, struct err *err);
/* What is left to read of `file`, which must be `size` bytes: a file that changes is ERR_CONFLICT.
 */
CHECKED bool tar_add_fd(struct tar *tar, const char *path, int file, int64_t size, bool executable,
                        struct err *err);

/* Ends the archive. Without it, it is not whole. */
CHECKED bool tar_close(struct tar **tar, struct err *err);
void tar_free(struct tar **tar);

#endif
