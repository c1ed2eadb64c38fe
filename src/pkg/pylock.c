#include "pkg/pylock.h"

#include "base/vec.h"
#include "pkg/name.h"
#include "pkg/pylock_source.h"
#include "pkg/toml_member.h"

bool pylock_is_name(struct str filename)
{
    static const struct str head = STR_INIT("pylock."), tail = STR_INIT(".toml");
    if (str_eq(filename, STR("pylock.toml")))
        return true;
    return filename.len > head.len + tail.len && str_starts(filename, head) &&
           str_ends(filename, tail) &&
           !str_has_char(str_slice(filename, head.len, filename.len - tail.len), '.');
}

static bool pylock_marker(const struct toml_reader *reader, const struct toml *at, struct str text,
                          const struct marker **marker)
{
    struct err said = {0};
    return marker_parse(text, reader->arena, marker, &said) ||
           toml_member_wrong(reader, at, "%.400s", said.text);
}

static bool pylock_python(const struct toml_reader *reader, const struct toml *table,
                          struct specifier_set *set)
{
    struct str text = STR("");
    struct err said = {0};
    if (!toml_member_string(reader, table, "requires-python", TOML_OPTIONAL, &text))
        return false;
    return specifier_set_parse(text, reader->arena, set, &said) ||
           toml_member_wrong(reader, toml_get(table, STR("requires-python")), "%.400s", said.text);
}

static bool pylock_name(const struct toml_reader *reader, const struct toml *at, struct str name)
{
    return (name_is_valid(name) && name_is_normal(name)) ||
           toml_member_wrong(reader, at, "\"" STR_FMT "\" is no name in normal form (PEP 503)",
                             STR_ARG(str_slice(name, 0, 100)));
}

/* ---- one package ---- */

/* The specification leaves open what tells a package from others: other types are kept, not judged.
 */
static struct str pylock_text(const struct toml *table, const char *key)
{
    const struct toml *value = toml_get(table, str_from(key));
    return value && value->kind == TOML_STRING ? value->string : STR("");
}

static bool pylock_dependencies(const struct toml_reader *reader, const struct toml *table,
                                struct pylock_package *package)
{
    const struct toml *array;
    if (!toml_member_tables(reader, table, "dependencies", TOML_OPTIONAL, &array))
        return false;
    if (!array)
        return true;
    struct pylock_dependency *found =
        ARENA_ARRAY(reader->arena, struct pylock_dependency, array->array.len + 1);
    for (size_t i = 0; i < array->array.len; i++) {
        found[i] =
            (struct pylock_dependency){.table = array->array.at[i],
                                       .name = pylock_text(array->array.at[i], "name"),
                                       .version = pylock_text(array->array.at[i], "version")};
    }
    package->dependencies = found;
    package->dependencies_len = array->array.len;
    return true;
}

static bool pylock_identities(const struct toml_reader *reader, const struct toml *table,
                              struct pylock_package *package)
{
    struct str kind;
    if (!toml_member_tables(reader, table, "attestation-identities", TOML_OPTIONAL,
                            &package->attestation_identities))
        return false;
    for (size_t i = 0;
         package->attestation_identities && i < package->attestation_identities->array.len; i++)
        if (!toml_member_string(reader, package->attestation_identities->array.at[i], "kind",
                                TOML_REQUIRED, &kind))
            return false;
    return true;
}

static bool pylock_version(const struct toml_reader *reader, const struct toml *table,
                           struct pylock_package *package)
{
    struct str text = STR("");
    struct err said = {0};
    if (!toml_member_string(reader, table, "version", TOML_OPTIONAL, &text))
        return false;
    const struct toml *at = toml_get(table, STR("version"));
    package->has_version = at != NULL;
    return !at || version_parse(text, &package->version, &said) ||
           toml_member_wrong(reader, at, "%.400s", said.text);
}

static bool pylock_package(const struct toml_reader *reader, const struct toml *table,
                           struct pylock_package *package)
{
    struct str marker = STR("");
    *package = (struct pylock_package){.line = table->line};
    if (!toml_member_string(reader, table, "name", TOML_REQUIRED, &package->name) ||
        !pylock_name(reader, toml_get(table, STR("name")), package->name) ||
        !pylock_version(reader, table, package) ||
        !toml_member_string(reader, table, "marker", TOML_OPTIONAL, &marker))
        return false;
    const struct toml *at = toml_get(table, STR("marker"));
    return (!at || pylock_marker(reader, at, marker, &package->marker)) &&
           pylock_python(reader, table, &package->requires_python) &&
           pylock_dependencies(reader, table, package) &&
           toml_member_string(reader, table, "index", TOML_OPTIONAL, &package->index) &&
           pylock_source_read(reader, table, package) &&
           pylock_identities(reader, table, package) &&
           toml_member(reader, table, "tool", TOML_TABLE, TOML_OPTIONAL, &package->tool);
}

/* ---- the whole ---- */

static bool pylock_lock_version(const struct toml_reader *reader, const struct toml *root,
                                struct pylock *lock)
{
    struct version version, one, two;
    struct err said = {0};
    if (!toml_member_string(reader, root, "lock-version", TOML_REQUIRED, &lock->lock_version))
        return false;
    const struct toml *at = toml_get(root, STR("lock-version"));
    if (!version_parse(lock->lock_version, &version, &said))
        return toml_member_wrong(reader, at, "lock-version: %.400s", said.text);
    if (!version_try(STR("1.0"), &one) || !version_try(STR("2"), &two) ||
        version_cmp(&version, &one) < 0 || version_cmp(&version, &two) >= 0)
        return toml_member_wrong(reader, at, "lock-version " STR_FMT " is not known here (1.0 is)",
                                 STR_ARG(str_slice(lock->lock_version, 0, 40)));
    if (version_cmp(&version, &one) > 0)
        lock->warning = arena_printf(reader->arena,
                                     "%s: lock-version " STR_FMT " is newer than 1.0: what it "
                                     "added is passed over",
                                     reader->what, STR_ARG(str_slice(lock->lock_version, 0, 40)));
    return true;
}

static bool pylock_environments(const struct toml_reader *reader, const struct toml *root,
                                struct pylock *lock)
{
    const struct str *texts = NULL;
    size_t len = 0;
    if (!toml_member_strings(reader, root, "environments", TOML_OPTIONAL, &texts, &len))
        return false;
    const struct marker **markers = ARENA_ARRAY(reader->arena, const struct marker *, len + 1);
    const struct toml *array = toml_get(root, STR("environments"));
    for (size_t i = 0; i < len; i++)
        if (!pylock_marker(reader, array->array.at[i], texts[i], &markers[i]))
            return false;
    lock->environments = markers;
    lock->environments_len = len;
    return true;
}

static bool pylock_extras(const struct toml_reader *reader, const struct toml *root,
                          struct pylock *lock)
{
    if (!toml_member_strings(reader, root, "extras", TOML_OPTIONAL, &lock->extras,
                             &lock->extras_len))
        return false;
    for (size_t i = 0; i < lock->extras_len; i++)
        if (!pylock_name(reader, toml_get(root, STR("extras"))->array.at[i], lock->extras[i]))
            return false;
    return true;
}

static bool pylock_packages(const struct toml_reader *reader, const struct toml *root,
                            struct pylock *lock)
{
    const struct toml *array;
    if (!toml_member_tables(reader, root, "packages", TOML_REQUIRED, &array))
        return false;
    if (array->array.len > PYLOCK_PACKAGE_LIMIT)
        return err_set(reader->err, ERR_LIMIT, "%s: %zu packages, more than the %d allowed",
                       reader->what, array->array.len, PYLOCK_PACKAGE_LIMIT);
    struct pylock_package *packages =
        ARENA_ARRAY(reader->arena, struct pylock_package, array->array.len + 1);
    for (size_t i = 0; i < array->array.len; i++)
        if (!pylock_package(reader, array->array.at[i], &packages[i]))
            return false;
    lock->packages = packages;
    lock->packages_len = array->array.len;
    return true;
}

bool pylock_parse(struct str text, const char *what, struct arena *arena, struct pylock *lock,
                  struct err *err)
{
    const struct toml_reader reader = {.what = what, .arena = arena, .err = err};
    const struct toml *root;
    struct pylock made = {0};
    if (!toml_parse(text, what, arena, &root, err) || !pylock_lock_version(&reader, root, &made) ||
        !pylock_environments(&reader, root, &made) ||
        !pylock_python(&reader, root, &made.requires_python) ||
        !pylock_extras(&reader, root, &made) ||
        !toml_member_strings(&reader, root, "dependency-groups", TOML_OPTIONAL,
                             &made.dependency_groups, &made.dependency_groups_len) ||
        !toml_member_strings(&reader, root, "default-groups", TOML_OPTIONAL, &made.default_groups,
                             &made.default_groups_len) ||
        !toml_member_string(&reader, root, "created-by", TOML_REQUIRED, &made.created_by) ||
        !pylock_packages(&reader, root, &made) ||
        !toml_member(&reader, root, "tool", TOML_TABLE, TOML_OPTIONAL, &made.tool))
        return false;
    *lock = made;
    return true;
}
