#include "cli/hint_stats.h"

#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/vec.h"
#include "cli/hint_map.h"
#include "cli/hint_replay.h"
#include "cli/history_open.h"
#include "cli/table.h"
#include "cli/term.h"
#include "hint/confidence.h"
#include "run/hints.h"

struct stats_row {
    struct str hint;
    int64_t applied, fixed;
    size_t failures;    /* stored, for which it has a recipe */
    double prior, sure; /* of the catalogue, and by its record; -1: no hint of it any more */
};

struct stats {
    const struct call *call;
    const struct hint_catalogue *catalogue;
    struct hint_replay replay;
    VEC(struct stats_row) rows;
    VEC(struct store_inferred) inferred;
};

static void stats_add(struct stats *stats, struct str hint, int64_t applied, int64_t fixed)
{
    const struct hint *known = catalogue_find(stats->catalogue, hint);
    double prior = known ? known->confidence : -1;
    *vec_push(&stats->rows, stats->call->arena) = (struct stats_row){
        .hint = arena_str(stats->call->arena, hint),
        .applied = applied,
        .fixed = fixed,
        .failures = hint_replay_of(&stats->replay, hint),
        .prior = prior,
        .sure = known ? confidence_of(prior, (uint64_t)fixed, (uint64_t)applied) : -1};
}

static bool stats_record(void *state, const struct store_hint_record *record, struct err *err)
{
    (void)err;
    stats_add(state, record->hint, record->applied, record->fixed);
    return true;
}

static bool stats_inferred(void *state, const struct store_inferred *inferred, struct err *err)
{
    struct stats *stats = state;
    struct arena *arena = stats->call->arena;
    struct store_inferred *kept = vec_push(&stats->inferred, arena);
    (void)err;
    *kept = *inferred;
    struct str *const texts[] = {&kept->rule.id, &kept->rule.need, &kept->rule.name,
                                 &kept->rule.recipe, &kept->rule.example};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(arena, *texts[i]);
    return true;
}

/* Hints with a record first, then those that only have something to say to stored failures. */
static bool stats_read(struct stats *stats, struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    CONTENTS_AUTO struct contents contents = {0};
    struct hint_lookup lookup;
    if (!history_open(stats->call, &store, err) ||
        !hint_replay(stats->call, stats->catalogue, store,
                     hint_map_at_hand(stats->call, &contents, &lookup), &stats->replay, err) ||
        !store_hint_each(store, stats_record, stats, err) ||
        !store_inferred_each(store, stats_inferred, stats, err))
        return false;
    size_t recorded = stats->rows.len;
    for (size_t i = 0; i < stats->replay.len; i++) {
        bool there = false;
        for (size_t k = 0; k < recorded; k++)
            there |= str_eq(stats->rows.at[k].hint, stats->replay.at[i].hint);
        if (!there)
            stats_add(stats, stats->replay.at[i].hint, 0, 0);
    }
    return true;
}

static void stats_json(const struct stats *stats, struct buf *out)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *list;
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_uint(doc, root, "stored_failures", stats->replay.failures);
    yyjson_mut_obj_add_uint(doc, root, "with_a_recipe", stats->replay.met);
    yyjson_mut_obj_add_uint(doc, root, "logs_gone", stats->replay.gone);
    list = yyjson_mut_obj_add_arr(doc, root, "hints");
    for (size_t i = 0; i < stats->rows.len; i++) {
        const struct stats_row *row = &stats->rows.at[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, object, "hint", row->hint);
        yyjson_mut_obj_add_int(doc, object, "applied", row->applied);
        yyjson_mut_obj_add_int(doc, object, "fixed", row->fixed);
        yyjson_mut_obj_add_uint(doc, object, "for_stored_failures", row->failures);
        if (row->prior < 0)
            continue;
        yyjson_mut_obj_add_real(doc, object, "confidence_written", row->prior);
        yyjson_mut_obj_add_real(doc, object, "confidence", row->sure);
    }
    list = yyjson_mut_obj_add_arr(doc, root, "looked_up");
    for (size_t i = 0; i < stats->inferred.len; i++) {
        const struct store_inferred *one = &stats->inferred.at[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, object, "id", one->rule.id);
        json_add_str(doc, object, "need", one->rule.need);
        json_add_str(doc, object, "name", one->rule.name);
        json_add_str(doc, object, "recipe", one->rule.recipe);
        yyjson_mut_obj_add_int(doc, object, "count", one->count);
        json_add_str(doc, object, "example", one->rule.example);
    }
    json_write(doc, true, out);
}

static void stats_hints_text(const struct stats *stats, size_t width, struct buf *out)
{
    static const struct table_column columns[] = {
        {"hint", false, 0},        {"applied", true, 0},  {"fixed", true, 0},
        {"written sure", true, 0}, {"sure now", true, 0}, {"stored failures", true, 0}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct arena *arena = stats->call->arena;
    struct table_cell *cells = ARENA_ARRAY(arena, struct table_cell, stats->rows.len * COLUMNS);
    for (size_t i = 0; i < stats->rows.len; i++) {
        const struct stats_row *row = &stats->rows.at[i];
        struct table_cell *cell = &cells[i * COLUMNS];
        cell[0].text = row->hint;
        cell[1].text = arena_printf(arena, "%lld", (long long)row->applied);
        cell[2].text = arena_printf(arena, "%lld", (long long)row->fixed);
        cell[3].text = row->prior < 0 ? STR("-") : arena_printf(arena, "%.2f", row->prior);
        cell[4].text = row->prior < 0 ? STR("-") : arena_printf(arena, "%.2f", row->sure);
        cell[5].text = arena_printf(arena, "%zu", row->failures);
    }
    if (stats->rows.len)
        table_render(columns, COLUMNS, cells, stats->rows.len, width, stats->call->color, out);
    else
        buf_add(out, STR("No hint was applied yet, and none is for a stored failure.\n"));
}

static void stats_inferred_text(const struct stats *stats, size_t width, struct buf *out)
{
    static const struct table_column columns[] = {
        {"needed", false, 0}, {"name", false, 20}, {"recipe", false, 20}, {"times", true, 0}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct arena *arena = stats->call->arena;
    if (!stats->inferred.len)
        return;
    struct table_cell *cells = ARENA_ARRAY(arena, struct table_cell, stats->inferred.len * COLUMNS);
    for (size_t i = 0; i < stats->inferred.len; i++) {
        const struct store_inferred *one = &stats->inferred.at[i];
        struct table_cell *cell = &cells[i * COLUMNS];
        cell[0].text = one->rule.need;
        cell[1].text = one->rule.name;
        cell[2].text = one->rule.recipe;
        cell[3].text = arena_printf(arena, "%lld", (long long)one->count);
    }
    buf_add(out, STR("\nLooked up\n"));
    table_render(columns, COLUMNS, cells, stats->inferred.len, width, stats->call->color, out);
}

static void stats_text(const struct stats *stats, struct buf *out)
{
    size_t width = term_is_terminal(STDOUT_FILENO) ? term_width(STDOUT_FILENO) : 0;
    stats_hints_text(stats, width, out);
    stats_inferred_text(stats, width, out);
    buf_printf(out, "\nHints have a recipe for %zu of the %zu stored failures", stats->replay.met,
               stats->replay.failures);
    if (stats->replay.gone)
        buf_printf(out, "; the logs of %zu more cannot be read any more", stats->replay.gone);
    buf_add(out, STR(".\n"));
}

bool hint_stats(const struct call *call, int *status, struct err *err)
{
    struct hint_catalogue catalogue;
    BUF_AUTO struct buf out = {0};
    struct stats stats = {.call = call, .catalogue = &catalogue};
    (void)status;
    if (!hints_open(option_str(call->options, OPTION_CACHE), call->arena, &catalogue, err))
        return false;
    bool good = stats_read(&stats, err);
    if (good && option_flag(call->options, OPTION_JSON))
        stats_json(&stats, &out);
    else if (good)
        stats_text(&stats, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    catalogue_close(&catalogue);
    return good;
}
