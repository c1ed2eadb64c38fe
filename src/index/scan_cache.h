/*
 * What a scan found out about wheels and source distributions, for the next scan: one file,
 * so that 20,000 wheels are not opened again when none of them changed. An entry is taken for
 * a file of the same name, device, inode, size and times of change to the nanosecond, and
 * holds its SHA-256 and what it says about itself; what could not be read is never kept, so
 * that its complaint is made anew.
 *
 * A file that changed within the tick of its file system's clock in which it was read would
 * look unchanged: what is not older than the scan by SCAN_CACHE_TICK_NS is not kept.
 *
 * The file: "RFNSCAN" and a version, the limits that its files passed, the entries sorted by name,
 * a SHA-256 of all before it; integers little-endian. One that is cut, altered, of another version
 * or of another owner, or that others may write, is no cache: the scan reads everything and writes
 * it anew.
 */
#ifndef REFINERY_INDEX_SCAN_CACHE_H
#define REFINERY_INDEX_SCAN_CACHE_H

#include "base/buf.h"
#include "index/scan.h"

enum {
    /* Raised whenever wheel.c, sdist.c or a parser below them reads anything differently. */
    SCAN_CACHE_VERSION = 1,
    SCAN_CACHE_LIMIT = 64 << 20 /* bytes of the file */
};
#define SCAN_CACHE_TICK_NS (2 * INT64_C(1000000000)) /* of FAT, the coarsest in use */

struct scan_cache; /* immutable: threads may ask at once */

/* NULL when there is none to be trusted. It borrows from the arena, and so does what it gives. */
const struct scan_cache *scan_cache_load(const char *path, const struct scan_options *options,
                                         struct arena *arena);
/* The same from memory: the reader alone, for bytes of any origin. */
const struct scan_cache *scan_cache_read(struct str bytes, const struct scan_options *options,
                                         struct arena *arena);
size_t scan_cache_count(const struct scan_cache *cache);

/*
 * Fills in what is known of a file whose kind, name and stamp are given. False: nothing is, and the
 * file is as it was.
 */
bool scan_cache_take(const struct scan_cache *cache, struct scan_file *file, struct arena *arena);

/* What scan_cache_save writes. */
void scan_cache_write(const struct scan_options *options, const struct scan_file *files, size_t len,
                      int64_t began_ns, struct buf *out);
/*
 * Writes what a scan that began at `began_ns` read: `files` sorted by name. Atomic and not synced
 * (half a file is no cache). A larger one than SCAN_CACHE_LIMIT is not written.
 */
CHECKED bool scan_cache_save(const char *path, const struct scan_options *options,
                             const struct scan_file *files, size_t len, int64_t began_ns,
                             struct err *err);
/* Whether such an entry would be kept. */
bool scan_cache_keeps(const struct scan_file *file, int64_t began_ns);

#endif
