/* Attempts, artifacts and what was learned: rows for whoever reports. */
#include "store/tx.h"

bool store_attempt_each(struct store *store, int64_t job_id, store_attempt_fn *visit, void *state,
                        struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_ATTEMPT_EACH, SQL_ARGS(sql_int(job_id)), &rows, &more, err))
        return false;
    while (more) {
        struct store_attempt attempt = {
            .id = sql_get_int(&rows, 0),
            .job = sql_get_int(&rows, 1),
            .number = sql_get_int(&rows, 2),
            .epoch = sql_get_int(&rows, 3),
            .drone = sql_get_int(&rows, 4),
            .slot = sql_get_int(&rows, 5),
            .state = sql_get_text(&rows, 6),
            .claimed_ms = sql_get_int(&rows, 7),
            .ended_ms = sql_get_int(&rows, 8),
            .expires_ms = sql_get_int(&rows, 9),
            .exit_code = sql_get_int(&rows, 10),
            .duration_ms = sql_get_int(&rows, 11),
            .cpu_ms = sql_get_int(&rows, 12),
            .peak_kib = sql_get_int(&rows, 13),
            .class = sql_get_text(&rows, 14),
            .detail = sql_get_text(&rows, 15),
            .strategy = sql_get_text(&rows, 16),
            .recipes = sql_get_text(&rows, 17),
            .hints = sql_get_text(&rows, 18),
            .suggestion = sql_get_text(&rows, 19),
            .metadata = sql_get_text(&rows, 20),
            .result = sql_get_text(&rows, 21),
            .log = sql_get_text(&rows, 22),
            .log_bytes = sql_get_int(&rows, 23),
        };
        if (!visit(state, &attempt, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_artifact_each(struct store *store, int64_t job_id, store_artifact_fn *visit, void *state,
                         struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_ARTIFACT_EACH, SQL_ARGS(sql_int(job_id)), &rows, &more, err))
        return false;
    while (more) {
        struct store_artifact artifact = {
            .name = sql_get_text(&rows, 0),
            .kind = sql_get_text(&rows, 1),
            .size = sql_get_int(&rows, 3),
            .details = sql_get_text(&rows, 4),
        };
        if (!sql_get_digest(&rows, 2, &artifact.digest))
            return err_set(err, ERR_FORMAT, "%s: an artifact of job %lld has no digest",
                           sql_path(store->sql), (long long)job_id);
        if (!visit(state, &artifact, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_learned_each(struct store *store, store_learned_fn *visit, void *state, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_LEARNED_EACH, SQL_NO_ARGS, &rows, &more, err))
        return false;
    while (more) {
        struct store_learned learned = {
            .kind = sql_get_text(&rows, 0),
            .name = sql_get_text(&rows, 1),
            .target = sql_get_text(&rows, 2),
            .samples = sql_get_int(&rows, 3),
            .duration_ms = sql_get_int(&rows, 4),
            .peak_kib = sql_get_int(&rows, 5),
            .strategy = sql_get_text(&rows, 6),
            .recipes = sql_get_text(&rows, 7),
        };
        if (!visit(state, &learned, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_hint_each(struct store *store, store_hint_fn *visit, void *state, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_HINT_EACH, SQL_NO_ARGS, &rows, &more, err))
        return false;
    while (more) {
        struct store_hint_record record = {sql_get_text(&rows, 0), sql_get_int(&rows, 1),
                                           sql_get_int(&rows, 2), sql_get_int(&rows, 3)};
        if (!visit(state, &record, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_inferred_each(struct store *store, store_inferred_fn *visit, void *state,
                         struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_INFERRED_EACH, SQL_NO_ARGS, &rows, &more, err))
        return false;
    while (more) {
        struct store_inferred inferred = {
            .rule = {sql_get_text(&rows, 0), sql_get_text(&rows, 1), sql_get_text(&rows, 2),
                     sql_get_text(&rows, 3), sql_get_text(&rows, 6)},
            .count = sql_get_int(&rows, 4),
            .last_ms = sql_get_int(&rows, 5),
        };
        if (!visit(state, &inferred, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

/* The failure in the first row of a query, if there is one. */
static bool report_failure(struct store *store, enum sql_id id, const struct sql_arg *args,
                           struct arena *arena, bool *found, struct store_failure *failure,
                           struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool row = false;
    if (!sql_first(store->sql, id, args, 3, &rows, &row, err))
        return false;
    if (row && failure)
        *failure = (struct store_failure){
            .name = arena_str(arena, sql_get_text(&rows, 0)),
            .version = arena_str(arena, sql_get_text(&rows, 1)),
            .target = arena_str(arena, sql_get_text(&rows, 2)),
            .class = arena_str(arena, sql_get_text(&rows, 3)),
            .detail = arena_str(arena, sql_get_text(&rows, 4)),
            .count = sql_get_int(&rows, 5),
            .last_ms = sql_get_int(&rows, 6),
        };
    *found = row;
    return true;
}

bool store_failure_find(struct store *store, const struct digest *source,
                        const struct digest *environment, const struct digest *recipe_set,
                        struct arena *arena, bool *found, struct store_failure *failure,
                        struct err *err)
{
    const struct sql_arg key[] = {sql_digest(source), sql_digest(environment),
                                  sql_digest(recipe_set)};
    return report_failure(store, SQL_FAILURE_FIND, key, arena, found, failure, err);
}

bool store_failure_known(struct store *store, struct str name, struct str version,
                         struct str target, struct arena *arena, bool *found,
                         struct store_failure *failure, struct err *err)
{
    const struct sql_arg key[] = {sql_text(name), sql_text(version), sql_text(target)};
    return report_failure(store, SQL_FAILURE_KNOWN, key, arena, found, failure, err);
}

static bool report_forget_body(struct sql *sql, void *state, struct err *err)
{
    const struct sql_arg name = sql_text(*(const struct str *)state);
    return sql_run(sql, SQL_FAILURE_FORGET, &name, 1, NULL, err) &&
           sql_run(sql, SQL_HISTORY_FORGIVE, &name, 1, NULL, err);
}

bool store_failure_forget(struct store *store, struct str name, struct err *err)
{
    return tx_do(store, report_forget_body, &name, err);
}
