#include "cli/hint_map.h"

#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/vec.h"
#include "cli/plan_options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "hint/external.h"
#include "os/file.h"
#include "run/lookup.h"

static const char *const hint_map_origins[] = {
    [CONTENTS_MADE] = "the map just made",
    [CONTENTS_KEPT] = "the map made earlier",
    [CONTENTS_OLD] = "the map made earlier",
    [CONTENTS_SHIPPED] = "the small map that travels with the program",
};

static void hint_map_tell(void *state, const struct image_progress *progress)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str detail =
        progress->detail.len ? progress->detail : str_from(image_stage_name(progress->stage));
    progress_note(state, arena_printf(&scratch, STR_FMT ": " STR_FMT, STR_ARG(progress->what),
                                      STR_ARG(detail)));
    progress_tick(state);
}

/* The map that the options ask for, made where it is not there; what it is not is said. */
static bool hint_map_of_preset(const struct call *call, bool fetch, struct contents *contents,
                               struct err *err)
{
    struct run_plan_config config = {0};
    if (!plan_options_place(call, &config, err))
        return false;
    config.net.offline |= !fetch;
    struct progress *progress = progress_open(STDERR_FILENO, 1, call->color, call->clock);
    bool ok = lookup_open(&config, option_flag(call->options, OPTION_REFRESH), hint_map_tell,
                          progress, call->arena, contents, err);
    progress_note(progress, STR(""));
    progress_close(progress);
    if (ok && fetch && contents->note.len)
        fprintf(stderr, "%s is used: " STR_FMT "\n", hint_map_origins[contents->origin],
                STR_ARG(contents->note));
    return ok;
}

bool hint_map_open(const struct call *call, bool fetch, struct contents *contents, struct err *err)
{
    struct str given = option_str(call->options, OPTION_MAP);
    return given.len ? contents_open(given.ptr, contents, err)
                     : hint_map_of_preset(call, fetch, contents, err);
}

const struct hint_lookup *hint_map_at_hand(const struct call *call, struct contents *contents,
                                           struct hint_lookup *lookup)
{
    struct err why = {0};
    if (!hint_map_open(call, false, contents, &why)) {
        log_warn("packages are not looked up: %s", why.text);
        return NULL;
    }
    *lookup = packages_lookup(&contents->map);
    return lookup;
}

bool hint_map_build(const struct call *call, int *status, struct err *err)
{
    CONTENTS_AUTO struct contents contents = {0};
    struct str output = option_is_set(call->options, OPTION_OUTPUT)
                            ? option_str(call->options, OPTION_OUTPUT)
                            : STR("");
    if (!hint_map_of_preset(call, true, &contents, err))
        return false;
    *status = contents.origin == CONTENTS_SHIPPED ? COMMAND_FAILED : COMMAND_OK; /* none was made */
    if (output.len && !file_write(AT_FDCWD, output.ptr, 0644, contents.bytes, err))
        return false;
    const struct capability_map *map = &contents.map;
    printf(STR_FMT " " STR_FMT " " STR_FMT ": %u names of %u packages, %zu KiB, %s\n",
           STR_ARG(map->facts.distro), STR_ARG(map->facts.release), STR_ARG(map->facts.arch),
           map->keys.count, map->packages.count, contents.bytes.len >> 10,
           hint_map_origins[contents.origin]);
    return true;
}

/* What other distributions call it, as far as the table of external dependencies knows. */
static bool hint_map_elsewhere(const struct capability_map *map, struct str package,
                               struct external *external)
{
    enum external_manager manager;
    return external_manager_of(map->facts.distro, &manager) &&
           external_by_name(manager, package, external);
}

static void hint_map_add_elsewhere(yyjson_mut_doc *doc, yyjson_mut_val *object,
                                   const struct external *external)
{
    yyjson_mut_val *names = yyjson_mut_obj_add_obj(doc, object, "names");
    json_add_str(doc, object, "id", external->id);
    for (unsigned i = 0; i < EXTERNAL_MANAGERS; i++)
        if (external->names[i].len)
            json_add_str(doc, names, external_manager_name((enum external_manager)i),
                         external->names[i]);
}

static void hint_map_print_json(const struct capability_map *map, enum capability_kind kind,
                                struct str name, const struct capability_list *list)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *root = yyjson_mut_obj(doc), *all = yyjson_mut_arr(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "kind", str_from(capability_path_kind_name(kind)));
    json_add_str(doc, root, "name", name);
    json_add_str(doc, root, "distro", map->facts.distro);
    json_add_str(doc, root, "release", map->facts.release);
    json_add_str(doc, root, "arch", map->facts.arch);
    yyjson_mut_obj_add_val(doc, root, "candidates", all);
    for (size_t i = 0; i < list->len; i++) {
        const struct capability_candidate *candidate = &list->at[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, all);
        json_add_str(doc, object, "package", candidate->package);
        json_add_str(doc, object, "folder", candidate->folder);
        json_add_str(doc, object, "file", candidate->file);
        json_add_str(doc, object, "for", candidate->of_target ? STR("target") : STR("build"));
        yyjson_mut_obj_add_bool(doc, object, "development", candidate->development);
        struct external external;
        if (hint_map_elsewhere(map, candidate->package, &external))
            hint_map_add_elsewhere(doc, object, &external);
    }
    json_write(doc, true, &text);
    fwrite(text.ptr, 1, text.len, stdout);
}

static void hint_map_print(const struct call *call, const struct capability_map *map,
                           const struct capability_list *list)
{
    static const struct table_column columns[] = {
        {"package", false, 0}, {"for", false, 0}, {"folder", false, 24}, {"file", false, 0}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    BUF_AUTO struct buf text = {0};
    struct table_cell *cells = ARENA_ARRAY(call->arena, struct table_cell, list->len * COLUMNS);
    struct external external;
    for (size_t i = 0; i < list->len; i++) {
        const struct capability_candidate *candidate = &list->at[i];
        struct table_cell *row = cells + i * COLUMNS;
        row[0].text = candidate->package;
        row[1].text = candidate->of_target ? STR("target") : STR("build");
        row[2].text = candidate->folder;
        row[3].text = candidate->file;
    }
    table_render(columns, COLUMNS, cells, list->len, 0, call->color, &text);
    fwrite(text.ptr, 1, text.len, stdout);
    if (!hint_map_elsewhere(map, list->at[0].package, &external))
        return;
    printf("\n" STR_FMT ":", STR_ARG(external.id));
    for (unsigned i = 0; i < EXTERNAL_MANAGERS; i++)
        if (external.names[i].len)
            printf("%s %s: " STR_FMT, i ? " |" : "",
                   external_manager_name((enum external_manager)i), STR_ARG(external.names[i]));
    printf("\n");
}

bool hint_map_lookup(const struct call *call, int *status, struct err *err)
{
    CONTENTS_AUTO struct contents contents = {0};
    struct capability_list list;
    enum capability_kind kind;
    struct str name = call->args.at[2];
    if (!capability_path_kind(call->args.at[1], &kind))
        return err_set(err, ERR_USAGE,
                       "hint lookup: kinds are header, pkgconfig, library, cmake, program, python "
                       "and soname, not \"" STR_FMT "\"",
                       STR_ARG(call->args.at[1]));
    if (!hint_map_open(call, true, &contents, err))
        return false;
    capability_find(&contents.map, kind, name, call->arena, &list);
    if (option_flag(call->options, OPTION_JSON))
        hint_map_print_json(&contents.map, kind, name, &list);
    else if (list.len)
        hint_map_print(call, &contents.map, &list);
    else
        printf("no package of " STR_FMT " " STR_FMT " has " STR_FMT " \"" STR_FMT "\"\n",
               STR_ARG(contents.map.facts.distro), STR_ARG(contents.map.facts.release),
               STR_ARG(call->args.at[1]), STR_ARG(name));
    *status = list.len ? COMMAND_OK : COMMAND_FAILED;
    return true;
}
