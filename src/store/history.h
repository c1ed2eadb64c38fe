/*
 * What happened: one row for every attempt that ended and for every package that was
 * reused, cached or skipped, kept when runs are gone; rows imported from earlier
 * systems among them.
 */
#ifndef REFINERY_STORE_HISTORY_H
#define REFINERY_STORE_HISTORY_H

#include "store/store.h"

struct store_history_row {
    int64_t id, time_ms, run, job, attempt; /* 0: none (imported, or nothing was attempted) */
    struct str name, version, target, kind;
    struct str status; /* built cached reused failed retry skipped returned cancelled ... */
    struct str strategy, class, detail, recipes, hints, log, metadata;
    int64_t number; /* of the attempt */
    int64_t duration_ms, peak_kib;
    struct str origin; /* "" ours, else the system it was imported from */
};

struct store_history_query {
    struct str package; /* name, exact; empty: all */
    struct str status;  /* exact, or "failed" for every kind of failure; empty: all */
    int64_t run;        /* 0: all */
    int64_t before_id;  /* cursor: rows older than this one; 0: from the newest */
    int64_t limit;      /* 0: 20 */
};

/* Newest first. */
typedef bool store_history_fn(void *state, const struct store_history_row *row, struct err *err);
CHECKED bool store_history_each(struct store *store, const struct store_history_query *query,
                                store_history_fn *visit, void *state, struct err *err);

struct store_history_top {
    struct str name;
    int64_t count;               /* failures, or timed attempts */
    int64_t last_ms;             /* newest one */
    int64_t mean_ms, longest_ms; /* of top slowest */
    struct str version, detail;  /* of the newest one */
};
typedef bool store_history_top_fn(void *state, const struct store_history_top *top,
                                  struct err *err);
/* Packages by failures, most first. */
CHECKED bool store_history_failures(struct store *store, int64_t limit, store_history_top_fn *visit,
                                    void *state, struct err *err);
/* Packages by mean duration of their builds, slowest first. */
CHECKED bool store_history_slowest(struct store *store, int64_t limit, store_history_top_fn *visit,
                                   void *state, struct err *err);

/*
 * The record of a package for a target: how often builds by a strategy were done (class "") or
 * handed back for another one because of a class of failure, in order of strategy and class. `last`
 * grows with time.
 */
struct store_record {
    struct str strategy, class;
    int64_t count, last;
};
typedef bool store_record_fn(void *state, const struct store_record *record, struct err *err);
CHECKED bool store_record_each(struct store *store, struct str name, struct str target,
                               store_record_fn *visit, void *state, struct err *err);

#endif
