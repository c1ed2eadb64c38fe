/*
 * Everything in a directory of inputs: wheels, source distributions,
 * requirements and constraints files. A file that is broken or lies gets one
 * complaint and the others go on. Small wheels are read at once and digested from
 * memory; of large ones the central directory and one small inflate, and a digest
 * only when asked for or when two files claim to be the same one. What an earlier scan
 * found out about a file that has not changed since is taken from its cache (scan_cache.h).
 * Results are sorted by file name.
 */
#ifndef REFINERY_INDEX_SCAN_H
#define REFINERY_INDEX_SCAN_H

#include "base/clock.h"
#include "base/digest.h"
#include "index/sdist.h"
#include "index/wheel.h"

enum scan_kind {
    SCAN_WHEEL,
    SCAN_SDIST,
    SCAN_REQUIREMENTS, /* *requirements*.txt, *.in */
    SCAN_CONSTRAINTS,  /* constraints*.txt */
    SCAN_LOCK,         /* pylock.toml, pylock.*.toml */
};

struct scan_file {
    enum scan_kind kind;
    struct str path; /* directory and name, NUL-terminated */
    struct str filename;
    int64_t size, mtime_ns, ctime_ns;
    uint64_t device, inode;
    union {
        struct wheel wheel; /* SCAN_WHEEL */
        struct sdist sdist; /* SCAN_SDIST */
    };
    bool has_digest;
    struct digest digest;
};

struct scan_complaint {
    struct str filename;
    enum err_code code;
    struct str text; /* one sentence with the file's name and what to do */
};

struct scan_options {
    struct wheel_limits wheel;
    struct sdist_limits sdist;
    size_t file_limit; /* 0: 1000000 */
    int threads;       /* 0: one per processor, at most 8 */
    bool digests;      /* of every wheel and sdist, also of large ones */
    const char
        *cache; /* file of what was found out, read and written anew (scan_cache.h); or NULL */
    const struct clock *clock; /* NULL: the system's */
};

struct scan {
    struct scan_file *files;
    size_t len;
    const struct scan_complaint *complaints;
    size_t complaints_len;
    size_t ignored; /* files of other kinds, hidden ones, directories */
    size_t known;   /* files that the cache spared the reading of */
};

/*
 * Fails only when the directory itself cannot be read. An empty directory is an
 * empty scan: whether that is wrong is the caller's matter. `options` may be NULL.
 * Two files with the same name, version, build and tags: equal bytes keep the first and are
 * ignored, different bytes are a complaint about the second.
 */
CHECKED bool scan_dir(const char *dir, const struct scan_options *options, struct arena *arena,
                      struct scan *scan, struct err *err);

/* The file's digest, computed at the first call. ERR_CONFLICT when the file changed since the scan.
 */
CHECKED bool scan_digest(struct scan_file *file, struct digest *digest, struct err *err);

#endif
