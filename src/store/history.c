#include "store/history.h"
#include "base/json.h"
#include "os/file.h"
#include "store/tx.h"

#include <errno.h>
#include <stdio.h>

enum { HISTORY_LIMIT = 20, HISTORY_TOP = 10, HISTORY_FILE_MAX = 64 << 20 };

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

static bool history_add_retry(struct sql *sql, const struct store_retry *retry, int64_t now_ms,
                              struct err *err)
{
    return sql_run(sql, SQL_RETRY_ADD,
                   SQL_ARGS(sql_int(now_ms), sql_text(retry->name), sql_text(retry->version),
                            sql_text(retry->target), sql_text(retry->recipes),
                            sql_text(retry->details)),
                   NULL, err);
}

bool store_retry_add(struct store *store, const struct store_retry *retry, int64_t now_ms,
                     struct err *err)
{
    return tx_run(store, SQL_RETRY_ADD,
                  SQL_ARGS(sql_int(now_ms), sql_text(retry->name), sql_text(retry->version),
                           sql_text(retry->target), sql_text(retry->recipes),
                           sql_text(retry->details)),
                  NULL, err);
}

bool store_retry_each(struct store *store, store_retry_fn *visit, void *state, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_RETRY_EACH, SQL_NO_ARGS, &rows, &more, err))
        return false;
    while (more) {
        struct store_retry retry = {
            .id = sql_get_int(&rows, 0),
            .time_ms = sql_get_int(&rows, 1),
            .name = sql_get_text(&rows, 2),
            .version = sql_get_text(&rows, 3),
            .target = sql_get_text(&rows, 4),
            .recipes = sql_get_text(&rows, 5),
            .details = sql_get_text(&rows, 6),
        };
        if (!visit(state, &retry, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_retry_clear(struct store *store, int64_t up_to_id, struct err *err)
{
    return tx_run(store, SQL_RETRY_CLEAR, SQL_ARGS(sql_int(up_to_id)), NULL, err);
}

struct history_queue {
    yyjson_val *list;
    struct str mark; /* settings key that says "these very bytes were imported" */
    int64_t now_ms, imported;
};

static struct str history_first_of(yyjson_val *object, const char *one, const char *other)
{
    struct str value = json_get_str(object, one);
    return value.len ? value : json_get_str(object, other);
}

/* One request; what has no package name asks for nothing and is left out. */
static bool history_import_item(struct sql *sql, yyjson_val *item, struct history_queue *queue,
                                struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    BUF_AUTO struct buf recipes = {0}, details = {0};
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    struct str python = json_get_str(item, "python_tag");
    struct str platform = json_get_str(item, "platform_tag");
    struct store_retry retry = {
        .name = yyjson_is_str(item) ? json_str(item) : history_first_of(item, "package", "name"),
        .version = json_get_str(item, "version"),
        .target = arena_printf(&scratch, "%.*s%s%.*s", STR_ARG(python),
                               python.len && platform.len ? "-" : "", STR_ARG(platform)),
    };
    if (!retry.name.len)
        return true;
    if (json_get_array(item, "recipes")) {
        yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, json_get_array(item, "recipes")));
        json_write(doc, false, &recipes);
    }
    yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, item));
    json_write(doc, false, &details);
    retry.recipes = buf_str(&recipes);
    retry.details = buf_str(&details);
    queue->imported++;
    return history_add_retry(sql, &retry, queue->now_ms, err);
}

static bool history_import_body(struct sql *sql, void *state, struct err *err)
{
    struct history_queue *queue = state;
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool done = false;
    yyjson_val *item;
    size_t at, count;
    queue->imported = 0;
    if (!sql_first(sql, SQL_SETTING_GET, SQL_ARGS(sql_text(queue->mark)), &rows, &done, err))
        return false;
    sql_end(&rows);
    if (done)
        return true;
    yyjson_arr_foreach(queue->list, at, count, item)
    {
        if (!history_import_item(sql, item, queue, err))
            return false;
    }
    return sql_run(sql, SQL_SETTING_SET, SQL_ARGS(sql_text(queue->mark), sql_int(queue->now_ms)),
                   NULL, err);
}

/* The list may be the document itself or a member of it. */
static yyjson_val *history_queue_list(yyjson_val *root)
{
    static const char *const names[] = {"items", "queue", "requests", "packages"};
    if (yyjson_is_arr(root))
        return root;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_get_array(root, names[i]))
            return json_get_array(root, names[i]);
    return NULL;
}

bool store_retry_import(struct store *store, const char *path, int64_t now_ms, int64_t *imported,
                        struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    JSON_AUTO yyjson_doc *doc = NULL;
    struct str text;
    struct err why;
    if (!file_read(AT_FDCWD, path, HISTORY_FILE_MAX, &scratch, &text, &why)) {
        if (why.code != ERR_NOT_FOUND) {
            *err = why;
            return false;
        }
        *imported = 0;
        return true;
    }
    struct digest digest = digest_of(text);
    struct digest_hex hex = digest_to_hex(&digest);
    struct history_queue queue = {.mark = arena_printf(&scratch, "imported %s", hex.text),
                                  .now_ms = now_ms};
    if (str_trim(text).len && !json_parse(text, path, &doc, err))
        return false;
    queue.list = history_queue_list(yyjson_doc_get_root(doc));
    if (doc && !queue.list)
        return err_set(err, ERR_FORMAT, "%s: not a list of requests; move it away to go on", path);
    if (!tx_do(store, history_import_body, &queue, err))
        return false;
    if (rename(path, arena_printf(&scratch, "%s.imported", path).ptr) < 0)
        return err_errno(err, "renaming %s, which was imported", path);
    *imported = queue.imported;
    return true;
}
