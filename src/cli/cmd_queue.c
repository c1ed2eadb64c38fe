#include "cli/command.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/vec.h"
#include "build/recipe.h"
#include "cli/plan_options.h"
#include "cli/table.h"
#include "cli/term.h"
#include "os/file.h"
#include "pkg/name.h"
#include "pkg/version.h"
#include "publish/manifest.h"
#include "run/retry_import.h"

struct queue {
    const struct call *call;
    int64_t now_ms;
    VEC(struct store_retry) rows;
};

struct queue_word {
    struct str name, version;
};

static bool queue_parse_word(struct str word, struct arena *arena, struct queue_word *out,
                             struct err *err)
{
    struct version version;
    struct str name = word, told = {0};
    size_t at = str_find_char(word, '=');
    if (at < word.len) {
        name = str_trim(str_slice(word, 0, at));
        told = str_slice(word, at, word.len);
        if (!str_starts(told, STR("==")) ||
            !version_parse(str_trim(str_from_pos(told, 2)), &version, err))
            return err_set(err, ERR_USAGE, "queue: \"" STR_FMT "\": say NAME or NAME==VERSION",
                           STR_ARG(word));
        told = str_trim(str_from_pos(told, 2));
    }
    if (!name_is_valid(name))
        return err_set(err, ERR_USAGE, "queue: \"" STR_FMT "\" is no name of a package",
                       STR_ARG(word));
    *out = (struct queue_word){name_normal(name, arena), told};
    return true;
}

/* ---- where it is ---- */

static bool queue_none(struct str path, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "there is no queue at " STR_FMT
                   ": name a cache with --cache DIR, or a retry_queue.json with --queue-path FILE "
                   "(the queue of a server is not available yet)",
                   STR_ARG(path));
}

/* The file of an earlier system in the cache is a part of the queue, whoever looks first. */
static bool queue_open(const struct call *call, bool make, struct store **store, struct err *err)
{
    const struct options *options = call->options;
    struct str path = option_str(options, OPTION_HISTORY_DB);
    struct str cache = option_str(options, OPTION_CACHE);
    int64_t now = clock_wall_ms(call->clock);
    const char *file = file_join(call->arena, cache, STR("retry_queue.json")).ptr;
    bool named = option_is_set(options, OPTION_CACHE) || option_is_set(options, OPTION_HISTORY_DB);
    if (access(path.ptr, F_OK) < 0 && access(file, F_OK) < 0 && !(make && named))
        return queue_none(path, err);
    return file_mkdirs(AT_FDCWD, cache.ptr, 0755, err) && store_open(path.ptr, now, store, err) &&
           retry_import_cache(*store, cache, now, err);
}

/* ---- list ---- */

static bool queue_keep(void *state, const struct store_retry *row, struct err *err)
{
    struct queue *queue = state;
    struct store_retry *kept = vec_push(&queue->rows, queue->call->arena);
    (void)err;
    *kept = *row;
    struct str *const texts[] = {&kept->name,     &kept->version, &kept->target,
                                 &kept->recipes,  &kept->origin,  &kept->class,
                                 &kept->strategy, &kept->reason,  &kept->waits_for};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(queue->call->arena, *texts[i]);
    return true;
}

static const char *queue_status(const struct queue *queue, const struct store_retry *row)
{
    return row->held ? "held" : row->not_before_ms <= queue->now_ms ? "due" : "waiting";
}

static void queue_json_row(const struct queue *queue, yyjson_mut_doc *doc, yyjson_mut_val *list,
                           const struct store_retry *row)
{
    JSON_AUTO yyjson_doc *recipes = NULL;
    struct err ignored;
    struct str python, platform;
    yyjson_mut_val *entry = yyjson_mut_arr_add_obj(doc, list);
    yyjson_mut_obj_add_int(doc, entry, "id", row->id);
    json_add_str(doc, entry, "package", row->name);
    json_add_str(doc, entry, "version", row->version);
    json_add_str(doc, entry, "target", row->target);
    if (str_cut(row->target, '-', &python, &platform))
        json_add_str(doc, entry, "python_tag", python);
    json_add_str(doc, entry, "status", str_from(queue_status(queue, row)));
    yyjson_mut_obj_add_int(doc, entry, "attempts", row->attempts);
    yyjson_mut_obj_add_real(doc, entry, "not_before", (double)row->not_before_ms / 1000);
    yyjson_mut_obj_add_real(doc, entry, "added", (double)row->added_ms / 1000);
    if (json_parse(row->recipes, "recipes", &recipes, &ignored))
        yyjson_mut_obj_add_val(doc, entry, "recipes",
                               yyjson_val_mut_copy(doc, yyjson_doc_get_root(recipes)));
    json_add_str(doc, entry, "strategy", row->strategy);
    json_add_str(doc, entry, "origin", row->origin);
    json_add_str(doc, entry, "class", row->class);
    json_add_str(doc, entry, "why", row->reason);
    json_add_str(doc, entry, "waits_for", row->waits_for);
}

static size_t queue_due(const struct queue *queue)
{
    size_t due = 0;
    for (size_t i = 0; i < queue->rows.len; i++)
        due += !queue->rows.at[i].held && queue->rows.at[i].not_before_ms <= queue->now_ms;
    return due;
}

static void queue_json(const struct queue *queue)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_uint(doc, root, "length", queue->rows.len);
    yyjson_mut_obj_add_uint(doc, root, "due", queue_due(queue));
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "entries");
    for (size_t i = 0; i < queue->rows.len; i++)
        queue_json_row(queue, doc, list, &queue->rows.at[i]);
    json_write(doc, true, &text);
    fwrite(text.ptr, 1, text.len, stdout);
}

static struct str queue_when(const struct queue *queue, const struct store_retry *row)
{
    BUF_AUTO struct buf text = {0};
    if (row->held)
        return STR("when asked");
    if (row->not_before_ms <= queue->now_ms)
        return STR("now");
    manifest_time(row->not_before_ms, &text);
    return arena_str(queue->call->arena, buf_str(&text));
}

/* "hybrid apt:libx-dev env:K=V" */
static struct str queue_with(const struct store_retry *row, struct arena *arena)
{
    BUF_AUTO struct buf text = {0};
    struct spec_list words = spec_list_read(row->recipes, arena);
    buf_add(&text, row->strategy);
    for (size_t i = 0; i < words.len; i++)
        buf_printf(&text, "%s" STR_FMT, text.len ? " " : "", STR_ARG(words.at[i]));
    return arena_str(arena, buf_str(&text));
}

static void queue_table(const struct queue *queue)
{
    static const struct table_column columns[] = {
        {.title = "package", .squeeze = 12}, {.title = "version", .squeeze = 8},
        {.title = "target", .squeeze = 8},   {.title = "status"},
        {.title = "tries", .right = true},   {.title = "next (UTC)"},
        {.title = "with", .squeeze = 12},    {.title = "why", .squeeze = 20}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct arena *arena = queue->call->arena;
    BUF_AUTO struct buf text = {0};
    struct table_cell *cells = ARENA_ARRAY(arena, struct table_cell, queue->rows.len * COLUMNS + 1);
    for (size_t i = 0; i < queue->rows.len; i++) {
        const struct store_retry *row = &queue->rows.at[i];
        struct table_cell *cell = &cells[i * COLUMNS];
        cell[0].text = row->name;
        cell[1].text = row->version.len ? row->version : STR("any");
        cell[2].text = row->target.len ? row->target : STR("any");
        cell[3].text = str_from(queue_status(queue, row));
        cell[4].text = arena_printf(arena, "%lld", (long long)row->attempts);
        cell[5].text = queue_when(queue, row);
        cell[6].text = queue_with(row, arena);
        cell[7].text = row->reason;
    }
    size_t width = term_is_terminal(STDOUT_FILENO) ? term_width(STDOUT_FILENO) : 0;
    if (queue->rows.len)
        table_render(columns, COLUMNS, cells, queue->rows.len, width, queue->call->color, &text);
    buf_printf(&text, "%s%zu %s in the queue, %zu due\n", queue->rows.len ? "\n" : "",
               queue->rows.len, queue->rows.len == 1 ? "entry" : "entries", queue_due(queue));
    fwrite(text.ptr, 1, text.len, stdout);
}

/* What a file of an earlier system holds, before anybody takes it in. */
static bool queue_read_file(struct queue *queue, const char *path, struct err *err)
{
    struct arena *arena = queue->call->arena;
    struct retry_file file;
    if (!retry_import_read(path, arena, &file, err))
        return false;
    retry_import_say(path, &file);
    for (size_t i = 0; i < file.len; i++)
        *vec_push(&queue->rows, arena) =
            (struct store_retry){.name = file.at[i].name,
                                 .version = file.at[i].version,
                                 .target = file.at[i].target,
                                 .recipes = spec_list_json(file.at[i].recipes, arena),
                                 .strategy = file.at[i].strategy,
                                 .origin = STR("import"),
                                 .attempts = file.at[i].attempts,
                                 .reason = file.at[i].reason};
    return true;
}

static bool queue_list(const struct call *call, struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    struct queue queue = {.call = call, .now_ms = clock_wall_ms(call->clock)};
    struct str file = option_str(call->options, OPTION_QUEUE_PATH);
    if (call->args.len > 1)
        return err_set(err, ERR_USAGE, "queue list: takes no names");
    if (file.len ? !queue_read_file(&queue, file.ptr, err)
                 : !queue_open(call, false, &store, err) ||
                       !store_retry_each(store, queue_keep, &queue, err))
        return false;
    if (option_flag(call->options, OPTION_JSON))
        queue_json(&queue);
    else
        queue_table(&queue);
    return true;
}

/* ---- add, retry, clear ---- */

/* --recipe NAME=WORD, of one name. */
static bool queue_recipes(const struct call *call, struct str name, struct str *json,
                          struct err *err)
{
    struct option_list given = option_list(call->options, OPTION_RECIPE);
    VEC(struct str) words = {0};
    for (size_t i = 0; i < given.len; i++) {
        struct str whose, word;
        if (!str_cut(given.at[i], '=', &whose, &word) || !name_is_valid(whose))
            return err_set(err, ERR_USAGE,
                           "--recipe " STR_FMT ": say NAME=RECIPE, such as lxml=apt:libxml2-dev",
                           STR_ARG(given.at[i]));
        if (!recipe_check(word, err))
            return err_wrap(err, "--recipe");
        if (name_eq(whose, name))
            *vec_push(&words, call->arena) = word;
    }
    *json = spec_list_json((struct spec_list){words.at, words.len}, call->arena);
    return true;
}

/* A target of its own where one was named; else whichever worker comes. */
static bool queue_target(const struct call *call, struct str *target, struct err *err)
{
    const struct options *options = call->options;
    struct run_plan_config place = {0};
    *target = STR("");
    if (!option_is_set(options, OPTION_PYTHON) && !option_is_set(options, OPTION_ARCH) &&
        !option_is_set(options, OPTION_PLATFORM_TAG))
        return true;
    if (!plan_options_target(call, &place, err))
        return false;
    struct str tag = tags_python(option_str(options, OPTION_PYTHON), call->arena);
    return retry_file_target(tag, place.platform_tag, call->arena, target, err) ||
           err_wrap(err, "--python, --platform-tag");
}

static void queue_say(const struct call *call, const char *did, int64_t count)
{
    if (option_flag(call->options, OPTION_JSON))
        printf("{\"%s\": %lld}\n", did, (long long)count);
    else
        printf("%lld %s %s\n", (long long)count, count == 1 ? "entry" : "entries", did);
}

static bool queue_add(const struct call *call, struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    struct str file = option_str(call->options, OPTION_QUEUE_PATH), target;
    struct str strategy = option_is_set(call->options, OPTION_STRATEGY)
                              ? option_str(call->options, OPTION_STRATEGY)
                              : STR("");
    VEC(struct store_retry) rows = {0};
    int64_t now = clock_wall_ms(call->clock);
    size_t added = 0, imported = 0;
    if (call->args.len < 2 && !file.len)
        return err_set(err, ERR_USAGE, "queue add: name packages, or a file with --queue-path");
    if (!queue_target(call, &target, err))
        return false;
    for (size_t i = 1; i < call->args.len; i++) {
        struct queue_word word;
        struct str recipes;
        if (!queue_parse_word(call->args.at[i], call->arena, &word, err) ||
            !queue_recipes(call, word.name, &recipes, err))
            return false;
        *vec_push(&rows, call->arena) = (struct store_retry){.name = word.name,
                                                             .version = word.version,
                                                             .target = target,
                                                             .recipes = recipes,
                                                             .strategy = strategy,
                                                             .origin = STR("user")};
    }
    if (!queue_open(call, true, &store, err) ||
        (file.len && !retry_import_file(store, file.ptr, now, &imported, err)) ||
        !store_retry_add(store, rows.at, rows.len, STR(""), STR(""), now, &added, err))
        return false;
    queue_say(call, "added", (int64_t)(added + imported));
    return true;
}

typedef bool queue_change_fn(struct store *store, const struct queue_word *word, int64_t now_ms,
                             int64_t *changed, struct err *err);

static bool queue_again(struct store *store, const struct queue_word *word, int64_t now_ms,
                        int64_t *changed, struct err *err)
{
    return store_retry_again(store, word->name, word->version, now_ms, changed, err);
}

static bool queue_clear(struct store *store, const struct queue_word *word, int64_t now_ms,
                        int64_t *changed, struct err *err)
{
    (void)now_ms;
    return store_retry_clear(store, word->name, word->version, changed, err);
}

/* All entries, or those that are named; a name that none has is most likely mistyped. */
static bool queue_change(const struct call *call, queue_change_fn *change, const char *did,
                         struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    int64_t now = clock_wall_ms(call->clock), changed = 0, total = 0;
    VEC(struct queue_word) words = {0};
    for (size_t i = 1; i < call->args.len; i++)
        if (!queue_parse_word(call->args.at[i], call->arena, vec_push(&words, call->arena), err))
            return false;
    if (call->args.len < 2)
        *vec_push(&words, call->arena) = (struct queue_word){0};
    if (!queue_open(call, false, &store, err))
        return false;
    for (size_t i = 0; i < words.len; i++) {
        if (!change(store, &words.at[i], now, &changed, err))
            return false;
        if (!changed && words.at[i].name.len)
            return err_set(err, ERR_NOT_FOUND,
                           "queue: no entry for " STR_FMT "; \"queue list\" shows them",
                           STR_ARG(call->args.at[i + 1]));
        total += changed;
    }
    queue_say(call, did, total);
    return true;
}

bool cmd_queue(const struct call *call, int *status, struct err *err)
{
    struct str what = call->args.len ? call->args.at[0] : STR("list");
    *status = COMMAND_OK;
    if (str_eq(what, STR("list")))
        return queue_list(call, err);
    if (str_eq(what, STR("add")))
        return queue_add(call, err);
    if (str_eq(what, STR("retry")))
        return queue_change(call, queue_again, "due now", err);
    if (str_eq(what, STR("clear")))
        return queue_change(call, queue_clear, "cleared", err);
    return err_set(err, ERR_USAGE, "say: queue list, add, retry or clear; not \"" STR_FMT "\"",
                   STR_ARG(what));
}
