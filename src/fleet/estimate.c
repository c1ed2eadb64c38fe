#include "fleet/estimate.h"

#include <stdlib.h>
#include <string.h>

enum {
    ESTIMATE_FLOOR_MS = 500,
    ESTIMATE_FIRST_MS = 60000, /* a compiled package of unknown size, and no history at all */
    ESTIMATE_PURE_MS = 3000,   /* copying Python files */
    ESTIMATE_MS_PER_KIB = 40,  /* of a source archive with native code, cross-compiled */
    ESTIMATE_PESSIMIST = 995,  /* permille: what unknown is taken for (facts.md, Scheduling) */
};

static int estimate_cmp(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

struct estimate_history estimate_open(struct arena *arena, const int64_t *duration_ms, size_t count)
{
    struct estimate_history history = {ARENA_ARRAY(arena, int64_t, count + 1), count};
    if (count) {
        memcpy(history.duration_ms, duration_ms, count * sizeof *duration_ms);
        qsort(history.duration_ms, count, sizeof *duration_ms, estimate_cmp);
    }
    return history;
}

int64_t estimate_quantile(const struct estimate_history *history, int64_t permille)
{
    if (!history->count)
        return 0;
    size_t rank = (history->count * (size_t)permille + 999) / 1000;
    return history->duration_ms[rank ? rank - 1 : 0];
}

int64_t estimate_duration_ms(const struct estimate_history *history,
                             const struct estimate_features *features)
{
    if (features->learned_ms > 0)
        return features->learned_ms;
    if (!features->compiled)
        return ESTIMATE_PURE_MS;
    if (features->source_bytes > 0) {
        int64_t guess = features->source_bytes / 1024 * ESTIMATE_MS_PER_KIB;
        return guess > ESTIMATE_FLOOR_MS ? guess : ESTIMATE_FLOOR_MS;
    }
    int64_t slow = estimate_quantile(history, ESTIMATE_PESSIMIST);
    return slow > 0 ? slow : ESTIMATE_FIRST_MS;
}
