#include "pkg/pyproject.h"
#include "base/vec.h"

/* What a project without the table gets (PEP 518, and pip's floor for its setup.py entry). */
static const struct str pyproject_default_requires[] = {STR_INIT("setuptools>=40.8.0")};
#define PYPROJECT_LEGACY_BACKEND "setuptools.build_meta:__legacy__"

static bool pyproject_wrong(const char *what, const struct toml *value, const char *key,
                            const char *wanted, struct err *err)
{
    return err_set_at(err, ERR_FORMAT, value->line, value->column,
                      "%s:%u:%u: %s must be %s, not %s", what, value->line, value->column, key,
                      wanted, toml_kind_name(value->kind));
}

/* A string member; absent gives the empty one. */
static bool pyproject_string(const struct toml *table, const char *key, const char *what,
                             struct str *out, struct err *err)
{
    const struct toml *value = toml_get(table, str_from(key));
    if (!value)
        return true;
    if (value->kind != TOML_STRING)
        return pyproject_wrong(what, value, key, "a string", err);
    *out = value->string;
    return true;
}

static bool pyproject_list(const struct toml *value, const char *key, const char *what,
                           struct arena *arena, const struct str **out, size_t *len,
                           struct err *err)
{
    if (!value)
        return true;
    if (value->kind != TOML_ARRAY)
        return pyproject_wrong(what, value, key, "an array of strings", err);
    struct str *strings = ARENA_ARRAY(arena, struct str, value->array.len + 1);
    for (size_t i = 0; i < value->array.len; i++) {
        const struct toml *item = value->array.at[i];
        if (item->kind != TOML_STRING)
            return pyproject_wrong(what, item, key, "an array of strings", err);
        strings[i] = item->string;
    }
    *out = strings;
    *len = value->array.len;
    return true;
}

/* A build backend of the project itself must lie inside the project (PEP 517). */
static bool pyproject_path_is_inside(struct str path)
{
    struct str rest = path, part;
    if (str_starts(path, STR("/")))
        return false;
    while (str_next(&rest, '/', &part))
        if (str_eq(part, STR("..")))
            return false;
    return true;
}

static bool pyproject_build_system(const struct toml *root, const char *what, struct arena *arena,
                                   struct pyproject *out, struct err *err)
{
    const struct toml *table = toml_get(root, STR("build-system"));
    out->requires = pyproject_default_requires;
    out->requires_len = 1;
    out->backend = STR(PYPROJECT_LEGACY_BACKEND);
    if (!table)
        return true;
    if (table->kind != TOML_TABLE)
        return pyproject_wrong(what, table, "build-system", "a table", err);
    const struct toml *requires = toml_get(table, STR("requires"));
    if (!requires)
        return err_set_at(err, ERR_FORMAT, table->line, table->column,
                          "%s:%u:%u: [build-system] has no \"requires\"", what, table->line,
                          table->column);
    out->has_build_system = true;
    if (!pyproject_list(requires, "build-system.requires", what, arena, &out->requires,
                        &out->requires_len, err) ||
        !pyproject_string(table, "build-backend", what, &out->backend, err) ||
        !pyproject_list(toml_get(table, STR("backend-path")), "build-system.backend-path", what,
                        arena, &out->backend_path, &out->backend_path_len, err))
        return false;
    for (size_t i = 0; i < out->backend_path_len; i++)
        if (!pyproject_path_is_inside(out->backend_path[i]))
            return err_set(err, ERR_FORMAT, "%s: backend-path \"" STR_FMT "\" leaves the project",
                           what, STR_ARG(str_slice(out->backend_path[i], 0, 200)));
    return true;
}

static bool pyproject_extras(const struct toml *table, const char *what, struct arena *arena,
                             struct pyproject *out, struct err *err)
{
    const struct toml *value = toml_get(table, STR("optional-dependencies"));
    if (!value)
        return true;
    if (value->kind != TOML_TABLE)
        return pyproject_wrong(what, value, "project.optional-dependencies", "a table", err);
    struct pyproject_extra *extras =
        ARENA_ARRAY(arena, struct pyproject_extra, value->table.len + 1);
    for (size_t i = 0; i < value->table.len; i++) {
        extras[i].name = value->table.entries[i].key;
        if (!pyproject_list(value->table.entries[i].value, "project.optional-dependencies", what,
                            arena, &extras[i].dependencies, &extras[i].dependencies_len, err))
            return false;
    }
    out->extras = extras;
    out->extras_len = value->table.len;
    return true;
}

/* An expression, or a table with one of "text" and "file". */
static bool pyproject_license(const struct toml *table, const char *what, struct arena *arena,
                              struct pyproject *out, struct err *err)
{
    const struct toml *value = toml_get(table, STR("license"));
    const struct toml *files = toml_get(table, STR("license-files"));
    out->has_license_files = files != NULL;
    if (!pyproject_list(files, "project.license-files", what, arena, &out->license_files,
                        &out->license_files_len, err))
        return false;
    if (!value)
        return true;
    if (value->kind == TOML_STRING) {
        out->license_expression = value->string;
        return true;
    }
    if (value->kind != TOML_TABLE || !toml_get(value, STR("text")) == !toml_get(value, STR("file")))
        return pyproject_wrong(what, value, "project.license",
                               "an expression, or a table with one of text and file", err);
    return pyproject_string(value, "text", what, &out->license_text, err) &&
           pyproject_string(value, "file", what, &out->license_file, err);
}

static bool pyproject_project(const struct toml *root, const char *what, struct arena *arena,
                              struct pyproject *out, struct err *err)
{
    const struct toml *table = toml_get(root, STR("project"));
    if (!table)
        return true;
    if (table->kind != TOML_TABLE)
        return pyproject_wrong(what, table, "project", "a table", err);
    out->has_project = true;
    return pyproject_string(table, "name", what, &out->name, err) &&
           pyproject_string(table, "version", what, &out->version, err) &&
           pyproject_string(table, "requires-python", what, &out->requires_python, err) &&
           pyproject_list(toml_get(table, STR("dependencies")), "project.dependencies", what, arena,
                          &out->dependencies, &out->dependencies_len, err) &&
           pyproject_list(toml_get(table, STR("dynamic")), "project.dynamic", what, arena,
                          &out->dynamic, &out->dynamic_len, err) &&
           pyproject_list(toml_get(table, STR("import-names")), "project.import-names", what, arena,
                          &out->import_names, &out->import_names_len, err) &&
           pyproject_list(toml_get(table, STR("import-namespaces")), "project.import-namespaces",
                          what, arena, &out->import_namespaces, &out->import_namespaces_len, err) &&
           pyproject_license(table, what, arena, out, err) &&
           pyproject_extras(table, what, arena, out, err);
}

bool pyproject_parse(struct str text, const char *what, struct arena *arena,
                     struct pyproject *pyproject, struct err *err)
{
    struct pyproject parsed = {0};
    if (text.len && !toml_parse(text, what, arena, &parsed.root, err))
        return false;
    if (!pyproject_build_system(parsed.root, what, arena, &parsed, err) ||
        !pyproject_project(parsed.root, what, arena, &parsed, err) ||
        !groups_read(toml_get(parsed.root, STR("dependency-groups")), what, arena, &parsed.groups,
                     err))
        return false;
    *pyproject = parsed;
    return true;
}

bool pyproject_is_dynamic(const struct pyproject *pyproject, struct str field)
{
    for (size_t i = 0; i < pyproject->dynamic_len; i++)
        if (str_eq(pyproject->dynamic[i], field))
            return true;
    return false;
}
