/* Leases: taken, renewed. */
#include "store/tx.h"

enum { CLAIM_LEASE_MS = 600000, CLAIM_LOOK = 64 };

struct claim_try {
    const struct store_claim *claim;
    struct arena *arena;
    int64_t now_ms;
    struct store_lease lease; /* out */
};

/* A paused drone, or everything paused, takes nothing. */
static bool claim_is_allowed(struct sql *sql, int64_t drone, bool *allowed, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(sql, SQL_DRONE_STATE, SQL_ARGS(sql_int(drone)), &rows, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "there is no drone %lld: register first",
                       (long long)drone);
    bool online = str_eq(sql_get_text(&rows, 0), STR("online"));
    sql_end(&rows);
    if (!sql_first(sql, SQL_SETTING_GET, SQL_ARGS(sql_text(STR("paused"))), &rows, &found, err))
        return false;
    *allowed = online && !(found && str_eq(sql_get_text(&rows, 0), STR("1")));
    return true;
}

/* The first ready job, best first, that the caller admits; job.id 0 when there is none. */
static bool claim_choose(struct sql *sql, const struct claim_try *try, struct store_job *job,
                         struct err *err)
{
    const struct store_claim *claim = try->claim;
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(sql, SQL_READY_EACH,
                   SQL_ARGS(sql_int(claim->run), sql_int(claim->look ? claim->look : CLAIM_LOOK)),
                   &rows, &more, err))
        return false;
    while (more) {
        struct store_job seen = tx_job(&rows);
        enum store_admission admission =
            claim->admit ? claim->admit(claim->admit_state, &seen) : ADMIT_TAKE;
        if (admission == ADMIT_TAKE)
            *job = tx_job_copy(try->arena, &seen);
        if (admission != ADMIT_PASS)
            return true;
        if (!sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

static bool claim_take(struct sql *sql, struct claim_try *try, struct store_job *job,
                       struct err *err)
{
    const struct store_claim *claim = try->claim;
    struct store_lease lease = {
        .epoch = job->epoch + 1,
        .number = job->attempts + 1,
        .expires_ms = try->now_ms + (claim->lease_ms ? claim->lease_ms : CLAIM_LEASE_MS),
    };
    int64_t changed = 0;
    if (!sql_number(sql, SQL_ATTEMPT_ADD,
                    SQL_ARGS(sql_int(job->id), sql_int(job->run), sql_int(lease.number),
                             sql_int(lease.epoch), sql_int(claim->drone), sql_int(claim->slot),
                             sql_int(try->now_ms), sql_int(lease.expires_ms),
                             sql_text(job->recipes)),
                    0, &lease.attempt, err) ||
        !sql_run(sql, SQL_JOB_LEASE,
                 SQL_ARGS(sql_int(job->id), sql_int(lease.attempt), sql_int(claim->drone),
                          sql_int(lease.epoch)),
                 &changed, err))
        return false;
    if (changed != 1)
        return err_set(err, ERR_CONFLICT, "job %lld was taken meanwhile", (long long)job->id);
    struct tx_event event = {"assign", job->run, job->id, lease.attempt, claim->drone, job->key};
    if (!tx_event(sql, try->now_ms, &event, err))
        return false;
    lease.job = *job;
    lease.job.state = STATE_LEASED;
    lease.job.epoch = lease.epoch;
    lease.job.attempts = lease.number;
    lease.job.drone = claim->drone;
    try->lease = lease;
    return true;
}

static bool claim_body(struct sql *sql, void *state, struct err *err)
{
    struct claim_try *try = state;
    struct store_job job = {0};
    bool allowed = false;
    if (!claim_is_allowed(sql, try->claim->drone, &allowed, err))
        return false;
    if (!allowed)
        return true;
    if (!sql_run(sql, SQL_RETRY_WAKE, SQL_ARGS(sql_int(try->now_ms)), NULL, err) ||
        !claim_choose(sql, try, &job, err))
        return false;
    if (job.id)
        return claim_take(sql, try, &job, err);
    return sql_number(sql, SQL_RETRY_NEXT, SQL_ARGS(sql_int(try->claim->run)), 0,
                      &try->lease.wake_ms, err);
}

bool store_claim(struct store *store, const struct store_claim *claim, int64_t now_ms,
                 struct arena *arena, struct store_lease *lease, struct err *err)
{
    struct claim_try try = {.claim = claim, .arena = arena, .now_ms = now_ms};
    if (!tx_do(store, claim_body, &try, err))
        return false;
    *lease = try.lease;
    return true;
}

struct claim_renewal {
    int64_t attempt, epoch, now_ms;
    const struct store_progress *progress;
};

static bool claim_renew_body(struct sql *sql, void *state, struct err *err)
{
    const struct claim_renewal *renewal = state;
    const struct store_progress *progress = renewal->progress;
    int64_t lease_ms = progress->lease_ms ? progress->lease_ms : CLAIM_LEASE_MS, live = 0;
    struct sql_arg attempt = sql_int(renewal->attempt);
    if (!sql_run(sql, SQL_ATTEMPT_RENEW,
                 SQL_ARGS(attempt, sql_int(renewal->epoch), sql_int(renewal->now_ms + lease_ms)),
                 &live, err))
        return false;
    if (!live)
        return err_set(err, ERR_CONFLICT,
                       "the lease of attempt %lld was taken away: stop and throw the work away",
                       (long long)renewal->attempt);
    return (progress->state == STATE_NONE ||
            sql_run(sql, SQL_ATTEMPT_STATE,
                    SQL_ARGS(attempt, sql_text(state_name(progress->state))), NULL, err)) &&
           (!progress->phase.len ||
            sql_run(sql, SQL_ATTEMPT_PHASE, SQL_ARGS(attempt, sql_text(progress->phase)), NULL,
                    err));
}

bool store_renew(struct store *store, int64_t attempt, int64_t epoch,
                 const struct store_progress *progress, int64_t now_ms, struct err *err)
{
    struct claim_renewal renewal = {attempt, epoch, now_ms, progress};
    if (progress->state != STATE_NONE && state_group(progress->state) != STATE_LIVE)
        return err_set(err, ERR_USAGE, "progress cannot make a job %s",
                       state_name(progress->state).ptr);
    return tx_do(store, claim_renew_body, &renewal, err);
}
