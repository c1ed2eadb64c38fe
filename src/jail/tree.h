/*
 * Directory trees that a jail may write: handed to its ids before, measured
 * while it runs. Links are never followed, file systems mounted below are not
 * entered, nesting deeper than 200 directories is refused (given) or not counted
 * (measured).
 */
#ifndef REFINERY_JAIL_TREE_H
#define REFINERY_JAIL_TREE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Every file below `path`, itself included, gets the owner, where it has another.
 * Nothing is changed, and ERR_USAGE returned, when a regular file has hard links
 * that are not in the tree. A caller that may not change owners gets the check
 * alone: pass its own ids.
 */
CHECKED bool tree_give(const char *path, uid_t uid, gid_t gid, struct err *err);

/* Bytes on disk; counts what it can read. */
uint64_t tree_size(const char *path);

#endif
