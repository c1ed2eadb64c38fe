#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/vec.h"
#include "cli/history_open.h"
#include "cli/table.h"
#include "cli/term.h"
#include "os/file.h"
#include "store/history.h"

/* Everything asked for, read first, so that the store is closed before anything is printed. */
struct history {
    struct arena *arena;
    VEC(struct store_history_row) rows;
    VEC(struct store_history_top) failures, slowest;
};

enum { HISTORY_STAMP = 32 };

/* "2026-01-31 23:59:07" in UTC: the same output wherever it is read. */
static struct str history_time(struct arena *arena, int64_t time_ms)
{
    char text[HISTORY_STAMP];
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts))
        return STR("?");
    return arena_str(arena, str_from(text));
}

static struct str history_seconds(struct arena *arena, int64_t duration_ms)
{
    if (duration_ms <= 0)
        return STR("");
    return arena_printf(arena, "%lld.%lld", (long long)(duration_ms / 1000),
                        (long long)(duration_ms % 1000 / 100));
}

static bool history_keep_row(void *state, const struct store_history_row *row, struct err *err)
{
    struct history *history = state;
    struct store_history_row *kept = vec_push(&history->rows, history->arena);
    (void)err;
    *kept = *row;
    struct str *const texts[] = {&kept->name,    &kept->version,  &kept->target, &kept->kind,
                                 &kept->status,  &kept->strategy, &kept->class,  &kept->detail,
                                 &kept->recipes, &kept->hints,    &kept->log,    &kept->metadata,
                                 &kept->origin};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(history->arena, *texts[i]);
    return true;
}

static void history_keep_top(struct arena *arena, struct store_history_top *kept,
                             const struct store_history_top *top)
{
    *kept = *top;
    kept->name = arena_str(arena, top->name);
    kept->version = arena_str(arena, top->version);
    kept->detail = arena_str(arena, top->detail);
}

static bool history_keep_failure(void *state, const struct store_history_top *top, struct err *err)
{
    struct history *history = state;
    (void)err;
    history_keep_top(history->arena, vec_push(&history->failures, history->arena), top);
    return true;
}

static bool history_keep_slow(void *state, const struct store_history_top *top, struct err *err)
{
    struct history *history = state;
    (void)err;
    history_keep_top(history->arena, vec_push(&history->slowest, history->arena), top);
    return true;
}

static bool history_read(const struct call *call, struct history *history, struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    const struct options *options = call->options;
    int64_t failures = option_int(options, OPTION_TOP_FAILURES);
    int64_t slowest = option_int(options, OPTION_TOP_SLOWEST);
    struct store_history_query query = {
        .package = option_str(options, OPTION_PACKAGE),
        .status = option_str(options, OPTION_STATUS),
        .limit = option_int(options, OPTION_RECENT),
    };
    /* An export is of everything unless a number was given. */
    if (option_is_set(options, OPTION_EXPORT_CSV) && !option_is_set(options, OPTION_RECENT))
        query.limit = INT64_MAX;
    return history_open(call, &store, err) &&
           (query.limit <= 0 ||
            store_history_each(store, &query, history_keep_row, history, err)) &&
           (failures <= 0 ||
            store_history_failures(store, failures, history_keep_failure, history, err)) &&
           (slowest <= 0 || store_history_slowest(store, slowest, history_keep_slow, history, err));
}

/* RFC 4180: quoted where it has to be. */
static void history_csv_cell(struct buf *out, struct str text, char end)
{
    bool quoted = str_has_char(text, ',') || str_has_char(text, '"') || str_has_char(text, '\n') ||
                  str_has_char(text, '\r');
    if (quoted)
        buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, text.ptr[i]);
    }
    if (quoted)
        buf_add_char(out, '"');
    if (end == '\n')
        buf_add_char(out, '\r');
    buf_add_char(out, end);
}

static void history_csv(const struct history *history, struct buf *out)
{
    buf_add(out, STR("id,time,run,name,version,target,status,strategy,attempt,duration_ms,"
                     "peak_kib,class,detail,recipes,hints,log\r\n"));
    for (size_t i = 0; i < history->rows.len; i++) {
        const struct store_history_row *row = &history->rows.at[i];
        buf_printf(out, "%lld,", (long long)row->id);
        history_csv_cell(out, history_time(history->arena, row->time_ms), ',');
        buf_printf(out, "%lld,", (long long)row->run);
        const struct str before[] = {row->name, row->version, row->target, row->status,
                                     row->strategy};
        for (size_t j = 0; j < sizeof before / sizeof *before; j++)
            history_csv_cell(out, before[j], ',');
        buf_printf(out, "%lld,%lld,%lld,", (long long)row->number, (long long)row->duration_ms,
                   (long long)row->peak_kib);
        const struct str after[] = {row->class, row->detail, row->recipes, row->hints, row->log};
        for (size_t j = 0; j < sizeof after / sizeof *after; j++)
            history_csv_cell(out, after[j], j + 1 < sizeof after / sizeof *after ? ',' : '\n');
    }
}

/* A document kept as text becomes part of the answer; text that is none becomes a string. */
static void history_add_document(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                                 struct str text)
{
    JSON_AUTO yyjson_doc *parsed = NULL;
    struct err ignored;
    if (!text.len)
        return;
    if (json_parse(text, key, &parsed, &ignored))
        yyjson_mut_obj_add_val(doc, object, key,
                               yyjson_val_mut_copy(doc, yyjson_doc_get_root(parsed)));
    else
        json_add_str(doc, object, key, text);
}

static void history_json_row(yyjson_mut_doc *doc, yyjson_mut_val *list,
                             const struct store_history_row *row)
{
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
    yyjson_mut_obj_add_int(doc, object, "id", row->id);
    yyjson_mut_obj_add_real(doc, object, "timestamp", (double)row->time_ms / 1000);
    yyjson_mut_obj_add_int(doc, object, "run_id", row->run);
    json_add_str(doc, object, "name", row->name);
    json_add_str(doc, object, "version", row->version);
    json_add_str(doc, object, "target", row->target);
    json_add_str(doc, object, "status", row->status);
    json_add_str(doc, object, "detail", row->detail);
    json_add_str(doc, object, "strategy", row->strategy);
    json_add_str(doc, object, "class", row->class);
    json_add_str(doc, object, "log", row->log);
    yyjson_mut_obj_add_int(doc, object, "attempt", row->number);
    yyjson_mut_obj_add_int(doc, object, "duration_ms", row->duration_ms);
    yyjson_mut_obj_add_int(doc, object, "peak_kib", row->peak_kib);
    history_add_document(doc, object, "recipes", row->recipes);
    history_add_document(doc, object, "matched_hint_ids", row->hints);
    history_add_document(doc, object, "metadata", row->metadata);
    if (row->origin.len)
        json_add_str(doc, object, "origin", row->origin);
}

static void history_json_top(yyjson_mut_doc *doc, const char *key,
                             const struct store_history_top *at, size_t len, bool timed)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, yyjson_mut_doc_get_root(doc), key);
    for (size_t i = 0; i < len; i++) {
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, object, "name", at[i].name);
        yyjson_mut_obj_add_int(doc, object, "count", at[i].count);
        json_add_str(doc, object, "version", at[i].version);
        yyjson_mut_obj_add_real(doc, object, "last", (double)at[i].last_ms / 1000);
        if (timed) {
            yyjson_mut_obj_add_int(doc, object, "mean_ms", at[i].mean_ms);
            yyjson_mut_obj_add_int(doc, object, "longest_ms", at[i].longest_ms);
        } else {
            json_add_str(doc, object, "detail", at[i].detail);
        }
    }
}

static void history_json(const struct call *call, const struct history *history, struct buf *out)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_val *recent = yyjson_mut_obj_add_arr(doc, root, "recent");
    for (size_t i = 0; i < history->rows.len; i++)
        history_json_row(doc, recent, &history->rows.at[i]);
    if (option_int(call->options, OPTION_TOP_FAILURES) > 0)
        history_json_top(doc, "top_failures", history->failures.at, history->failures.len, false);
    if (option_int(call->options, OPTION_TOP_SLOWEST) > 0)
        history_json_top(doc, "top_slowest", history->slowest.at, history->slowest.len, true);
    json_write(doc, true, out);
}

static unsigned char history_color(struct str status)
{
    static const struct {
        struct str word;
        unsigned char color;
    } colors[] = {{STR_INIT("built"), 32},   {STR_INIT("failed"), 31}, {STR_INIT("blocked"), 31},
                  {STR_INIT("missing"), 31}, {STR_INIT("retry"), 33},  {STR_INIT("skipped"), 33}};
    for (size_t i = 0; i < sizeof colors / sizeof *colors; i++)
        if (str_starts(status, colors[i].word))
            return colors[i].color;
    return 0;
}

static void history_text_rows(const struct call *call, const struct history *history, size_t width,
                              struct buf *out)
{
    static const struct table_column columns[] = {{"time (UTC)", false, 0}, {"package", false, 12},
                                                  {"version", false, 8},    {"target", false, 8},
                                                  {"status", false, 0},     {"strategy", false, 0},
                                                  {"seconds", true, 0},     {"detail", false, 20}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct table_cell *cells =
        ARENA_ARRAY(history->arena, struct table_cell, history->rows.len * COLUMNS + 1);
    for (size_t i = 0; i < history->rows.len; i++) {
        const struct store_history_row *row = &history->rows.at[i];
        struct table_cell *cell = &cells[i * COLUMNS];
        cell[0] = (struct table_cell){history_time(history->arena, row->time_ms), 2};
        cell[1].text = row->name;
        cell[2].text = row->version;
        cell[3].text = row->target;
        cell[4] = (struct table_cell){row->status, history_color(row->status)};
        cell[5].text = row->strategy;
        cell[6].text = history_seconds(history->arena, row->duration_ms);
        cell[7].text = row->detail;
    }
    if (history->rows.len)
        table_render(columns, COLUMNS, cells, history->rows.len, width, call->color, out);
    else
        buf_add(out, STR("Nothing of that kind has happened yet.\n"));
}

static void history_text_top(const struct call *call, const struct history *history,
                             const struct store_history_top *at, size_t len, bool timed,
                             size_t width, struct buf *out)
{
    static const struct table_column failing[] = {{"package", false, 12},
                                                  {"failures", true, 0},
                                                  {"last", false, 0},
                                                  {"version", false, 8},
                                                  {"detail", false, 20}};
    static const struct table_column slow[] = {{"package", false, 12},
                                               {"builds", true, 0},
                                               {"last", false, 0},
                                               {"mean s", true, 0},
                                               {"longest s", true, 0}};
    enum { COLUMNS = 5 };
    struct table_cell *cells = ARENA_ARRAY(history->arena, struct table_cell, len * COLUMNS + 1);
    for (size_t i = 0; i < len; i++) {
        struct table_cell *cell = &cells[i * COLUMNS];
        cell[0].text = at[i].name;
        cell[1].text = arena_printf(history->arena, "%lld", (long long)at[i].count);
        cell[2] = (struct table_cell){history_time(history->arena, at[i].last_ms), 2};
        cell[3].text = timed ? history_seconds(history->arena, at[i].mean_ms) : at[i].version;
        cell[4].text = timed ? history_seconds(history->arena, at[i].longest_ms) : at[i].detail;
    }
    buf_printf(out, "\n%s\n", timed ? "Slowest packages" : "Packages that failed most often");
    if (len)
        table_render(timed ? slow : failing, COLUMNS, cells, len, width, call->color, out);
    else
        buf_add(out, STR("none\n"));
}

/* As of any program that is told to write to "-": that and nothing else. */
static bool history_csv_out(const struct history *history)
{
    BUF_AUTO struct buf csv = {0};
    history_csv(history, &csv);
    fwrite(csv.ptr, 1, csv.len, stdout);
    return true;
}

static bool history_csv_file(const struct call *call, const struct history *history,
                             struct str path, struct buf *out, struct err *err)
{
    BUF_AUTO struct buf csv = {0};
    history_csv(history, &csv);
    if (!file_write(AT_FDCWD, path.ptr, 0644, buf_str(&csv), err))
        return false;
    if (!option_flag(call->options, OPTION_JSON))
        buf_printf(out, "%zu events written to " STR_FMT "\n", history->rows.len, STR_ARG(path));
    return true;
}

bool cmd_history(const struct call *call, int *status, struct err *err)
{
    struct history history = {.arena = call->arena};
    BUF_AUTO struct buf out = {0};
    const struct options *options = call->options;
    size_t width = term_is_terminal(STDOUT_FILENO) ? term_width(STDOUT_FILENO) : 0;
    if (!history_read(call, &history, err))
        return false;
    *status = COMMAND_OK;
    struct str csv = option_str(options, OPTION_EXPORT_CSV);
    if (str_eq(csv, STR("-")))
        return history_csv_out(&history);
    if (csv.len && !history_csv_file(call, &history, csv, &out, err))
        return false;
    if (option_flag(options, OPTION_JSON)) {
        history_json(call, &history, &out);
    } else {
        if (!option_is_set(options, OPTION_EXPORT_CSV) && option_int(options, OPTION_RECENT) > 0)
            history_text_rows(call, &history, width, &out);
        if (option_int(options, OPTION_TOP_FAILURES) > 0)
            history_text_top(call, &history, history.failures.at, history.failures.len, false,
                             width, &out);
        if (option_int(options, OPTION_TOP_SLOWEST) > 0)
            history_text_top(call, &history, history.slowest.at, history.slowest.len, true, width,
                             &out);
    }
    fwrite(out.ptr, 1, out.len, stdout);
    return true;
}
