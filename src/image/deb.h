/*
 * One Debian binary package (deb(5), format 2.0) unpacked as a plain user: no
 * ownership, no devices, no setuid bits, modes 0755 and 0644, times as in the
 * package, merged /usr (merged.h). Manuals, translations and documentation but
 * copyright files are left out. Every member is hostile: unsafe paths, links
 * used as directories, and sizes past the limits are refused by name.
 */
#ifndef REFINERY_IMAGE_DEB_H
#define REFINERY_IMAGE_DEB_H

#include "base/arena.h"
#include "base/err.h"

struct deb_limits {
    uint64_t bytes; /* all members together, unpacked */
    uint64_t members;
};

extern const struct deb_limits deb_default_limits; /* 8 GiB, 500,000 members */

/*
 * Makes <dir>/control (the text) and <dir>/data/ (the tree). `dir` must exist and be
 * empty; on failure it may hold a part.
 */
CHECKED bool deb_unpack(const char *deb, const char *dir, const struct deb_limits *limits,
                        struct err *err);

#endif
