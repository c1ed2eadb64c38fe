/*
 * Paths of packages in a root with merged /usr: /bin, /sbin, /lib, /lib32, /lib64
 * and /libx32 are links into /usr, and every link in the tree is relative, so that
 * it resolves the same whether the root is / or lies somewhere below it. Pure.
 */
#ifndef REFINERY_IMAGE_MERGED_H
#define REFINERY_IMAGE_MERGED_H

#include "base/arena.h"

extern const char *const merged_names[]; /* "bin", "sbin", "lib", ...; NULL-terminated */

bool merged_is_top(struct str path); /* one of the names itself */

/* "lib/x" -> "usr/lib/x", anything else as it is. `path` is relative to the root and clean. */
struct str merged_path(struct arena *arena, struct str path);

/*
 * What the link at `path` (as in the package, before merging) has to say so that it
 * means the same after merging: a relative target. "..", above the root stays there.
 */
struct str merged_target(struct arena *arena, struct str path, struct str target);

#endif
