#include "base/map.h"
#include "debug/debug_make.h"
#include "pkg/reqfile.h"
#include "pkg/toml.h"

#include <stdlib.h>

yyjson_mut_val *debug_make_hashes(const struct debug_call *call, const struct simple_hash *hashes,
                                  size_t len)
{
    yyjson_mut_val *object = yyjson_mut_obj(call->doc);
    for (size_t i = 0; i < len; i++)
        yyjson_mut_obj_add(object, debug_op_make_str(call, hashes[i].algorithm),
                           debug_op_make_str(call, hashes[i].hex));
    return object;
}

static yyjson_mut_val *number_or_null(const struct debug_call *call, int64_t number)
{
    return number < 0 ? yyjson_mut_null(call->doc) : yyjson_mut_sint(call->doc, number);
}

static yyjson_mut_val *make_file(const struct debug_call *call, const struct simple_file *file)
{
    yyjson_mut_val *out = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_val(call->doc, out, "filename", debug_op_make_str(call, file->filename));
    yyjson_mut_obj_add_val(call->doc, out, "url", debug_op_make_str(call, file->url));
    yyjson_mut_obj_add_val(call->doc, out, "hashes",
                           debug_make_hashes(call, file->hashes, file->hashes_len));
    debug_op_add_or_null(call, out, "requires_python", file->requires_python);
    yyjson_mut_obj_add_bool(call->doc, out, "yanked", file->yanked);
    debug_op_add_or_null(call, out, "yanked_reason", file->yanked_reason);
    yyjson_mut_obj_add_bool(call->doc, out, "has_metadata", file->has_metadata);
    yyjson_mut_obj_add_val(
        call->doc, out, "metadata_hashes",
        debug_make_hashes(call, file->metadata_hashes, file->metadata_hashes_len));
    debug_op_add_or_null(call, out, "provenance", file->provenance);
    yyjson_mut_obj_add_val(call->doc, out, "size", number_or_null(call, file->size));
    yyjson_mut_obj_add_val(call->doc, out, "upload_time_ms",
                           number_or_null(call, file->upload_time_ms));
    return out;
}

bool debug_simple_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    static const char *const statuses[] = {"active", "archived", "quarantined", "deprecated"};
    struct str text, type, url;
    struct simple_page page;
    if (!debug_op_str(call, "text", &text, err) ||
        !debug_op_maybe_str(call, "content_type", &type, err) ||
        !debug_op_maybe_str(call, "url", &url, err) ||
        !simple_parse(text, type, url, call->arena, &page, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    debug_op_add_or_null(call, *result, "name", page.name);
    debug_op_add_or_null(call, *result, "api_version", page.api_version);
    yyjson_mut_obj_add_str(call->doc, *result, "status", statuses[page.status]);
    debug_op_add_or_null(call, *result, "status_reason", page.status_reason);
    yyjson_mut_obj_add_val(call->doc, *result, "versions",
                           debug_op_make_strs(call, page.versions, page.versions_len));
    yyjson_mut_val *files = yyjson_mut_obj_add_arr(call->doc, *result, "files");
    for (size_t i = 0; i < page.files_len; i++)
        yyjson_mut_arr_append(files, make_file(call, &page.files[i]));
    return true;
}

static bool read_file(void *state, struct str path, struct arena *arena, struct str *text,
                      struct err *err)
{
    const struct debug_call *call = state;
    (void)arena;
    yyjson_val *file = yyjson_obj_getn(yyjson_obj_get(call->request, "files"), path.ptr, path.len);
    if (!yyjson_is_str(file))
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": \"files\" does not have this file",
                       STR_ARG(str_slice(path, 0, 200)));
    *text = json_str(file);
    return true;
}

static bool read_env(void *state, struct str name, struct arena *arena, struct str *value)
{
    const struct debug_call *call = state;
    (void)arena;
    yyjson_val *found = yyjson_obj_getn(yyjson_obj_get(call->request, "env"), name.ptr, name.len);
    *value = json_str(found);
    return yyjson_is_str(found);
}

static yyjson_mut_val *make_entry(const struct debug_call *call, const struct reqfile_entry *entry)
{
    yyjson_mut_val *out = debug_make_requirement(call, &entry->req);
    debug_op_add_or_null(call, out, "path", entry->path);
    yyjson_mut_obj_add_bool(call->doc, out, "constraint", entry->constraint);
    yyjson_mut_obj_add_bool(call->doc, out, "editable", entry->editable);
    yyjson_mut_val *hashes = yyjson_mut_obj_add_arr(call->doc, out, "hashes");
    for (size_t i = 0; i < entry->hashes_len; i++)
        yyjson_mut_arr_append(
            hashes, debug_op_make_str(call, arena_printf(call->arena, STR_FMT ":" STR_FMT,
                                                         STR_ARG(entry->hashes[i].algorithm),
                                                         STR_ARG(entry->hashes[i].hex))));
    yyjson_mut_obj_add_val(call->doc, out, "origin", debug_op_make_str(call, entry->origin));
    return out;
}

static void add_options(const struct debug_call *call, yyjson_mut_val *object,
                        const struct reqfile *file)
{
    const struct {
        const char *key;
        const struct str *at;
        size_t len;
    } lists[] = {
        {"extra_index_urls", file->extra_index_urls, file->extra_index_urls_len},
        {"find_links", file->find_links, file->find_links_len},
        {"trusted_hosts", file->trusted_hosts, file->trusted_hosts_len},
        {"no_binary", file->no_binary, file->no_binary_len},
        {"only_binary", file->only_binary, file->only_binary_len},
    };
    debug_op_add_or_null(call, object, "index_url", file->index_url);
    yyjson_mut_obj_add_bool(call->doc, object, "no_index", file->no_index);
    yyjson_mut_obj_add_bool(call->doc, object, "pre", file->pre);
    yyjson_mut_obj_add_bool(call->doc, object, "prefer_binary", file->prefer_binary);
    yyjson_mut_obj_add_bool(call->doc, object, "require_hashes", file->require_hashes);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        yyjson_mut_obj_add_val(call->doc, object, lists[i].key,
                               debug_op_make_strs(call, lists[i].at, lists[i].len));
}

bool debug_reqfile_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str path;
    struct reqfile file = {0};
    struct reqfile_io io = {read_file, read_env, (void *)(uintptr_t)call};
    if (!debug_op_str(call, "path", &path, err) ||
        !reqfile_read(path, json_get_bool(call->request, "constraint", false), &io, call->arena,
                      &file, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_val *entries = yyjson_mut_obj_add_arr(call->doc, *result, "entries");
    for (size_t i = 0; i < file.len; i++)
        yyjson_mut_arr_append(entries, make_entry(call, &file.entries[i]));
    add_options(call, yyjson_mut_obj_add_obj(call->doc, *result, "options"), &file);
    return true;
}

bool debug_hash_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text;
    struct simple_hash hash;
    if (!debug_op_str(call, "hash", &text, err) || !reqfile_parse_hash(text, &hash, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_val(call->doc, *result, "algorithm",
                           debug_op_make_str(call, hash.algorithm));
    yyjson_mut_obj_add_val(call->doc, *result, "digest", debug_op_make_str(call, hash.hex));
    return true;
}

static struct str time_text(const struct toml *value, struct arena *arena)
{
    const struct toml_time *t = &value->time;
    struct str date = arena_printf(arena, "%04d-%02d-%02d", t->year, t->month, t->day);
    struct str clock = arena_printf(arena, "%02d:%02d:%02d", t->hour, t->minute, t->second);
    if (t->nanosecond)
        clock = arena_printf(arena, STR_FMT ".%09d", STR_ARG(clock), t->nanosecond);
    int off = abs(t->offset_minutes);
    struct str zone = off ? arena_printf(arena, "%c%02d:%02d", t->offset_minutes < 0 ? '-' : '+',
                                         off / 60, off % 60)
                          : STR("Z");
    if (value->kind == TOML_LOCAL_DATE)
        return date;
    if (value->kind == TOML_LOCAL_TIME)
        return clock;
    return arena_printf(arena, STR_FMT "T" STR_FMT STR_FMT, STR_ARG(date), STR_ARG(clock),
                        STR_ARG(value->kind == TOML_LOCAL_DATETIME ? STR("") : zone));
}

/* A scalar as toml-test writes it: {"type": "integer", "value": "1"}. */
static yyjson_mut_val *make_scalar(const struct debug_call *call, const struct toml *value)
{
    static const char *const types[] = {
        [TOML_STRING] = "string",
        [TOML_INTEGER] = "integer",
        [TOML_FLOAT] = "float",
        [TOML_BOOLEAN] = "bool",
        [TOML_OFFSET_DATETIME] = "datetime",
        [TOML_LOCAL_DATETIME] = "datetime-local",
        [TOML_LOCAL_DATE] = "date-local",
        [TOML_LOCAL_TIME] = "time-local",
    };
    struct str text =
        value->kind == TOML_STRING    ? value->string
        : value->kind == TOML_INTEGER ? arena_printf(call->arena, "%lld", (long long)value->integer)
        : value->kind == TOML_FLOAT   ? arena_printf(call->arena, "%.17g", value->number)
        : value->kind == TOML_BOOLEAN ? value->boolean ? STR("true") : STR("false")
                                      : time_text(value, call->arena);
    yyjson_mut_val *object = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_str(call->doc, object, "type", types[value->kind]);
    yyjson_mut_obj_add_val(call->doc, object, "value", debug_op_make_str(call, text));
    return object;
}

/* As deep as toml_parse reads. */
static yyjson_mut_val *make_toml(const struct debug_call *call, const struct toml *value)
{
    yyjson_mut_val *out;
    if (value->kind == TOML_ARRAY) {
        out = yyjson_mut_arr(call->doc);
        for (size_t i = 0; i < value->array.len; i++)
            yyjson_mut_arr_append(out, make_toml(call, value->array.at[i]));
        return out;
    }
    if (value->kind != TOML_TABLE)
        return make_scalar(call, value);
    out = yyjson_mut_obj(call->doc);
    for (size_t i = 0; i < value->table.len; i++)
        yyjson_mut_obj_add(out, debug_op_make_str(call, value->table.entries[i].key),
                           make_toml(call, value->table.entries[i].value));
    return out;
}

bool debug_toml_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text;
    const struct toml *root;
    if (!debug_op_str(call, "text", &text, err) ||
        !toml_parse(text, "document", call->arena, &root, err))
        return false;
    *result = make_toml(call, root);
    return true;
}
