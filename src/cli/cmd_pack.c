#include "cli/command.h"

#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/vec.h"
#include "build/slot.h"
#include "cli/plan_options.h"
#include "cli/table.h"
#include "image/arch.h"
#include "os/file.h"
#include "image/pack_record.h"

enum { PACK_COLUMNS = 5 };

/* What there are recipes for, and what of it the cache has. */
struct pack_view {
    struct pack_recipes recipes;
    struct pack_records kept;
};

static struct str pack_joined(struct yamltree_texts texts, struct arena *arena)
{
    BUF_AUTO struct buf line = {0};
    for (size_t i = 0; i < texts.len; i++)
        buf_printf(&line, "%s" STR_FMT, i ? " " : "", STR_ARG(texts.at[i]));
    return arena_str(arena, buf_str(&line));
}

/* The recipe's own version, else those that were built of the release's source. */
static struct str pack_versions(const struct pack_view *view, const struct pack_recipe *recipe,
                                struct arena *arena)
{
    BUF_AUTO struct buf line = {0};
    struct str last = {0};
    if (recipe->version.len)
        return recipe->version;
    for (size_t i = 0; i < view->kept.len; i++) {
        const struct pack_record *record = &view->kept.at[i];
        if (!str_eq(record->name, recipe->name) || str_eq(record->version, last))
            continue;
        buf_printf(&line, "%s" STR_FMT, line.len ? " " : "", STR_ARG(record->version));
        last = record->version;
    }
    return line.len ? arena_str(arena, buf_str(&line)) : STR("the newest");
}

static struct str pack_source_words(const struct pack_recipe *recipe, struct arena *arena)
{
    if (recipe->url.len)
        return recipe->url;
    if (!recipe->source.len)
        return arena_printf(arena, "archive of " STR_FMT,
                            STR_ARG(pack_joined(recipe->packages, arena)));
    return recipe->python.len ? arena_printf(arena, STR_FMT " (with Python " STR_FMT ")",
                                             STR_ARG(recipe->source), STR_ARG(recipe->python))
                              : recipe->source;
}

static void pack_json_texts(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                            struct yamltree_texts texts)
{
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, object, key);
    for (size_t i = 0; i < texts.len; i++)
        json_append_str(doc, array, texts.at[i]);
}

static void pack_json(const struct pack_view *view)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    yyjson_mut_doc_set_root(doc, list);
    for (size_t i = 0; i < view->recipes.len; i++) {
        const struct pack_recipe *recipe = &view->recipes.at[i];
        yyjson_mut_val *entry = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, entry, "name", recipe->name);
        json_add_str(doc, entry, "version", recipe->version);
        json_add_str(doc, entry, "source", recipe->source.len ? recipe->source : recipe->url);
        json_add_str(doc, entry, "sha256", recipe->sha256);
        json_add_str(doc, entry, "build", recipe->build);
        json_add_str(doc, entry, "python", recipe->python);
        pack_json_texts(doc, entry, "needs", recipe->needs);
        pack_json_texts(doc, entry, "provides", recipe->provides);
        pack_json_texts(doc, entry, "for", recipe->meant_for);
        yyjson_mut_val *built = yyjson_mut_obj_add_arr(doc, entry, "built");
        for (size_t k = 0; k < view->kept.len; k++) {
            const struct pack_record *record = &view->kept.at[k];
            if (!str_eq(record->name, recipe->name))
                continue;
            yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, built);
            json_add_str(doc, one, "version", record->version);
            json_add_str(doc, one, "digest", record->digest);
            json_add_str(doc, one, "note", record->note);
        }
    }
    json_write(doc, true, &text);
    printf("%s\n", text.ptr);
}

static void pack_table(const struct pack_view *view, const struct call *call)
{
    static const struct table_column columns[PACK_COLUMNS] = {{.title = "pack"},
                                                              {.title = "version"},
                                                              {.title = "source"},
                                                              {.title = "needs"},
                                                              {.title = "provides"}};
    struct table_cell *cells =
        ARENA_ARRAY(call->arena, struct table_cell, view->recipes.len * PACK_COLUMNS);
    BUF_AUTO struct buf text = {0};
    for (size_t i = 0; i < view->recipes.len; i++) {
        const struct pack_recipe *recipe = &view->recipes.at[i];
        struct table_cell *row = &cells[i * PACK_COLUMNS];
        row[0].text = recipe->name;
        row[1].text = pack_versions(view, recipe, call->arena);
        row[2].text = pack_source_words(recipe, call->arena);
        row[3].text = pack_joined(recipe->needs, call->arena);
        row[4].text = pack_joined(recipe->provides, call->arena);
    }
    table_render(columns, PACK_COLUMNS, cells, view->recipes.len, 0, call->color, &text);
    fwrite(text.ptr ? text.ptr : "", 1, text.len, stdout);
}

static bool pack_list(const struct call *call, struct err *err)
{
    struct pack_view view;
    struct str cache = option_str(call->options, OPTION_CACHE);
    if (!pack_recipes_load(option_str(call->options, OPTION_PACKS), call->arena, &view.recipes,
                           err) ||
        !pack_records_kept(arena_cstr(call->arena, cache), call->arena, &view.kept, err))
        return false;
    if (option_flag(call->options, OPTION_JSON))
        pack_json(&view);
    else
        pack_table(&view, call);
    return true;
}

/* As an attempt makes them, in the same image with the same floor; prints where they are. */
static bool pack_make_words(const struct call *call, const struct run_plan_config *place,
                            struct str python, struct spec_list words, int *status, struct err *err)
{
    struct spec_result result;
    bool at_home = arch_find(place->arch) == arch_host();
    struct spec spec = {.kind = SPEC_IMAGE,
                        .name = STR("packs"),
                        .python = python,
                        .arch = place->arch,
                        .platform_tag = place->platform_tag,
                        .strategy = at_home ? STR("native") : STR("cross"),
                        .preset = place->preset,
                        .mirror = place->mirror,
                        .keyring = place->keyring,
                        .cache = place->cache,
                        .net = place->net,
                        .packs = place->packs,
                        .recipes = words};
    if (!slot_here(&spec, call->arena, &result, err))
        return false;
    printf(STR_FMT "\n", STR_ARG(result.file));
    if (result.outcome != SPEC_OK)
        *status = COMMAND_FAILED;
    return true;
}

/* Those that go into one tree, and each that wants an image of its own. */
static bool pack_build(const struct call *call, const struct run_plan_config *place,
                       const struct pack_recipes *recipes, int *status, struct err *err)
{
    VEC(struct str) words = {0};
    for (size_t i = 1; i < call->args.len; i++) {
        struct str word = arena_printf(call->arena, "pack:" STR_FMT, STR_ARG(call->args.at[i]));
        size_t at = pack_recipes_find(recipes, call->args.at[i]);
        if (at == recipes->len || !recipes->at[at].python.len)
            *vec_push(&words, call->arena) = word;
        else if (!pack_make_words(call, place, recipes->at[at].python, (struct spec_list){&word, 1},
                                  status, err))
            return false;
    }
    return !words.len || pack_make_words(call, place, place->python,
                                         (struct spec_list){words.at, words.len}, status, err);
}

/* Each by itself: what it needs is there by then. */
static void pack_build_all(const struct call *call, const struct run_plan_config *place,
                           const struct pack_recipes *recipes, int *status)
{
    for (size_t i = 0; i < recipes->len; i++) {
        const struct pack_recipe *recipe = &recipes->at[i];
        struct str word = arena_printf(call->arena, "pack:" STR_FMT, STR_ARG(recipe->name));
        struct err err = {0};
        printf(STR_FMT " ", STR_ARG(recipe->name));
        fflush(stdout);
        if (pack_make_words(call, place, recipe->python.len ? recipe->python : place->python,
                            (struct spec_list){&word, 1}, status, &err))
            continue;
        printf("-\n");
        log_error("%s", err.text);
        *status = COMMAND_FAILED;
    }
}

bool cmd_pack(const struct call *call, int *status, struct err *err)
{
    struct str what = call->args.at[0];
    bool all = option_flag(call->options, OPTION_ALL);
    struct run_plan_config place = {0};
    struct pack_recipes recipes;
    if (str_eq(what, STR("list")) && call->args.len == 1 && !all)
        return pack_list(call, err);
    if (!str_eq(what, STR("build")) || all == (call->args.len > 1))
        return err_set(err, ERR_USAGE, "say: pack list, pack build NAME..., or pack build --all");
    *status = COMMAND_OK;
    if (!plan_options_place(call, &place, err) ||
        !pack_recipes_load(place.packs.dir, call->arena, &recipes, err))
        return false;
    if (!all)
        return pack_build(call, &place, &recipes, status, err);
    pack_build_all(call, &place, &recipes, status);
    return true;
}
