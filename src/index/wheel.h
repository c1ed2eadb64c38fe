/*
 * What one wheel says about itself, read without extracting it: the central
 * directory, the header of METADATA, WHEEL. The bytes come from a file or from
 * a callback, so that a wheel on an index is read by ranges with the same code.
 * Checks what a hostile or broken wheel can do before anything else touches it.
 * Errors are one sentence that starts with the file's name.
 */
#ifndef REFINERY_INDEX_WHEEL_H
#define REFINERY_INDEX_WHEEL_H

#include "os/unzip.h"
#include "pkg/filename.h"
#include "pkg/metadata.h"

struct wheel_limits {
    uint64_t members;      /* 0: 100000 */
    uint64_t total_size;   /* uncompressed; 0: 16 GiB */
    uint64_t member_ratio; /* uncompressed : compressed of one member above 1 MiB; 0: 1000 */
    uint64_t total_ratio;  /* of the whole; 0: 200 */
};

struct wheel {
    struct wheel_name name;     /* of the file name */
    struct metadata metadata;   /* of <name>-<version>.dist-info/METADATA */
    struct metadata_wheel info; /* of .../WHEEL */
    struct str dist_info;       /* "foo-1.0.dist-info" */
    uint64_t members, total_size;
    bool tags_agree; /* the tags of WHEEL are those of the file name */
};

/*
 * Reads and checks: the archive is whole, nothing in it is a bomb, encrypted,
 * or a name that leaves the directory, METADATA and WHEEL are there, and METADATA says the
 * same name and version as the file name. `limits` may be NULL. Strings live in the arena.
 */
CHECKED bool wheel_read(int dirfd, const char *path, const struct wheel_limits *limits,
                        struct arena *arena, struct wheel *wheel, struct err *err);
CHECKED bool wheel_read_source(const struct unzip_source *source, struct str filename,
                               const struct wheel_limits *limits, struct arena *arena,
                               struct wheel *wheel, struct err *err);

/* The expanded tags of the file name and those of WHEEL are the same set. WHEEL without any agrees.
 */
bool wheel_tags_agree(const struct wheel_name *name, const struct metadata_wheel *info);

#endif
