#include "pkg/pylock_select.h"

#include "base/map.h"
#include "base/vec.h"
#include "pkg/filename.h"

static bool select_python(const struct pylock_target *target, const struct specifier_set *set,
                          const char *what, const struct pylock_package *package, struct err *err)
{
    if (specifier_set_match(set, target->python))
        return true;
    if (!package)
        return err_set(err, ERR_UNSAT,
                       "%s: made for Python " STR_FMT ", the target has " STR_FMT
                       "; lock again for this target",
                       what, STR_ARG(set->text), STR_ARG(target->python->text));
    return err_set(err, ERR_UNSAT,
                   "%s:%u: " STR_FMT " needs Python " STR_FMT ", the target has " STR_FMT, what,
                   package->line, STR_ARG(package->name), STR_ARG(set->text),
                   STR_ARG(target->python->text));
}

static bool select_environment(const struct pylock *lock, const struct pylock_target *target,
                               const char *what, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    for (size_t i = 0; i < lock->environments_len; i++) {
        if (marker_holds(lock->environments[i], target->marker, NULL))
            return true;
        buf_add(&text, i ? STR("; ") : STR(""));
        marker_write(lock->environments[i], &text);
    }
    return !lock->environments_len ||
           err_set(err, ERR_UNSAT,
                   "%s: made for other environments (%.600s) than " STR_FMT
                   "; lock again for this target",
                   what, text.ptr, STR_ARG(target->tags->name));
}

static const struct pylock_file *select_wheel(const struct pylock_package *package,
                                              const struct tags *tags, struct arena *arena)
{
    const struct pylock_file *best = NULL;
    struct wheel_name best_name = {0}, name;
    struct err ignored = {0};
    long best_rank = -1;
    for (size_t i = 0; i < package->wheels_len; i++) {
        if (!filename_parse_wheel(package->wheels[i].filename, arena, &name, &ignored))
            continue;
        long rank = tags_rank(tags, name.python, name.abi, name.platform);
        if (rank < 0 || (best && rank > best_rank) ||
            (best && rank == best_rank && filename_cmp_build(&name, &best_name) <= 0))
            continue;
        best = &package->wheels[i];
        best_name = name;
        best_rank = rank;
    }
    return best;
}

static bool select_file(const struct pylock_target *target, const char *what,
                        struct pylock_choice *choice, struct arena *arena, struct err *err)
{
    const struct pylock_package *package = choice->package;
    if (package->source != PYLOCK_FILES)
        return true;
    choice->file = select_wheel(package, target->tags, arena);
    choice->wheel = choice->file != NULL;
    if (!choice->file && package->has_sdist)
        choice->file = &package->sdist;
    return choice->file ||
           err_set(err, ERR_UNSAT,
                   "%s:%u: " STR_FMT " has no wheel for " STR_FMT
                   " and no sdist; lock again for this target",
                   what, package->line, STR_ARG(package->name), STR_ARG(target->tags->name));
}

bool pylock_select(const struct pylock *lock, const struct pylock_target *target, const char *what,
                   struct arena *arena, const struct pylock_choice **choices, size_t *len,
                   struct err *err)
{
    struct map by_name = {0};
    VEC(struct pylock_choice) found = {0};
    const struct marker_wants wants = {
        .extras = target->extras,
        .extras_len = target->extras_len,
        .groups = target->groups ? target->groups : lock->default_groups,
        .groups_len = target->groups ? target->groups_len : lock->default_groups_len};
    if (!select_python(target, &lock->requires_python, what, NULL, err) ||
        !select_environment(lock, target, what, err))
        return false;
    for (size_t i = 0; i < lock->packages_len; i++) {
        const struct pylock_package *package = &lock->packages[i];
        if (!marker_holds(package->marker, target->marker, &wants))
            continue;
        if (!select_python(target, &package->requires_python, what, package, err))
            return false;
        void **place = map_at(&by_name, arena, package->name);
        if (*place)
            return err_set(err, ERR_UNSAT,
                           "%s:%u: " STR_FMT " is here for this target, and in line %u as well: "
                           "their markers must exclude each other",
                           what, package->line, STR_ARG(package->name),
                           ((const struct pylock_package *)*place)->line);
        *place = (void *)(uintptr_t)package;
        *vec_push(&found, arena) = (struct pylock_choice){.package = package};
    }
    for (size_t i = 0; i < found.len; i++)
        if (!select_file(target, what, &found.at[i], arena, err))
            return false;
    *choices = found.at;
    *len = found.len;
    return true;
}
