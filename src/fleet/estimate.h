/*
 * How long a job will take, and how much memory: from what this package taught before,
 * else from features of its source scaled to what builds take here. Unknown is guessed
 * high: a long job that starts late costs the whole run, a short one that starts early
 * costs nothing. Pure.
 */
#ifndef REFINERY_FLEET_ESTIMATE_H
#define REFINERY_FLEET_ESTIMATE_H

#include "base/arena.h"
#include "base/str.h"

/* All durations that were learned, sorted by estimate_open. */
struct estimate_history {
    int64_t *duration_ms;
    size_t count;
};

/* Copies and sorts; a history of nothing is fine. */
struct estimate_history estimate_open(struct arena *arena, const int64_t *duration_ms,
                                      size_t count);
/* The duration that `permille` of all builds do not exceed; 0 when nothing is known. */
int64_t estimate_quantile(const struct estimate_history *history, int64_t permille);

struct estimate_features {
    int64_t learned_ms;   /* of this package; 0: never built */
    int64_t source_bytes; /* of the archive; 0: unknown */
    bool compiled;        /* extension modules, or it cannot be told */
};
int64_t estimate_duration_ms(const struct estimate_history *history,
                             const struct estimate_features *features);

#endif
