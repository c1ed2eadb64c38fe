/*
 * A root directory out of unpacked packages: their trees linked together, then
 * what maintainer scripts would have added. Works on a directory that nobody else
 * sees yet; the caller renames it when it is complete.
 */
#ifndef REFINERY_IMAGE_ROOT_H
#define REFINERY_IMAGE_ROOT_H

#include "base/arena.h"
#include "base/err.h"
#include "image/arch.h"
#include "image/image.h"

/*
 * Adds the tree `from` to the directory `root`: directories are made, files are
 * hard links (copies across file systems), links are copied. Of two files at one
 * path the first stays.
 */
CHECKED bool root_add_tree(const char *root, const char *from, struct err *err);

/* Merged-/usr links and the directories that a running system has; before any tree. */
CHECKED bool root_skeleton(const char *root, const struct arch *arch, struct err *err);

/* One package as dpkg sees it: its control file's text. */
struct root_package {
    struct str control;
};

/* Alternatives, accounts, CA bundle, dpkg status; after all trees. */
CHECKED bool root_finish(const char *root, const struct arch *arch,
                         const struct root_package *packages, size_t count, struct err *err);

/* The links asked for by name; what is in their place is removed. */
CHECKED bool root_links(const char *root, const struct image_link *links, size_t count,
                        struct err *err);

#endif
