/* Where a package of a lock file comes from: the sources' tables. For pylock.c alone. */
#ifndef REFINERY_PKG_PYLOCK_SOURCE_H
#define REFINERY_PKG_PYLOCK_SOURCE_H

#include "pkg/pylock.h"
#include "pkg/toml_member.h"

/*
 * vcs, directory, archive, sdist and wheels of `table` into `package`, whose name and version are
 * set: exactly one kind of source, file names that are the package's own.
 */
CHECKED bool pylock_source_read(const struct toml_reader *reader, const struct toml *table,
                                struct pylock_package *package);

#endif
