/*
 * Files and directories under way in an index's cache, and those that a killed process
 * left. Who works on one holds a lock on it; what nobody holds is a leftover, whatever
 * its age, and no clock has to be trusted.
 */
#ifndef REFINERY_INDEX_SWEEP_H
#define REFINERY_INDEX_SWEEP_H

#include "base/arena.h"
#include "base/err.h"

/* Creates and locks a file; `path` ends in "download-XXXXXX". The lock ends with the descriptor. */
CHECKED bool sweep_new_file(char *path, int *fd, struct err *err);
/* The same for a directory "<parent>/taking-XXXXXX". */
CHECKED bool sweep_new_directory(const char *parent, struct arena *arena, struct str *path,
                                 int *lock, struct err *err);

/* Removes what killed processes left below the cache of an index (files/, trees/, scan/); absent is
 * fine.
 */
CHECKED bool sweep_leftovers(const char *cache_dir, struct err *err);

#endif
