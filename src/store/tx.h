/*
 * What the files of this room share: the handle, whole transactions, and rows of jobs.
 */
#ifndef REFINERY_STORE_TX_H
#define REFINERY_STORE_TX_H

#include "store/sql.h"
#include "store/store.h"

struct store {
    struct sql *sql;
};

/* One try of a transaction; may be called again where the engine asks for that. */
typedef bool tx_body(struct sql *sql, void *state, struct err *err);

/* Begins, runs, commits; any failure rolls back. */
CHECKED bool tx_do(struct store *store, tx_body *body, void *state, struct err *err);

/* One statement that is a transaction of its own. */
CHECKED bool tx_run(struct store *store, enum sql_id id, const struct sql_arg *args, size_t count,
                    int64_t *changed, struct err *err);

/* The present row of a JOB_COLUMNS statement, borrowed; copied where it has to last. */
struct store_job tx_job(const struct sql_rows *rows);
struct store_job tx_job_copy(struct arena *arena, const struct store_job *job);

/* Leases of `drone` (0: none) and those that expired before expired_ms go back to ready. */
CHECKED bool tx_reclaim(struct sql *sql, int64_t drone, int64_t expired_ms, int64_t now_ms,
                        int64_t *reclaimed, struct err *err);

struct tx_event {
    const char *type;
    int64_t run, job, attempt, drone;
    struct str message;
};
CHECKED bool tx_event(struct sql *sql, int64_t now_ms, const struct tx_event *event,
                      struct err *err);

#endif
