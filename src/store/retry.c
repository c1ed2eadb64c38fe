#include "store/retry.h"
#include "store/tx.h"

/* A base of more than a year is no wait that doubling could lengthen: no overflow below. */
#define RETRY_WAIT_MAX_MS (INT64_C(366) * 24 * 3600 * 1000)

struct retry_addition {
    const struct store_retry *at;
    size_t count;
    struct str source, mark;
    int64_t now_ms;
    size_t added;
};

static bool retry_is_marked(struct sql *sql, const struct retry_addition *addition, bool *marked,
                            struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    *marked = false;
    if (!addition->mark.len)
        return true;
    if (!sql_first(sql, SQL_SETTING_GET, SQL_ARGS(sql_text(addition->source)), &rows, &found, err))
        return false;
    *marked = found && str_eq(sql_get_text(&rows, 0), addition->mark);
    return true;
}

static bool retry_add_one(struct sql *sql, const struct store_retry *retry, int64_t now_ms,
                          struct err *err)
{
    struct str recipes = retry->recipes.len ? retry->recipes : STR("[]");
    const struct sql_arg args[] = {sql_text(retry->name),
                                   sql_text(retry->version),
                                   sql_text(retry->target),
                                   sql_text(recipes),
                                   sql_text(retry->strategy),
                                   sql_text(retry->origin),
                                   sql_int(retry->attempts),
                                   sql_int(retry->not_before_ms ? retry->not_before_ms : now_ms),
                                   sql_text(retry->class),
                                   sql_text(retry->reason),
                                   sql_int(now_ms)};
    enum { ARGS = sizeof args / sizeof *args };
    int64_t changed = 0;
    return sql_run(sql, SQL_RETRY_ASK, args, ARGS, &changed, err) &&
           (changed || sql_run(sql, SQL_RETRY_ADD, args, ARGS, NULL, err));
}

static bool retry_add_body(struct sql *sql, void *state, struct err *err)
{
    struct retry_addition *addition = state;
    bool marked;
    addition->added = 0;
    if (!retry_is_marked(sql, addition, &marked, err))
        return false;
    if (marked)
        return true;
    for (size_t i = 0; i < addition->count; i++)
        if (!retry_add_one(sql, &addition->at[i], addition->now_ms, err))
            return false;
    addition->added = addition->count;
    return !addition->mark.len ||
           sql_run(sql, SQL_SETTING_SET,
                   SQL_ARGS(sql_text(addition->source), sql_text(addition->mark)), NULL, err);
}

bool store_retry_add(struct store *store, const struct store_retry *retries, size_t count,
                     struct str source, struct str mark, int64_t now_ms, size_t *added,
                     struct err *err)
{
    struct retry_addition addition = {
        .at = retries, .count = count, .source = source, .mark = mark, .now_ms = now_ms};
    if (!tx_do(store, retry_add_body, &addition, err))
        return false;
    *added = addition.added;
    return true;
}

/* Columns in the order of RETRY_COLUMNS. */
static struct store_retry retry_row(const struct sql_rows *rows)
{
    return (struct store_retry){
        .id = sql_get_int(rows, 0),
        .name = sql_get_text(rows, 1),
        .version = sql_get_text(rows, 2),
        .target = sql_get_text(rows, 3),
        .recipes = sql_get_text(rows, 4),
        .strategy = sql_get_text(rows, 5),
        .origin = sql_get_text(rows, 6),
        .asked = sql_get_int(rows, 7) != 0,
        .held = str_eq(sql_get_text(rows, 8), STR("held")),
        .attempts = sql_get_int(rows, 9),
        .not_before_ms = sql_get_int(rows, 10),
        .class = sql_get_text(rows, 11),
        .reason = sql_get_text(rows, 12),
        .waits_for = sql_get_text(rows, 13),
        .added_ms = sql_get_int(rows, 14),
    };
}

static bool retry_visit(struct store *store, enum sql_id id, const struct sql_arg *args,
                        size_t count, store_retry_fn *visit, void *state, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, id, args, count, &rows, &more, err))
        return false;
    while (more) {
        struct store_retry retry = retry_row(&rows);
        if (!visit(state, &retry, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_retry_each(struct store *store, store_retry_fn *visit, void *state, struct err *err)
{
    return retry_visit(store, SQL_RETRY_EACH, SQL_NO_ARGS, visit, state, err);
}

bool store_retry_due(struct store *store, struct str target, int64_t now_ms, store_retry_fn *visit,
                     void *state, struct err *err)
{
    return retry_visit(store, SQL_RETRY_DUE, SQL_ARGS(sql_int(now_ms), sql_text(target)), visit,
                       state, err);
}

bool store_retry_soonest(struct store *store, struct str target, int64_t *due_ms, struct err *err)
{
    return sql_number(store->sql, SQL_RETRY_SOONEST, SQL_ARGS(sql_text(target)), 0, due_ms, err);
}

struct retry_settlement {
    struct str target;
    const struct store_retry_end *ends;
    size_t count;
    struct store_retry_policy policy;
    int64_t now_ms;
};

static bool retry_built(struct sql *sql, const struct retry_settlement *settlement,
                        const struct store_retry_end *end, struct err *err)
{
    const struct sql_arg which[] = {sql_text(end->name), sql_text(end->version),
                                    sql_text(settlement->target), sql_int(settlement->now_ms)};
    return sql_run(sql, SQL_RETRY_BUILT, which, 3, NULL, err) &&
           sql_run(sql, SQL_RETRY_FREE, which, 4, NULL, err);
}

static bool retry_failed(struct sql *sql, const struct retry_settlement *settlement,
                         const struct store_retry_end *end, struct err *err)
{
    const struct store_retry_policy *policy = &settlement->policy;
    const struct sql_arg args[] = {sql_text(end->name),
                                   sql_text(end->version),
                                   sql_text(settlement->target),
                                   sql_int(policy->base_ms),
                                   sql_int(policy->max_ms),
                                   sql_int(policy->most),
                                   sql_int(policy->most > 0 && !end->awaited),
                                   sql_text(end->class),
                                   sql_text(end->reason),
                                   sql_text(end->waits_for),
                                   sql_int(settlement->now_ms)};
    enum { ARGS = sizeof args / sizeof *args };
    int64_t changed = 0;
    return sql_run(sql, SQL_RETRY_FAILED, args, ARGS, &changed, err) &&
           (changed || sql_run(sql, SQL_RETRY_ADD_FAILED, args, ARGS, NULL, err));
}

static bool retry_settle_body(struct sql *sql, void *state, struct err *err)
{
    const struct retry_settlement *settlement = state;
    int64_t entries;
    if (!sql_number(sql, SQL_RETRY_COUNT, SQL_NO_ARGS, 0, &entries, err))
        return false;
    for (size_t i = 0; i < settlement->count; i++) {
        const struct store_retry_end *end = &settlement->ends[i];
        if (end->good && entries == 0) /* the usual run: nothing to take out of an empty queue */
            continue;
        if (!(end->good ? retry_built : retry_failed)(sql, settlement, end, err))
            return false;
    }
    return true;
}

static int64_t retry_wait(int64_t ms)
{
    return ms < 0 ? 0 : ms > RETRY_WAIT_MAX_MS ? RETRY_WAIT_MAX_MS : ms;
}

bool store_retry_settle(struct store *store, struct str target, const struct store_retry_end *ends,
                        size_t count, const struct store_retry_policy *policy, int64_t now_ms,
                        struct err *err)
{
    struct retry_settlement settlement = {
        .target = target,
        .ends = ends,
        .count = count,
        .policy = {retry_wait(policy->base_ms), retry_wait(policy->max_ms), policy->most},
        .now_ms = now_ms};
    return count == 0 || tx_do(store, retry_settle_body, &settlement, err);
}

bool store_retry_again(struct store *store, struct str name, struct str version, int64_t now_ms,
                       int64_t *changed, struct err *err)
{
    return tx_run(store, SQL_RETRY_AGAIN,
                  SQL_ARGS(sql_text(name), sql_text(version), sql_int(now_ms)), changed, err);
}

bool store_retry_clear(struct store *store, struct str name, struct str version, int64_t *removed,
                       struct err *err)
{
    return tx_run(store, SQL_RETRY_CLEAR, SQL_ARGS(sql_text(name), sql_text(version)), removed,
                  err);
}
