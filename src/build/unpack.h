/*
 * Archives into directories, for attempts: wheels (zip, PEP 427) become import
 * directories, sdists (tar.gz, zip, PEP 625) become source trees. Every archive
 * is hostile: absolute paths, "..", links that leave the tree, devices, and
 * sizes or counts past the limits are refused by name. Nothing outside `dir` is
 * touched. The directory must exist; on failure it may hold a part.
 */
#ifndef REFINERY_BUILD_UNPACK_H
#define REFINERY_BUILD_UNPACK_H

#include "base/arena.h"
#include "base/err.h"

struct unpack_limits {
    uint64_t bytes; /* all members together, unpacked */
    uint64_t members;
};

extern const struct unpack_limits unpack_default_limits; /* 4 GiB, 200,000 members */

/*
 * A wheel's members, with its *.data directory spread: purelib and platlib go to
 * the root, scripts to <scripts_dir> (may be NULL: left out), the rest is left out.
 */
CHECKED bool unpack_wheel(const char *wheel, const char *dir, const char *scripts_dir,
                          const struct unpack_limits *limits, struct err *err);

/* An sdist without its one top directory: its contents become those of `dir`. */
CHECKED bool unpack_sdist(const char *sdist, const char *dir, const struct unpack_limits *limits,
                          struct err *err);

/*
 * The same in a jail that holds the archive and the directory and nothing else: a fault in the
 * reader of archives reaches no more than that. `root` is an empty directory. The tree then belongs
 * to the jail's ids.
 */
CHECKED bool unpack_sdist_in_jail(const char *sdist, const char *dir, const char *root,
                                  const struct unpack_limits *limits, struct err *err);

#endif
