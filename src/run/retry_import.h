/* The retry queue of an earlier system, from its file into the store. */
#ifndef REFINERY_RUN_RETRY_IMPORT_H
#define REFINERY_RUN_RETRY_IMPORT_H

#include "base/clock.h"
#include "run/retry_file.h"
#include "store/retry.h"

/* Reads and parses a regular file; ERR_NOT_FOUND when there is none. */
CHECKED bool retry_import_read(const char *path, struct arena *arena, struct retry_file *file,
                               struct err *err);

/* Logs what of it is left out, and why. */
void retry_import_say(const char *path, const struct retry_file *file);

/* Its requests into the queue; complaints are logged. The file stays as it is. */
CHECKED bool retry_import_file(struct store *store, const char *path, int64_t now_ms, size_t *added,
                               struct err *err);

/*
 * CACHE/retry_queue.json, when there is one, into the queue; then it is renamed to
 * retry_queue.json.imported (.imported.2 and so on where that is taken: an older one stays).
 * Killed between the two, the next call adds nothing twice.
 */
CHECKED bool retry_import_cache(struct store *store, struct str cache, int64_t now_ms,
                                struct err *err);

#endif
