#include "hint/packages.h"

#include "hint/external.h"

/*
 * Kinds of the map by the words of tables/hint_needs.def; a shell's command is a program. A module
 * of the distribution's Python is none of a build's own environment.
 */
static bool packages_kind(enum hint_need need, enum capability_kind *kind)
{
    struct str word = str_from(hint_need_name(need == NEED_COMMAND ? NEED_PROGRAM : need));
    return capability_path_kind(word, kind) && *kind != CAPABILITY_PYTHON;
}

/* What the manager calls a package of the map; programs of the build machine are told apart. */
static struct str packages_name(const struct capability_map *map,
                                const struct capability_candidate *one, struct str manager,
                                struct arena *arena)
{
    enum external_manager own;
    struct external external;
    if (!external_manager_of(map->facts.distro, &own))
        return STR("");
    if (str_eq(manager, str_from(external_manager_name(own))))
        return own == EXTERNAL_APT && !one->of_target
                   ? arena_printf(arena, STR_FMT ":native", STR_ARG(one->package))
                   : arena_str(arena, one->package);
    if (!external_by_name(own, one->package, &external))
        return STR("");
    for (unsigned i = 0; i < EXTERNAL_MANAGERS; i++)
        if (str_eq(manager, str_from(external_manager_name((enum external_manager)i))))
            return external.names[i];
    return STR("");
}

static bool packages_find(void *state, enum hint_need need, struct str name, struct str manager,
                          struct arena *arena, struct hint_names *found)
{
    const struct capability_map *map = state;
    struct capability_list list;
    enum capability_kind kind;
    if (!name.len || !packages_kind(need, &kind))
        return false;
    capability_find(map, kind, name, arena, &list);
    for (size_t i = 0; i < list.len && found->len < SUGGEST_NAMES; i++) {
        struct str package = packages_name(map, &list.at[i], manager, arena);
        if (package.len)
            found->at[found->len++] = package;
    }
    return found->len > 0;
}

bool packages_asks(const struct hint_reading *reading)
{
    enum capability_kind kind;
    for (size_t i = 0; i < reading->len; i++)
        if (packages_kind(reading->findings[i].need, &kind))
            return true;
    return false;
}

struct hint_lookup packages_lookup(const struct capability_map *map)
{
    return (struct hint_lookup){packages_find, (void *)(uintptr_t)map};
}
