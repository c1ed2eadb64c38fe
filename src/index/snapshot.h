/*
 * A directory of sources as one archive: sorted, without times and owners, so that
 * equal trees have equal digests. What no build reads is left out: version control,
 * byte code, caches and virtual environments. All members lie below "source/".
 */
#ifndef REFINERY_INDEX_SNAPSHOT_H
#define REFINERY_INDEX_SNAPSHOT_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

struct snapshot_limits {
    uint64_t bytes, members;
};

extern const struct snapshot_limits snapshot_default_limits; /* 4 GiB, 200000: as for unpacking */

/*
 * Writes the archive to `fd`, an empty file. A symbolic link stays one as long as it
 * stays in `dir`; one to a file elsewhere below `boundary` (may be `dir` itself) becomes
 * that file; any other, and what is neither file, directory nor link, is ERR_FORMAT.
 */
CHECKED bool snapshot_take(const char *dir, const char *boundary,
                           const struct snapshot_limits *limits, int fd, struct err *err);

#endif
