#include "cli/hint_catalogue.h"

#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "run/hints.h"
#include "cli/hint_map.h"
#include "cli/hint_replay.h"
#include "cli/history_open.h"
#include "cli/table.h"
#include "cli/term.h"
#include "hint/document.h"
#include "hint/import.h"
#include "os/file.h"

static void hint_recipes_text(const struct hint_recipes *recipes, struct buf *out)
{
    for (size_t i = 0; i < recipes->len; i++)
        buf_printf(out, "%s" STR_FMT ":" STR_FMT, i ? " " : "", STR_ARG(recipes->at[i].kind),
                   STR_ARG(recipes->at[i].value));
}

static void hint_json_list(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                           const struct hint_list *list)
{
    yyjson_mut_val *array;
    if (!list->len)
        return;
    array = yyjson_mut_obj_add_arr(doc, object, key);
    for (size_t i = 0; i < list->len; i++)
        json_append_str(doc, array, list->at[i]);
}

static void hint_json_recipes(yyjson_mut_doc *doc, yyjson_mut_val *object,
                              const struct hint_recipes *recipes)
{
    yyjson_mut_val *map = yyjson_mut_obj_add_obj(doc, object, "recipes");
    for (size_t i = 0; i < recipes->len; i++) {
        yyjson_mut_val *list =
            yyjson_mut_obj_getn(map, recipes->at[i].kind.ptr, recipes->at[i].kind.len);
        if (!list) {
            yyjson_mut_val *key =
                yyjson_mut_strncpy(doc, recipes->at[i].kind.ptr, recipes->at[i].kind.len);
            list = yyjson_mut_arr(doc);
            yyjson_mut_obj_add(map, key, list);
        }
        json_append_str(doc, list, recipes->at[i].value);
    }
}

static void hint_json(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct hint *hint)
{
    json_add_str(doc, object, "id", hint->id);
    if (hint->pattern.len)
        json_add_str(doc, object, "pattern", hint->pattern);
    json_add_str(doc, object, "class", str_from(hint_class_name(hint->class)));
    if (hint->need != NEED_NONE)
        json_add_str(doc, object, "need", str_from(hint_need_name(hint->need)));
    json_add_str(doc, object, "severity", str_from(hint_severity_name(hint->severity)));
    json_add_str(doc, object, "impact", str_from(hint_impact_name(hint->impact)));
    yyjson_mut_obj_add_real(doc, object, "confidence", hint->confidence);
    hint_json_recipes(doc, object, &hint->recipes);
    yyjson_mut_val *applies = yyjson_mut_obj_add_obj(doc, object, "applies_to");
    hint_json_list(doc, applies, "packages", &hint->applies.packages);
    hint_json_list(doc, applies, "patterns", &hint->applies.patterns);
    hint_json_list(doc, applies, "python_versions", &hint->applies.python);
    hint_json_list(doc, applies, "python_tags", &hint->applies.python_tags);
    hint_json_list(doc, applies, "platforms", &hint->applies.platforms);
    hint_json_list(doc, applies, "arch", &hint->applies.arch);
    hint_json_list(doc, applies, "backends", &hint->applies.backends);
    if (hint->note.len)
        json_add_str(doc, object, "note", hint->note);
    hint_json_list(doc, object, "tags", &hint->tags);
    hint_json_list(doc, object, "phases", &hint->phases);
    hint_json_list(doc, object, "examples", &hint->examples);
    json_add_str(doc, object, "file", hint->file);
    yyjson_mut_obj_add_uint(doc, object, "line", hint->line);
}

static void hint_list(const struct call *call, const struct hint_catalogue *catalogue,
                      struct buf *out)
{
    static const struct table_column columns[] = {{"hint", false, 0},
                                                  {"cause", false, 0},
                                                  {"looks up", false, 0},
                                                  {"sure", true, 0},
                                                  {"recipes", false, 20}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    struct arena *arena = call->arena;
    if (option_flag(call->options, OPTION_JSON)) {
        JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *root = yyjson_mut_obj(doc), *list;
        yyjson_mut_doc_set_root(doc, root);
        list = yyjson_mut_obj_add_arr(doc, root, "hints");
        for (size_t i = 0; i < catalogue->len; i++)
            hint_json(doc, yyjson_mut_arr_add_obj(doc, list), &catalogue->at[i]);
        json_write(doc, true, out);
        return;
    }
    struct table_cell *cells = ARENA_ARRAY(arena, struct table_cell, catalogue->len * COLUMNS + 1);
    for (size_t i = 0; i < catalogue->len; i++) {
        const struct hint *one = &catalogue->at[i];
        BUF_AUTO struct buf recipes = {0};
        hint_recipes_text(&one->recipes, &recipes);
        struct table_cell *cell = &cells[i * COLUMNS];
        cell[0].text = one->id;
        cell[1].text = str_from(hint_class_name(one->class));
        cell[2].text = one->need == NEED_NONE ? STR("") : str_from(hint_need_words(one->need));
        cell[3].text = arena_printf(arena, "%.2f", one->confidence);
        cell[4].text = arena_str(arena, buf_str(&recipes));
    }
    table_render(columns, COLUMNS, cells, catalogue->len,
                 term_is_terminal(STDOUT_FILENO) ? term_width(STDOUT_FILENO) : 0, call->color, out);
}

static void hint_show_list(const char *key, const struct hint_list *list, struct buf *out)
{
    for (size_t i = 0; i < list->len; i++)
        buf_printf(out, "%-12s " STR_FMT "\n", i ? "" : key, STR_ARG(list->at[i]));
}

static bool hint_show(const struct call *call, const struct hint_catalogue *catalogue,
                      struct buf *out, struct err *err)
{
    const struct hint *one = catalogue_find(catalogue, call->args.at[1]);
    if (!one)
        return err_set(err, ERR_USAGE,
                       "there is no hint \"" STR_FMT "\"; refinery hint list shows all",
                       STR_ARG(call->args.at[1]));
    if (option_flag(call->options, OPTION_JSON)) {
        JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, root);
        hint_json(doc, root, one);
        json_write(doc, true, out);
        return true;
    }
    buf_printf(out, "%-12s " STR_FMT "\n", "id", STR_ARG(one->id));
    if (one->pattern.len)
        buf_printf(out, "%-12s " STR_FMT "\n", "pattern", STR_ARG(one->pattern));
    buf_printf(out, "%-12s %s: %s\n", "cause", hint_class_name(one->class),
               hint_class_words(one->class));
    if (one->need != NEED_NONE)
        buf_printf(out, "%-12s %s\n", "looks up", hint_need_words(one->need));
    buf_printf(out, "%-12s %s, impact %s, confidence %.2f\n", "proof",
               hint_severity_name(one->severity), hint_impact_name(one->impact), one->confidence);
    if (one->recipes.len) {
        buf_printf(out, "%-12s ", "recipes");
        hint_recipes_text(&one->recipes, out);
        buf_add_char(out, '\n');
    }
    const struct hint_applies *applies = &one->applies;
    hint_show_list("packages", &applies->packages, out);
    hint_show_list("names", &applies->patterns, out);
    hint_show_list("python", &applies->python, out);
    hint_show_list("python tags", &applies->python_tags, out);
    hint_show_list("platforms", &applies->platforms, out);
    hint_show_list("machines", &applies->arch, out);
    hint_show_list("backends", &applies->backends, out);
    hint_show_list("phases", &one->phases, out);
    if (one->note.len)
        buf_printf(out, "%-12s " STR_FMT "\n", "note", STR_ARG(one->note));
    hint_show_list("examples", &one->examples, out);
    buf_printf(out, "%-12s " STR_FMT ":%zu\n", "from", STR_ARG(one->file), one->line);
    return true;
}

bool hint_catalogue_list(const struct call *call, int *status, struct err *err)
{
    struct hint_catalogue catalogue;
    BUF_AUTO struct buf out = {0};
    (void)status;
    if (!hints_open(option_str(call->options, OPTION_CACHE), call->arena, &catalogue, err))
        return false;
    hint_list(call, &catalogue, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    catalogue_close(&catalogue);
    return true;
}

bool hint_catalogue_show(const struct call *call, int *status, struct err *err)
{
    struct hint_catalogue catalogue;
    BUF_AUTO struct buf out = {0};
    (void)status;
    if (!hints_open(option_str(call->options, OPTION_CACHE), call->arena, &catalogue, err))
        return false;
    bool good = hint_show(call, &catalogue, &out, err);
    if (good)
        fwrite(out.ptr, 1, out.len, stdout);
    catalogue_close(&catalogue);
    return good;
}

/* Where a file's rules go: by its own name, so that the same file again replaces them. */
static bool hint_write(const struct call *call, const char *how, struct str yaml, struct str *path,
                       struct err *err)
{
    struct str folder = arena_printf(call->arena, STR_FMT "/hints",
                                     STR_ARG(option_str(call->options, OPTION_CACHE)));
    size_t slash = str_rfind_char(call->args.at[1], '/');
    struct str base = str_from_pos(call->args.at[1], slash < call->args.at[1].len ? slash + 1 : 0);
    struct str stem = str_slice(base, 0, str_rfind_char(base, '.'));
    *path = arena_printf(call->arena, STR_FMT "/%s-" STR_FMT ".yaml", STR_ARG(folder), how,
                         STR_ARG(stem));
    return file_mkdirs(AT_FDCWD, folder.ptr, 0755, err) &&
           file_write(AT_FDCWD, path->ptr, 0644, yaml, err);
}

static void hint_add_said(const struct call *call, const struct hint_catalogue *catalogue,
                          const struct hint_replay *replay, struct str path, struct buf *out)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *list;
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "path", path);
    yyjson_mut_obj_add_uint(doc, root, "stored_failures", replay->failures);
    list = yyjson_mut_obj_add_arr(doc, root, "hints");
    bool json = option_flag(call->options, OPTION_JSON);
    for (size_t i = 0; i < catalogue->len; i++) {
        struct str id = catalogue->at[i].id;
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, object, "id", id);
        yyjson_mut_obj_add_uint(doc, object, "for_stored_failures", hint_replay_of(replay, id));
        if (!json)
            buf_printf(out, STR_FMT " would have had a recipe for %zu of the %zu stored failures\n",
                       STR_ARG(id), hint_replay_of(replay, id), replay->failures);
    }
    if (json)
        json_write(doc, true, out);
    else
        buf_printf(out, "written to " STR_FMT "\n", STR_ARG(path));
}

static bool hint_add(const struct call *call, const struct hint_source *source,
                     const struct hint_catalogue *catalogue, struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    CONTENTS_AUTO struct contents contents = {0};
    struct hint_lookup lookup;
    struct hint_replay replay;
    struct str path;
    BUF_AUTO struct buf out = {0};
    if (!history_open_any(call, &store, err) ||
        !hint_replay(call, catalogue, store,
                     store ? hint_map_at_hand(call, &contents, &lookup) : NULL, &replay, err) ||
        !hint_write(call, "added", source->text, &path, err))
        return false;
    hint_add_said(call, catalogue, &replay, path, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    return true;
}

bool hint_catalogue_add(const struct call *call, int *status, struct err *err)
{
    struct hint_source source = {.name = call->args.at[1], .origin = ORIGIN_LOCAL};
    struct hint_catalogue catalogue;
    struct hint_complaints complaints;
    (void)status;
    if (!file_read(AT_FDCWD, source.name.ptr, DOCUMENT_SIZE_LIMIT, call->arena, &source.text, err))
        return false;
    catalogue_open(&source, 1, false, call->arena, &catalogue, &complaints);
    for (size_t i = 0; i < complaints.len; i++)
        log_warn(STR_FMT, STR_ARG(complaints.at[i]));
    bool good = complaints.len || !catalogue.len
                    ? err_set(err, ERR_FORMAT, STR_FMT ": nothing is added; mend the file first",
                              STR_ARG(source.name))
                    : hint_add(call, &source, &catalogue, err);
    catalogue_close(&catalogue);
    return good;
}

bool hint_catalogue_import(const struct call *call, int *status, struct err *err)
{
    struct arena *arena = call->arena;
    struct hint_import import;
    struct str text, path;
    BUF_AUTO struct buf yaml = {0}, out = {0};
    if (!file_read(AT_FDCWD, call->args.at[1].ptr, DOCUMENT_SIZE_LIMIT, arena, &text, err))
        return false;
    import_read(text, call->args.at[1], arena, &import);
    for (size_t i = 0; i < import.complaints.len; i++)
        log_warn(STR_FMT, STR_ARG(import.complaints.at[i]));
    if (!import.len)
        return err_set(err, ERR_FORMAT, STR_FMT ": none of %zu entries can be used",
                       STR_ARG(call->args.at[1]), import.entries);
    import_write(&import, &yaml);
    if (!hint_write(call, "imported", buf_str(&yaml), &path, err))
        return false;
    *status = import.refused ? COMMAND_FAILED : COMMAND_OK;
    if (option_flag(call->options, OPTION_JSON)) {
        JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, root);
        yyjson_mut_obj_add_uint(doc, root, "entries", import.entries);
        yyjson_mut_obj_add_uint(doc, root, "rules", import.len);
        yyjson_mut_obj_add_uint(doc, root, "refused", import.refused);
        json_add_str(doc, root, "path", path);
        json_write(doc, true, &out);
    } else {
        buf_printf(&out, "%zu entries: %zu distinct rules, %zu refused; written to " STR_FMT "\n",
                   import.entries, import.len, import.refused, STR_ARG(path));
    }
    fwrite(out.ptr, 1, out.len, stdout);
    return true;
}
