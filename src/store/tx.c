#include "store/tx.h"

bool tx_do(struct store *store, tx_body *body, void *state, struct err *err)
{
    if (!sql_begin(store->sql, err))
        return false;
    if (body(store->sql, state, err))
        return sql_commit(store->sql, err);
    sql_rollback(store->sql);
    return false;
}

bool tx_run(struct store *store, enum sql_id id, const struct sql_arg *args, size_t count,
            int64_t *changed, struct err *err)
{
    int64_t rows = 0;
    if (!sql_begin(store->sql, err))
        return false;
    if (!sql_run(store->sql, id, args, count, &rows, err)) {
        sql_rollback(store->sql);
        return false;
    }
    if (!sql_commit(store->sql, err))
        return false;
    if (changed)
        *changed = rows;
    return true;
}

/* Columns in the order of JOB_COLUMNS. */
struct store_job tx_job(const struct sql_rows *rows)
{
    struct store_job job = {
        .id = sql_get_int(rows, 0),
        .run = sql_get_int(rows, 1),
        .key = sql_get_text(rows, 2),
        .kind = sql_get_text(rows, 3),
        .name = sql_get_text(rows, 4),
        .version = sql_get_text(rows, 5),
        .target = sql_get_text(rows, 6),
        .spec = sql_get_text(rows, 7),
        .recipes = sql_get_text(rows, 8),
        .state = state_parse(sql_get_text(rows, 9)),
        .class = sql_get_int(rows, 10),
        .priority = sql_get_int(rows, 11),
        .estimate_ms = sql_get_int(rows, 12),
        .estimate_kib = sql_get_int(rows, 13),
        .unmet = sql_get_int(rows, 14),
        .not_before_ms = sql_get_int(rows, 15),
        .epoch = sql_get_int(rows, 16),
        .attempts = sql_get_int(rows, 17),
        .tries = sql_get_int(rows, 18),
        .failures = sql_get_int(rows, 19),
        .drone = sql_get_int(rows, 20),
        .ended_ms = sql_get_int(rows, 21),
        .why = sql_get_text(rows, 22),
        .phase = sql_get_text(rows, 23),
    };
    job.has_content = sql_get_digest(rows, 24, &job.content);
    return job;
}

struct store_job tx_job_copy(struct arena *arena, const struct store_job *job)
{
    struct store_job copy = *job;
    struct str *const texts[] = {&copy.key,  &copy.kind,    &copy.name, &copy.version, &copy.target,
                                 &copy.spec, &copy.recipes, &copy.why,  &copy.phase};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(arena, *texts[i]);
    return copy;
}

bool tx_reclaim(struct sql *sql, int64_t drone, int64_t expired_ms, int64_t now_ms,
                int64_t *reclaimed, struct err *err)
{
    const struct sql_arg which[] = {sql_int(drone ? drone : -1), sql_int(expired_ms),
                                    sql_int(now_ms)};
    return sql_run(sql, SQL_LOST_EVENTS, which, 3, NULL, err) &&
           sql_run(sql, SQL_LOST_JOBS, which, 2, NULL, err) &&
           sql_run(sql, SQL_LOST_ATTEMPTS, which, 3, reclaimed, err);
}

bool tx_event(struct sql *sql, int64_t now_ms, const struct tx_event *event, struct err *err)
{
    return sql_run(sql, SQL_EVENT_ADD,
                   SQL_ARGS(sql_int(now_ms), sql_text(str_from(event->type)), sql_int(event->run),
                            sql_int(event->job), sql_int(event->attempt), sql_int(event->drone),
                            sql_text(event->message)),
                   NULL, err);
}
