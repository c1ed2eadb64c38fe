/* Runs: made, extended, counted, ended. */
#include "base/vec.h"
#include "store/jobgraph.h"
#include "store/tx.h"

static const struct {
    int64_t max_attempts, backoff_base_ms, backoff_max_ms, block_failures, block_drones;
} run_defaults = {3, 5000, 60000, 5, 2};

struct run_change {
    const struct store_run_new *run;
    struct jobgraph graph;
    int64_t id, now_ms;
};

static int64_t run_default(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

static bool run_create_body(struct sql *sql, void *state, struct err *err)
{
    struct run_change *change = state;
    const struct store_run_new *run = change->run;
    if (!sql_number(
            sql, SQL_RUN_ADD,
            SQL_ARGS(sql_digest(run->plan), sql_text(run->title), sql_text(run->target),
                     sql_text(run->options),
                     sql_int(run_default(run->max_attempts, run_defaults.max_attempts)),
                     sql_int(run_default(run->backoff_base_ms, run_defaults.backoff_base_ms)),
                     sql_int(run_default(run->backoff_max_ms, run_defaults.backoff_max_ms)),
                     sql_int(run_default(run->block_failures, run_defaults.block_failures)),
                     sql_int(run_default(run->block_drones, run_defaults.block_drones)),
                     sql_int(change->now_ms)),
            0, &change->id, err))
        return false;
    change->graph.run = change->id;
    struct tx_event event = {"queue", change->id, 0, 0, 0, run->title};
    return jobgraph_create(sql, &change->graph, err) &&
           sql_run(sql, SQL_HISTORY_OF_ENDED,
                   SQL_ARGS(sql_int(change->id), sql_int(change->now_ms)), NULL, err) &&
           tx_event(sql, change->now_ms, &event, err);
}

bool store_run_create(struct store *store, const struct store_run_new *run,
                      const struct store_graph *graph, int64_t now_ms, int64_t *run_id,
                      int64_t *ids, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    int64_t *made = ARENA_ARRAY(&scratch, int64_t, graph->job_count + 1);
    struct run_change change = {
        .run = run,
        .graph = {.graph = graph, .now_ms = now_ms, .ids = made},
        .now_ms = now_ms,
    };
    if (!tx_do(store, run_create_body, &change, err))
        return err_wrap(err, "making a run of %zu jobs", graph->job_count);
    for (size_t i = 0; ids && i < graph->job_count; i++)
        ids[i] = made[i];
    *run_id = change.id;
    return true;
}

/* Also says that there is such a run and that it is not over. */
static bool run_check_active(struct sql *sql, int64_t run_id, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(sql, SQL_RUN_GET, SQL_ARGS(sql_int(run_id)), &rows, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)run_id);
    if (!str_eq(sql_get_text(&rows, 1), STR("active")))
        return err_set(err, ERR_USAGE, "run %lld is over", (long long)run_id);
    return true;
}

static bool run_extend_body(struct sql *sql, void *state, struct err *err)
{
    struct run_change *change = state;
    return run_check_active(sql, change->id, err) && jobgraph_extend(sql, &change->graph, err);
}

bool store_run_extend(struct store *store, int64_t run_id, const struct store_graph *graph,
                      int64_t now_ms, int64_t *ids, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    int64_t *made = ARENA_ARRAY(&scratch, int64_t, graph->job_count + 1);
    struct run_change change = {
        .graph = {.graph = graph, .run = run_id, .now_ms = now_ms, .ids = made},
        .id = run_id,
        .now_ms = now_ms,
    };
    if (!tx_do(store, run_extend_body, &change, err))
        return err_wrap(err, "extending run %lld", (long long)run_id);
    for (size_t i = 0; ids && i < graph->job_count; i++)
        ids[i] = made[i];
    return true;
}

static const struct {
    struct str name;
    enum store_run_state state;
} run_states[] = {
    {STR_INIT("active"), RUN_ACTIVE},
    {STR_INIT("finished"), RUN_FINISHED},
    {STR_INIT("cancelled"), RUN_CANCELLED},
};

bool store_run_get(struct store *store, int64_t run_id, struct arena *arena, struct store_run *run,
                   struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(store->sql, SQL_RUN_GET, SQL_ARGS(sql_int(run_id)), &rows, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)run_id);
    struct store_run read = {
        .id = sql_get_int(&rows, 0),
        .title = arena_str(arena, sql_get_text(&rows, 3)),
        .target = arena_str(arena, sql_get_text(&rows, 4)),
        .options = arena_str(arena, sql_get_text(&rows, 5)),
        .created_ms = sql_get_int(&rows, 6),
        .ended_ms = sql_get_int(&rows, 7),
    };
    for (size_t i = 0; i < sizeof run_states / sizeof *run_states; i++)
        if (str_eq(run_states[i].name, sql_get_text(&rows, 1)))
            read.state = run_states[i].state;
    read.has_plan = sql_get_digest(&rows, 2, &read.plan);
    *run = read;
    return true;
}

bool store_run_find(struct store *store, const struct digest *plan, int64_t *run_id,
                    struct err *err)
{
    return sql_number(store->sql, SQL_RUN_FIND, SQL_ARGS(sql_digest(plan)), 0, run_id, err);
}

static bool run_totals(struct sql *sql, int64_t run_id, struct store_totals *totals,
                       struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    struct store_totals counted = {0};
    bool more = false;
    if (!sql_first(sql, SQL_RUN_TOTALS, SQL_ARGS(sql_int(run_id)), &rows, &more, err))
        return false;
    while (more) {
        enum state state = state_parse(sql_get_text(&rows, 0));
        int64_t count = sql_get_int(&rows, 1);
        counted.by_state[state] += count;
        counted.jobs += count;
        if (state == STATE_READY || state == STATE_RETRY || state_group(state) == STATE_LIVE)
            counted.active += count;
        if (!sql_next(&rows, &more, err))
            return false;
    }
    *totals = counted;
    return true;
}

bool store_run_totals(struct store *store, int64_t run_id, struct store_totals *totals,
                      struct err *err)
{
    return run_totals(store->sql, run_id, totals, err);
}

struct run_priorities {
    const int64_t *ids, *priorities;
    size_t count;
};

static bool run_prioritize_body(struct sql *sql, void *state, struct err *err)
{
    const struct run_priorities *list = state;
    for (size_t i = 0; i < list->count; i++)
        if (!sql_run(sql, SQL_RUN_PRIORITY,
                     SQL_ARGS(sql_int(list->ids[i]), sql_int(list->priorities[i])), NULL, err))
            return false;
    return true;
}

bool store_run_prioritize(struct store *store, const int64_t *ids, const int64_t *priorities,
                          size_t count, struct err *err)
{
    struct run_priorities list = {ids, priorities, count};
    return tx_do(store, run_prioritize_body, &list, err);
}

struct run_culprit {
    int64_t id;
    struct str why;
};

/* "needs numpy 1.26.4, which failed: no Fortran compiler" for each job that ended badly. */
static bool run_culprits(struct sql *sql, int64_t run_id, struct arena *arena,
                         struct run_culprit **culprits, size_t *count, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    VEC(struct run_culprit) list = {0};
    bool more = false;
    if (!sql_first(sql, SQL_RUN_ENDED_BADLY, SQL_ARGS(sql_int(run_id)), &rows, &more, err))
        return false;
    while (more) {
        struct str why = sql_get_text(&rows, 4);
        struct run_culprit *culprit = vec_push(&list, arena);
        culprit->id = sql_get_int(&rows, 0);
        culprit->why =
            arena_printf(arena, "needs %.*s %.*s, which %s %.*s%s%.*s",
                         STR_ARG(sql_get_text(&rows, 1)), STR_ARG(sql_get_text(&rows, 2)),
                         str_eq(sql_get_text(&rows, 3), STR("failed")) ? "has" : "was",
                         STR_ARG(sql_get_text(&rows, 3)), why.len ? ": " : "", STR_ARG(why));
        if (!sql_next(&rows, &more, err))
            return false;
    }
    *culprits = list.at;
    *count = list.len;
    return true;
}

static bool run_finish_body(struct sql *sql, void *state, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    const struct run_change *change = state;
    struct run_culprit *culprits = NULL;
    struct store_totals totals;
    size_t count = 0;
    if (!run_check_active(sql, change->id, err) || !run_totals(sql, change->id, &totals, err))
        return false;
    if (totals.active)
        return err_set(err, ERR_USAGE, "run %lld still has %lld jobs to do", (long long)change->id,
                       (long long)totals.active);
    if (!run_culprits(sql, change->id, &scratch, &culprits, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!sql_run(sql, SQL_DEPENDENTS_SKIP,
                     SQL_ARGS(sql_int(culprits[i].id), sql_text(culprits[i].why),
                              sql_int(change->now_ms)),
                     NULL, err))
            return false;
    struct tx_event event = {.type = "finish", .run = change->id};
    return sql_run(sql, SQL_RUN_SKIP_REST, SQL_ARGS(sql_int(change->id), sql_int(change->now_ms)),
                   NULL, err) &&
           sql_run(sql, SQL_HISTORY_OF_ENDED,
                   SQL_ARGS(sql_int(change->id), sql_int(change->now_ms)), NULL, err) &&
           sql_run(
               sql, SQL_RUN_STATE,
               SQL_ARGS(sql_int(change->id), sql_text(STR("finished")), sql_int(change->now_ms)),
               NULL, err) &&
           tx_event(sql, change->now_ms, &event, err);
}

bool store_run_finish(struct store *store, int64_t run_id, int64_t now_ms, struct err *err)
{
    struct run_change change = {.id = run_id, .now_ms = now_ms};
    return tx_do(store, run_finish_body, &change, err);
}

static bool run_cancel_body(struct sql *sql, void *state, struct err *err)
{
    const struct run_change *change = state;
    const struct sql_arg which[] = {sql_int(change->id), sql_int(change->now_ms)};
    struct tx_event event = {.type = "control", .run = change->id, .message = STR("cancel")};
    return run_check_active(sql, change->id, err) &&
           sql_run(sql, SQL_RUN_JOBS_CANCEL, which, 2, NULL, err) &&
           sql_run(sql, SQL_RUN_ATTEMPTS_CANCEL, which, 2, NULL, err) &&
           sql_run(
               sql, SQL_RUN_STATE,
               SQL_ARGS(sql_int(change->id), sql_text(STR("cancelled")), sql_int(change->now_ms)),
               NULL, err) &&
           tx_event(sql, change->now_ms, &event, err);
}

bool store_run_cancel(struct store *store, int64_t run_id, int64_t now_ms, struct err *err)
{
    struct run_change change = {.id = run_id, .now_ms = now_ms};
    return tx_do(store, run_cancel_body, &change, err);
}

static bool run_reopen_body(struct sql *sql, void *state, struct err *err)
{
    const struct run_change *change = state;
    const struct sql_arg which = sql_int(change->id);
    struct tx_event event = {.type = "control", .run = change->id, .message = STR("reopen")};
    int64_t found = 0;
    return sql_run(sql, SQL_RUN_REOPEN_READY, &which, 1, NULL, err) &&
           sql_run(sql, SQL_RUN_REOPEN_WAITING, &which, 1, NULL, err) &&
           sql_run(sql, SQL_RUN_STATE, SQL_ARGS(which, sql_text(STR("active")), sql_int(0)), &found,
                   err) &&
           (found || err_set(err, ERR_NOT_FOUND, "there is no run %lld", (long long)change->id)) &&
           tx_event(sql, change->now_ms, &event, err);
}

bool store_run_reopen(struct store *store, int64_t run_id, int64_t now_ms, struct err *err)
{
    struct run_change change = {.id = run_id, .now_ms = now_ms};
    return tx_do(store, run_reopen_body, &change, err);
}
