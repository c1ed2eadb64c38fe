#include "store/history.h"
#include "store/tx.h"

enum { HISTORY_LIMIT = 20, HISTORY_TOP = 10 };

bool store_history_each(struct store *store, const struct store_history_query *query,
                        store_history_fn *visit, void *state, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_HISTORY_EACH,
                   SQL_ARGS(sql_text(query->package), sql_text(query->status), sql_int(query->run),
                            sql_int(query->before_id),
                            sql_int(query->limit > 0 ? query->limit : HISTORY_LIMIT)),
                   &rows, &more, err))
        return false;
    while (more) {
        struct store_history_row row = {
            .id = sql_get_int(&rows, 0),
            .time_ms = sql_get_int(&rows, 1),
            .run = sql_get_int(&rows, 2),
            .job = sql_get_int(&rows, 3),
            .attempt = sql_get_int(&rows, 4),
            .number = sql_get_int(&rows, 5),
            .kind = sql_get_text(&rows, 6),
            .name = sql_get_text(&rows, 7),
            .version = sql_get_text(&rows, 8),
            .target = sql_get_text(&rows, 9),
            .status = sql_get_text(&rows, 10),
            .strategy = sql_get_text(&rows, 11),
            .class = sql_get_text(&rows, 12),
            .detail = sql_get_text(&rows, 13),
            .recipes = sql_get_text(&rows, 14),
            .hints = sql_get_text(&rows, 15),
            .log = sql_get_text(&rows, 16),
            .metadata = sql_get_text(&rows, 17),
            .duration_ms = sql_get_int(&rows, 18),
            .peak_kib = sql_get_int(&rows, 19),
            .origin = sql_get_text(&rows, 20),
        };
        if (!visit(state, &row, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

static bool history_top(struct store *store, enum sql_id id, int64_t limit,
                        store_history_top_fn *visit, void *state, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, id, SQL_ARGS(sql_int(limit > 0 ? limit : HISTORY_TOP)), &rows, &more,
                   err))
        return false;
    while (more) {
        struct store_history_top top = {
            .name = sql_get_text(&rows, 0),
            .count = sql_get_int(&rows, 1),
            .last_ms = sql_get_int(&rows, 2),
            .mean_ms = sql_get_int(&rows, 3),
            .longest_ms = sql_get_int(&rows, 4),
            .version = sql_get_text(&rows, 5),
            .detail = sql_get_text(&rows, 6),
        };
        if (!visit(state, &top, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_history_failures(struct store *store, int64_t limit, store_history_top_fn *visit,
                            void *state, struct err *err)
{
    return history_top(store, SQL_HISTORY_FAILURES, limit, visit, state, err);
}

bool store_history_slowest(struct store *store, int64_t limit, store_history_top_fn *visit,
                           void *state, struct err *err)
{
    return history_top(store, SQL_HISTORY_SLOWEST, limit, visit, state, err);
}

bool store_record_each(struct store *store, struct str name, struct str target,
                       store_record_fn *visit, void *state, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_HISTORY_RECORD, SQL_ARGS(sql_text(name), sql_text(target)),
                   &rows, &more, err))
        return false;
    while (more) {
        struct store_record record = {.strategy = sql_get_text(&rows, 0),
                                      .class = sql_get_text(&rows, 1),
                                      .count = sql_get_int(&rows, 2),
                                      .last = sql_get_int(&rows, 3)};
        if (!visit(state, &record, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}
