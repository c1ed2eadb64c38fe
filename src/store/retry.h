/*
 * The retry queue: packages that are to be tried again, one entry for each name, version and
 * target. A run puts in what it could not deliver and takes out what it could; people add, hasten
 * and clear; a worker takes what is due. An entry stays until it is built or cleared, whatever is
 * killed meanwhile: taking it changes nothing.
 *
 * Names are normalised by the caller. An empty version or target means: of whichever comes.
 */
#ifndef REFINERY_STORE_RETRY_H
#define REFINERY_STORE_RETRY_H

#include "store/store.h"

struct store_retry {
    int64_t id;
    struct str name, version, target;
    struct str recipes;  /* JSON array of words; "[]": none */
    struct str strategy; /* empty: as the worker has it */
    struct str origin;   /* "run", "user", "import" */
    bool asked;          /* somebody wants it tried: also what is known to fail, or to be had */
    bool held;           /* failed too often: not tried until somebody asks */
    int64_t attempts;    /* that failed */
    int64_t not_before_ms;
    struct str class, reason; /* of the last failure; reason: one sentence */
    struct str waits_for;     /* name of what failed and this one needs */
    int64_t added_ms;
};
typedef bool store_retry_fn(void *state, const struct store_retry *retry, struct err *err);

/*
 * Adds what is asked for, due at its not_before_ms (0: now); one that is there (without a target:
 * of whichever) gets the recipes and the strategy that are given. All or none. A `mark` that is not
 * empty names where they come from: under the newest mark of that `source` nothing is added again,
 * and `added` is 0.
 */
CHECKED bool store_retry_add(struct store *store, const struct store_retry *retries, size_t count,
                             struct str source, struct str mark, int64_t now_ms, size_t *added,
                             struct err *err);

/* In order of name, version, target. */
CHECKED bool store_retry_each(struct store *store, store_retry_fn *visit, void *state,
                              struct err *err);
/* What may be tried now for that target, and what waits for such a one, in order of their numbers.
 */
CHECKED bool store_retry_due(struct store *store, struct str target, int64_t now_ms,
                             store_retry_fn *visit, void *state, struct err *err);
/* When the first one for that target is due; 0: none is. */
CHECKED bool store_retry_soonest(struct store *store, struct str target, int64_t *due_ms,
                                 struct err *err);

/* What became of a package for a target. */
struct store_retry_end {
    struct str name, version;
    bool good;    /* it leaves the queue, and what waited for it is due */
    bool awaited; /* not there yet: never held, however often */
    struct str class, reason, waits_for;
};
struct store_retry_policy {
    int64_t base_ms, max_ms; /* wait after the first failure, doubled up to max_ms */
    int64_t most;            /* failures after which an entry is held; 0: never */
};
CHECKED bool store_retry_settle(struct store *store, struct str target,
                                const struct store_retry_end *ends, size_t count,
                                const struct store_retry_policy *policy, int64_t now_ms,
                                struct err *err);

/* Of that name and version; an empty name: of all, an empty version: of any. */
CHECKED bool store_retry_again(struct store *store, struct str name, struct str version,
                               int64_t now_ms, int64_t *changed, struct err *err);
CHECKED bool store_retry_clear(struct store *store, struct str name, struct str version,
                               int64_t *removed, struct err *err);

#endif
