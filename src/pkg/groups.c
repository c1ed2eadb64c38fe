#include "pkg/groups.h"
#include "base/vec.h"
#include "pkg/name.h"
#include "pkg/requirement.h"

static struct groups_item read_item(const struct toml *value)
{
    const struct toml *include =
        value->kind == TOML_TABLE ? toml_get(value, STR("include-group")) : NULL;
    if (value->kind == TOML_STRING)
        return (struct groups_item){GROUPS_REQUIREMENT, value->string, 0, 0};
    if (include && include->kind == TOML_STRING && value->table.len == 1)
        return (struct groups_item){GROUPS_INCLUDE, include->string, 0, 0};
    return (struct groups_item){GROUPS_INVALID, STR(""), value->line, value->column};
}

/* What is no array is read as a group with one invalid item. */
static struct groups_one read_group(struct str written, const struct toml *list,
                                    struct arena *arena)
{
    bool is_list = list->kind == TOML_ARRAY;
    size_t len = is_list ? list->array.len : 1;
    struct groups_item *items = ARENA_ARRAY(arena, struct groups_item, len + 1);
    for (size_t i = 0; i < len; i++)
        items[i] = is_list
                       ? read_item(list->array.at[i])
                       : (struct groups_item){GROUPS_INVALID, STR(""), list->line, list->column};
    return (struct groups_one){written, name_normal(written, arena), items, len};
}

bool groups_read(const struct toml *table, const char *what, struct arena *arena,
                 struct groups *groups, struct err *err)
{
    if (!table) {
        *groups = (struct groups){0};
        return true;
    }
    if (table->kind != TOML_TABLE)
        return err_set_at(err, ERR_FORMAT, table->line, table->column,
                          "%s:%u:%u: dependency-groups must be a table, not %s", what, table->line,
                          table->column, toml_kind_name(table->kind));
    if (table->table.len > GROUPS_LIMIT)
        return err_set(err, ERR_LIMIT, "%s: more than %d dependency groups", what, GROUPS_LIMIT);
    struct groups_one *made = ARENA_ARRAY(arena, struct groups_one, table->table.len + 1);
    for (size_t i = 0; i < table->table.len; i++)
        made[i] = read_group(table->table.entries[i].key, table->table.entries[i].value, arena);
    struct groups found = {made, table->table.len};
    if (!groups_check_names(&found, err))
        return err_wrap(err, "%s", what);
    *groups = found;
    return true;
}

bool groups_check_names(const struct groups *groups, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct map seen = {0};
    for (size_t i = 0; i < groups->len; i++) {
        void **place = map_at(&seen, &arena, groups->at[i].name);
        const struct groups_one *before = *place;
        if (before)
            return err_set(err, ERR_FORMAT,
                           "the dependency groups \"" STR_FMT "\" and \"" STR_FMT
                           "\" have the same name",
                           STR_ARG(str_slice(before->written, 0, 100)),
                           STR_ARG(str_slice(groups->at[i].written, 0, 100)));
        *place = (void *)(uintptr_t)&groups->at[i];
    }
    return true;
}

/* A group whose items are being taken, and how many of them are. */
struct step {
    const struct groups_one *group;
    size_t taken;
};

struct resolution {
    const struct groups *groups;
    struct map by_name;
    bool *open; /* of each group: on the path */
    struct arena *arena;
    VEC(struct step) path; /* from the group asked for to the one included last */
    VEC(struct str) found;
    struct err *err;
};

static bool enter(struct resolution *r, struct str written)
{
    const struct groups_one *group = map_get(&r->by_name, name_normal(written, r->arena));
    struct str shown = str_slice(written, 0, 100);
    if (!group)
        return err_set(r->err, ERR_NOT_FOUND, "there is no dependency group \"" STR_FMT "\"",
                       STR_ARG(shown));
    if (r->open[group - r->groups->at])
        return err_set(r->err, ERR_FORMAT,
                       "the dependency group \"" STR_FMT "\" includes itself, by \"" STR_FMT "\"",
                       STR_ARG(shown),
                       STR_ARG(str_slice(r->path.at[r->path.len - 1].group->name, 0, 100)));
    r->open[group - r->groups->at] = true;
    *vec_push(&r->path, r->arena) = (struct step){group, 0};
    return true;
}

static bool take(struct resolution *r, const struct groups_one *group,
                 const struct groups_item *item)
{
    struct requirement ignored;
    struct str shown = str_slice(group->name, 0, 100);
    if (item->kind == GROUPS_INCLUDE)
        return enter(r, item->text);
    if (item->kind == GROUPS_INVALID)
        return err_set_at(r->err, ERR_FORMAT, item->line, item->column,
                          "dependency group \"" STR_FMT
                          "\": expected an array of requirements and of "
                          "{include-group = \"name\"}",
                          STR_ARG(shown));
    if (r->found.len == GROUPS_RESULT_LIMIT)
        return err_set(r->err, ERR_LIMIT, "dependency groups of more than %d requirements",
                       GROUPS_RESULT_LIMIT);
    if (!requirement_parse(item->text, r->arena, &ignored, r->err))
        return err_wrap(r->err, "dependency group \"" STR_FMT "\"", STR_ARG(shown));
    *vec_push(&r->found, r->arena) = item->text;
    return true;
}

bool groups_resolve(const struct groups *groups, struct str name, struct arena *arena,
                    const struct str **requirements, size_t *len, struct err *err)
{
    struct resolution r = {.groups = groups, .arena = arena, .err = err};
    size_t steps = 0;
    r.open = ARENA_ARRAY(arena, bool, groups->len + 1);
    for (size_t i = 0; i < groups->len; i++)
        *map_at(&r.by_name, arena, groups->at[i].name) = (void *)(uintptr_t)&groups->at[i];
    if (!enter(&r, name))
        return false;
    while (r.path.len) {
        struct step *step = &r.path.at[r.path.len - 1];
        const struct groups_one *group = step->group;
        if (step->taken == group->len) {
            r.open[group - groups->at] = false;
            r.path.len--;
            continue;
        }
        /* Groups that include one another twice each grow without a requirement in them. */
        if (++steps > 10 * GROUPS_RESULT_LIMIT)
            return err_set(err, ERR_LIMIT, "dependency groups include one another too often");
        if (!take(&r, group, &group->items[step->taken++]))
            return false;
    }
    *requirements = r.found.at;
    *len = r.found.len;
    return true;
}
