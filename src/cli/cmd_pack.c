#include "cli/command.h"

#include <stdio.h>

#include "base/json.h"
#include "base/vec.h"
#include "build/slot.h"
#include "cli/plan_options.h"
#include "cli/table.h"
#include "image/arch.h"
#include "image/pack_recipe.h"

enum { PACK_COLUMNS = 4 };

static struct str joined(struct yamltree_texts texts, struct arena *arena)
{
    BUF_AUTO struct buf line = {0};
    for (size_t i = 0; i < texts.len; i++)
        buf_printf(&line, "%s" STR_FMT, i ? " " : "", STR_ARG(texts.at[i]));
    return arena_str(arena, buf_str(&line));
}

static void print_json(const struct pack_recipes *recipes)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    yyjson_mut_doc_set_root(doc, list);
    for (size_t i = 0; i < recipes->len; i++) {
        const struct pack_recipe *recipe = &recipes->at[i];
        yyjson_mut_val *entry = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, entry, "name", recipe->name);
        json_add_str(doc, entry, "source", recipe->source.len ? recipe->source : recipe->url);
        json_add_str(doc, entry, "build", recipe->build);
        yyjson_mut_val *needs = yyjson_mut_obj_add_arr(doc, entry, "needs");
        for (size_t k = 0; k < recipe->needs.len; k++)
            json_append_str(doc, needs, recipe->needs.at[k]);
        yyjson_mut_val *provides = yyjson_mut_obj_add_arr(doc, entry, "provides");
        for (size_t k = 0; k < recipe->provides.len; k++)
            json_append_str(doc, provides, recipe->provides.at[k]);
    }
    json_write(doc, true, &text);
    printf("%s\n", text.ptr);
}

static void print_table(const struct pack_recipes *recipes, const struct call *call)
{
    static const struct table_column columns[PACK_COLUMNS] = {
        {.title = "pack"}, {.title = "built from"}, {.title = "needs"}, {.title = "provides"}};
    struct table_cell *cells =
        ARENA_ARRAY(call->arena, struct table_cell, recipes->len * PACK_COLUMNS);
    BUF_AUTO struct buf text = {0};
    for (size_t i = 0; i < recipes->len; i++) {
        const struct pack_recipe *recipe = &recipes->at[i];
        struct table_cell *row = &cells[i * PACK_COLUMNS];
        row[0].text = recipe->name;
        row[1].text = recipe->source.len ? recipe->source
                      : recipe->url.len  ? recipe->url
                                         : STR("the release's own archive");
        row[2].text = joined(recipe->needs, call->arena);
        row[3].text = joined(recipe->provides, call->arena);
    }
    table_render(columns, PACK_COLUMNS, cells, recipes->len, 0, call->color, &text);
    fwrite(text.ptr ? text.ptr : "", 1, text.len, stdout);
}

static bool pack_list(const struct call *call, struct err *err)
{
    struct pack_recipes recipes;
    if (!pack_recipes_load(option_str(call->options, OPTION_PACKS), call->arena, &recipes, err))
        return false;
    if (option_flag(call->options, OPTION_JSON))
        print_json(&recipes);
    else
        print_table(&recipes, call);
    return true;
}

/* As an attempt makes them, in the same image with the same floor; prints where they are. */
static bool pack_build(const struct call *call, int *status, struct err *err)
{
    struct run_plan_config place = {0};
    struct spec_result result;
    VEC(struct str) words = {0};
    for (size_t i = 1; i < call->args.len; i++)
        *vec_push(&words, call->arena) =
            arena_printf(call->arena, "pack:" STR_FMT, STR_ARG(call->args.at[i]));
    if (!plan_options_place(call, &place, err))
        return false;
    bool at_home = arch_find(place.arch) == arch_host();
    struct spec spec = {.kind = SPEC_IMAGE,
                        .name = STR("packs"),
                        .python = place.python,
                        .arch = place.arch,
                        .platform_tag = place.platform_tag,
                        .strategy = at_home ? STR("native") : STR("cross"),
                        .preset = place.preset,
                        .mirror = place.mirror,
                        .keyring = place.keyring,
                        .cache = place.cache,
                        .net = place.net,
                        .packs = place.packs,
                        .recipes = {words.at, words.len}};
    if (!slot_here(&spec, call->arena, &result, err))
        return false;
    printf(STR_FMT "\n", STR_ARG(result.file));
    *status = result.outcome == SPEC_OK ? COMMAND_OK : COMMAND_FAILED;
    return true;
}

bool cmd_pack(const struct call *call, int *status, struct err *err)
{
    struct str what = call->args.at[0];
    if (str_eq(what, STR("list")) && call->args.len == 1)
        return pack_list(call, err);
    if (str_eq(what, STR("build")) && call->args.len > 1)
        return pack_build(call, status, err);
    return err_set(err, ERR_USAGE, "say: pack list, or pack build NAME...");
}
