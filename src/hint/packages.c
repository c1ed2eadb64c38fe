#include "hint/packages.h"

#include "hint/external.h"

/* Kinds of the map by the words of tables/hint_needs.def; a shell's command is a program. */
bool packages_kind(enum hint_need need, enum capability_kind *kind)
{
    struct str word = str_from(hint_need_name(need == NEED_COMMAND ? NEED_PROGRAM : need));
    return capability_path_kind(word, kind);
}

/* What the manager calls a package of the map's distribution. */
static struct str packages_name(const struct capability_map *map, struct str package,
                                struct str manager)
{
    enum external_manager own;
    struct external external;
    if (!external_manager_of(map->facts.distro, &own))
        return STR("");
    if (str_eq(manager, str_from(external_manager_name(own))))
        return package;
    if (!external_by_name(own, package, &external))
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
    if (!packages_kind(need, &kind))
        return false;
    capability_find(map, kind, name, arena, &list);
    for (size_t i = 0; i < list.len && found->len < SUGGEST_NAMES; i++) {
        struct str package = packages_name(map, list.at[i].package, manager);
        if (package.len)
            found->at[found->len++] = arena_str(arena, package);
    }
    return found->len > 0;
}

struct hint_lookup packages_lookup(const struct capability_map *map)
{
    return (struct hint_lookup){packages_find, (void *)(uintptr_t)map};
}
