/*
 * What one source distribution says about itself (PEP 625, 643): PKG-INFO and
 * pyproject.toml at its top, read through libarchive in one pass that stops as
 * soon as both are known, with limits. Nothing is written to disk.
 */
#ifndef REFINERY_INDEX_SDIST_H
#define REFINERY_INDEX_SDIST_H

#include "pkg/filename.h"
#include "pkg/metadata.h"
#include "pkg/pyproject.h"

struct sdist_limits {
    uint64_t members;    /* 0: 500000 */
    uint64_t total_size; /* uncompressed bytes passed over; 0: 4 GiB */
};

struct sdist {
    struct sdist_name name; /* of the file name */
    struct str top;         /* the one directory at its top: "foo-1.0" */
    bool has_metadata;      /* old ones may lack PKG-INFO */
    bool declared;          /* none, but [project] says all of it: `metadata` is made from that */
    struct metadata metadata;
    struct str pyproject_text; /* empty: no pyproject.toml */
    struct pyproject pyproject;
    bool has_setup_py;
};

/* `project` (may be empty) helps with old file names (filename.h). `limits` may be NULL. */
CHECKED bool sdist_read(int dirfd, const char *path, struct str project,
                        const struct sdist_limits *limits, struct arena *arena, struct sdist *sdist,
                        struct err *err);

/* A source tree in an archive whose file name says nothing: sdist.name stays empty. */
CHECKED bool sdist_read_tree(int dirfd, const char *path, struct arena *arena, struct sdist *sdist,
                             struct err *err);

/* Dependencies are known without running the project (PEP 643). */
bool sdist_is_static(const struct sdist *sdist);

#endif
