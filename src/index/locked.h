/*
 * The projects of a lock file in place of an index's: an index that is opened with one
 * (index_config.locked) knows the chosen packages and files, and nothing else, and asks no index
 * what there is. Files are fetched from where the lock says, or taken from the cache or a directory
 * of --find-links that has them, and must have its hashes.
 */
#ifndef REFINERY_INDEX_LOCKED_H
#define REFINERY_INDEX_LOCKED_H

#include "index/index.h"
#include "pkg/pylock_select.h"

struct index_locked {
    struct str what; /* the lock file, for messages */
    struct str dir;  /* absolute: its relative paths are seen from there */
    const struct pylock_choice *choices;
    size_t len;
};

/* The choice with that name (normal form), or NULL. */
const struct pylock_choice *index_locked_find(const struct index_locked *locked, struct str name);

/* ERR_NOT_FOUND: the lock does not have it; ERR_FORMAT: a path or URL of it leads nowhere. */
CHECKED bool index_locked_project(struct index *index, struct str normal,
                                  struct index_project *project, struct err *err);

/*
 * The dependencies that the lock tells of a package, for a source that says them only when its
 * build backend runs. False: no lock, or one that tells dependencies of no package.
 */
bool index_locked_metadata(struct index *index, struct str name, struct metadata *metadata);

#endif
