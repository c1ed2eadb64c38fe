/* One tree of files laid over another by hard links: how small roots are put together. */
#ifndef REFINERY_IMAGE_LINKTREE_H
#define REFINERY_IMAGE_LINKTREE_H

#include "base/err.h"

/*
 * Directories of `from` are made in `to` (which exists), files are linked, links copied. What is
 * there already stays. Both on one file system; nothing but directories, files and links.
 */
CHECKED bool linktree_add(const char *from, const char *to, struct err *err);

#endif
