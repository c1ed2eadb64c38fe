/*
 * Requirements that name sources and no file: a commit of a git repository, a
 * directory of this machine. Each becomes an archive in the cache, known by its
 * digest and named like an sdist, and is an sdist for everybody from there on:
 *
 *   <cache>/trees/<sha256>/NAME-VERSION.tar
 *   <cache>/vcs/<digest of URL, commit, subdirectory>   which archive that was
 *
 * A commit that is there already costs no network. NAME and VERSION are told by
 * PKG-INFO or [project], else by the build backend.
 */
#ifndef REFINERY_INDEX_SOURCE_H
#define REFINERY_INDEX_SOURCE_H

#include "index/index.h"

/* A VCS URL, a directory, or a file: URL of one. Looks at the disk. */
bool source_is_tree(struct str url);

/*
 * `file` lives as long as the index; the same URL is taken once. `name` (may be empty)
 * is what the requirement says: another one in the tree is ERR_FORMAT.
 */
CHECKED bool source_take(struct index *index, const struct index_backend *backend, struct str url,
                         struct str name, const struct index_file **file, struct err *err);

#endif
