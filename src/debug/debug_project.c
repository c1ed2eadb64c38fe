#include "debug/debug_make.h"
#include "pkg/direct_url.h"
#include "pkg/license.h"
#include "pkg/managed.h"
#include "pkg/metadata_check.h"
#include "pkg/pyproject.h"
#include "pkg/name.h"

/* "Requires-Dist" -> "requires_dist" */
static struct str field_key(struct str name, struct arena *arena)
{
    char *key = arena_alloc(arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        key[i] = name.ptr[i] == '-' ? '_' : char_lower(name.ptr[i]);
    return str_of(key, name.len);
}

static void add_entry(const struct debug_call *call, yyjson_mut_val *fields, yyjson_mut_val *others,
                      const struct metadata_entry *entry)
{
    struct str name = entry->spec ? entry->spec->name : entry->name;
    const char *key = arena_cstr(call->arena, field_key(name, call->arena));
    yyjson_mut_val *into = entry->spec ? fields : others, *old = yyjson_mut_obj_get(into, key);
    yyjson_mut_val *value = debug_op_make_str(call, entry->raw);
    if (entry->spec && !entry->spec->many) {
        if (!old) /* the first counts */
            yyjson_mut_obj_add_val(call->doc, into, key, value);
        return;
    }
    yyjson_mut_arr_append(old ? old : yyjson_mut_obj_add_arr(call->doc, into, key), value);
}

static void add_problems(const struct debug_call *call, yyjson_mut_val *object,
                         const struct metadata_entry *entries, size_t len)
{
    const struct metadata_problem *problems;
    size_t count;
    metadata_check(entries, len, call->arena, &problems, &count);
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(call->doc, object, "problems");
    for (size_t i = 0; i < count; i++) {
        yyjson_mut_val *problem = yyjson_mut_arr_add_obj(call->doc, list);
        yyjson_mut_obj_add_val(call->doc, problem, "field",
                               debug_op_make_str(call, problems[i].field));
        yyjson_mut_obj_add_val(call->doc, problem, "line",
                               problems[i].line ? yyjson_mut_uint(call->doc, problems[i].line)
                                                : yyjson_mut_null(call->doc));
        yyjson_mut_obj_add_val(call->doc, problem, "message",
                               debug_op_make_str(call, problems[i].what));
    }
}

bool debug_metadata_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text, description;
    const struct metadata_entry *entries;
    size_t len;
    if (!debug_op_str(call, "text", &text, err) ||
        !metadata_read_entries(text, call->arena, &entries, &len, &description, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_val *fields = yyjson_mut_obj_add_obj(call->doc, *result, "fields");
    yyjson_mut_val *others = yyjson_mut_obj_add_obj(call->doc, *result, "others");
    for (size_t i = 0; i < len; i++)
        add_entry(call, fields, others, &entries[i]);
    debug_op_add_or_null(call, *result, "description", description);
    add_problems(call, *result, entries, len);
    return true;
}

bool debug_license_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text, normal;
    if (!debug_op_str(call, "expression", &text, err) ||
        !license_parse(text, call->arena, &normal, err))
        return false;
    *result = debug_op_make_str(call, normal);
    return true;
}

static void add_build_system(const struct debug_call *call, yyjson_mut_val *object,
                             const struct pyproject *project)
{
    yyjson_mut_val *out = yyjson_mut_obj_add_obj(call->doc, object, "build_system");
    yyjson_mut_obj_add_bool(call->doc, out, "declared", project->has_build_system);
    yyjson_mut_obj_add_val(call->doc, out, "requires",
                           debug_op_make_strs(call, project->requires, project->requires_len));
    yyjson_mut_obj_add_val(call->doc, out, "backend", debug_op_make_str(call, project->backend));
    yyjson_mut_obj_add_val(
        call->doc, out, "backend_path",
        debug_op_make_strs(call, project->backend_path, project->backend_path_len));
}

static void add_license(const struct debug_call *call, yyjson_mut_val *out,
                        const struct pyproject *project)
{
    debug_op_add_or_null(call, out, "license", project->license_expression);
    debug_op_add_or_null(call, out, "license_text", project->license_text);
    debug_op_add_or_null(call, out, "license_file", project->license_file);
    yyjson_mut_obj_add_val(
        call->doc, out, "license_files",
        project->has_license_files
            ? debug_op_make_strs(call, project->license_files, project->license_files_len)
            : yyjson_mut_null(call->doc));
}

static void add_project(const struct debug_call *call, yyjson_mut_val *object,
                        const struct pyproject *project)
{
    if (!project->has_project) {
        yyjson_mut_obj_add_null(call->doc, object, "project");
        return;
    }
    const struct {
        const char *key;
        const struct str *at;
        size_t len;
    } lists[] = {
        {"dependencies", project->dependencies, project->dependencies_len},
        {"dynamic", project->dynamic, project->dynamic_len},
        {"import_names", project->import_names, project->import_names_len},
        {"import_namespaces", project->import_namespaces, project->import_namespaces_len},
    };
    yyjson_mut_val *out = yyjson_mut_obj_add_obj(call->doc, object, "project");
    debug_op_add_or_null(call, out, "name", project->name);
    debug_op_add_or_null(call, out, "version", project->version);
    debug_op_add_or_null(call, out, "requires_python", project->requires_python);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        yyjson_mut_obj_add_val(call->doc, out, lists[i].key,
                               debug_op_make_strs(call, lists[i].at, lists[i].len));
    yyjson_mut_val *extras = yyjson_mut_obj_add_obj(call->doc, out, "optional_dependencies");
    for (size_t i = 0; i < project->extras_len; i++)
        yyjson_mut_obj_add(extras, debug_op_make_str(call, project->extras[i].name),
                           debug_op_make_strs(call, project->extras[i].dependencies,
                                              project->extras[i].dependencies_len));
    add_license(call, out, project);
}

/* Every group resolved; those that cannot be have their message in a second object. */
static void add_groups(const struct debug_call *call, yyjson_mut_val *object,
                       const struct groups *groups)
{
    yyjson_mut_val *out = yyjson_mut_obj_add_obj(call->doc, object, "dependency_groups");
    yyjson_mut_val *bad = yyjson_mut_obj_add_obj(call->doc, object, "dependency_group_errors");
    for (size_t i = 0; i < groups->len; i++) {
        const struct str *requirements;
        size_t len;
        struct err err = {0};
        yyjson_mut_val *name = debug_op_make_str(call, groups->at[i].name);
        if (groups_resolve(groups, groups->at[i].name, call->arena, &requirements, &len, &err))
            yyjson_mut_obj_add(out, name, debug_op_make_strs(call, requirements, len));
        else
            yyjson_mut_obj_add(bad, name, yyjson_mut_strcpy(call->doc, err.text));
    }
}

bool debug_pyproject_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text;
    struct pyproject project;
    if (!debug_op_str(call, "text", &text, err) ||
        !pyproject_parse(text, "pyproject.toml", call->arena, &project, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    add_build_system(call, *result, &project);
    add_project(call, *result, &project);
    add_groups(call, *result, &project.groups);
    return true;
}

static struct groups_item read_group_item(yyjson_val *value)
{
    yyjson_val *include = yyjson_obj_get(value, "include-group");
    if (yyjson_is_str(value))
        return (struct groups_item){GROUPS_REQUIREMENT, json_str(value), 0, 0};
    if (yyjson_is_str(include) && yyjson_obj_size(value) == 1)
        return (struct groups_item){GROUPS_INCLUDE, json_str(include), 0, 0};
    return (struct groups_item){GROUPS_INVALID, STR(""), 0, 0};
}

/* The table as JSON, for test suites that have it as data. */
static bool read_groups(const struct debug_call *call, struct groups *groups, struct err *err)
{
    yyjson_val *object = yyjson_obj_get(call->request, "groups"), *key, *list, *value;
    size_t i, max, k, count;
    if (!yyjson_is_obj(object))
        return err_set(err, ERR_USAGE, "the member \"groups\" must be an object of arrays");
    struct groups_one *made =
        ARENA_ARRAY(call->arena, struct groups_one, yyjson_obj_size(object) + 1);
    yyjson_obj_foreach(object, i, max, key, list)
    {
        struct str name = json_str(key);
        struct groups_item *items =
            ARENA_ARRAY(call->arena, struct groups_item, yyjson_arr_size(list) + 1);
        yyjson_arr_foreach(list, k, count, value)
        {
            items[k] = read_group_item(value);
        }
        if (!yyjson_is_arr(list))
            items[count++].kind = GROUPS_INVALID;
        made[i] = (struct groups_one){name, name_normal(name, call->arena), items, count};
    }
    *groups = (struct groups){made, yyjson_obj_size(object)};
    return groups_check_names(groups, err);
}

bool debug_groups_resolve(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct groups groups;
    struct str name;
    const struct str *requirements;
    size_t len;
    if (!read_groups(call, &groups, err) || !debug_op_str(call, "group", &name, err) ||
        !groups_resolve(&groups, name, call->arena, &requirements, &len, err))
        return false;
    *result = debug_op_make_strs(call, requirements, len);
    return true;
}

bool debug_direct_url_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    static const char *const kinds[] = {"archive", "vcs", "directory"};
    struct str text;
    struct direct_url direct;
    if (!debug_op_str(call, "text", &text, err) ||
        !direct_url_parse(text, call->arena, &direct, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_str(call->doc, *result, "kind", kinds[direct.kind]);
    yyjson_mut_obj_add_val(call->doc, *result, "url", debug_op_make_str(call, direct.url));
    yyjson_mut_obj_add_val(call->doc, *result, "url_stripped",
                           debug_op_make_str(call, direct_url_stripped(direct.url, call->arena)));
    debug_op_add_or_null(call, *result, "subdirectory", direct.subdirectory);
    yyjson_mut_obj_add_val(call->doc, *result, "hashes",
                           debug_make_hashes(call, direct.hashes, direct.hashes_len));
    debug_op_add_or_null(call, *result, "vcs", direct.vcs);
    debug_op_add_or_null(call, *result, "commit_id", direct.commit_id);
    debug_op_add_or_null(call, *result, "requested_revision", direct.requested_revision);
    yyjson_mut_obj_add_bool(call->doc, *result, "editable", direct.editable);
    return true;
}

bool debug_managed_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text, locale, message;
    if (!debug_op_str(call, "text", &text, err) ||
        !debug_op_maybe_str(call, "locale", &locale, err) ||
        !managed_parse(text, locale, call->arena, &message, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    debug_op_add_or_null(call, *result, "message", message);
    return true;
}
