/* Databases of earlier systems at the place where ours belongs. */
#ifndef REFINERY_STORE_IMPORT_H
#define REFINERY_STORE_IMPORT_H

#include <stdint.h>

#include "base/err.h"

/*
 * When `path` is an SQLite file with a table build_events and not ours: its rows become
 * history in a new database that takes its place, and the file stays beside as
 * "<path>.build_events". Anything else at `path` is left alone. The caller holds the lock.
 */
CHECKED bool import_earlier(const char *path, int64_t now_ms, struct err *err);

#endif
