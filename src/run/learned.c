#include "run/learned.h"

#include "build/recipe.h"

struct learned_reading {
    struct learned *learned;
    struct arena *arena;
};

static bool learned_package(void *state, const struct store_learned *learned, struct err *err)
{
    struct learned_reading *reading = state;
    (void)err;
    if (!str_eq(learned->kind, STR("wheel")))
        return true;
    struct store_learned *copy = ARENA_NEW(reading->arena, struct store_learned);
    *copy = *learned;
    copy->name = arena_str(reading->arena, learned->name);
    copy->strategy = arena_str(reading->arena, learned->strategy);
    copy->recipes = arena_str(reading->arena, learned->recipes);
    *map_at(&reading->learned->packages, reading->arena, copy->name) = copy;
    return true;
}

static bool learned_hint(void *state, const struct store_hint_record *record, struct err *err)
{
    struct learned_reading *reading = state;
    (void)err;
    *vec_push(&reading->learned->hints, reading->arena) =
        (struct hint_record){.id = arena_str(reading->arena, record->hint),
                             .tried = (uint64_t)record->applied,
                             .worked = (uint64_t)record->fixed};
    return true;
}

bool learned_read(struct store *store, struct arena *arena, struct learned *learned,
                  struct err *err)
{
    struct learned_reading reading = {learned, arena};
    *learned = (struct learned){0};
    return store_learned_each(store, learned_package, &reading, err) &&
           store_hint_each(store, learned_hint, &reading, err);
}

bool learned_look(struct str path, struct arena *arena, struct learned *learned, struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    struct err absent = {0};
    bool newest;
    *learned = (struct learned){0};
    if (!path.len || !store_open_to_read(arena_cstr(arena, path), &store, &newest, &absent) ||
        !newest)
        return true; /* the run that follows brings it up, or says what is wrong with it */
    return learned_read(store, arena, learned, err);
}

struct spec_list learned_recipes(const struct learned *learned, struct str name,
                                 struct spec_list asked, bool system, struct arena *arena)
{
    const struct store_learned *package = map_get(&learned->packages, name);
    VEC(struct str) words = {0};
    struct err ignored = {0};
    for (size_t i = 0; i < asked.len; i++)
        if (!str_starts(asked.at[i], STR("setting:")))
            return (struct spec_list){0};
    if (!package)
        return (struct spec_list){0};
    struct spec_list known = recipe_for(name, (struct spec_files){0}, asked, arena);
    struct spec_list kept = spec_list_read(package->recipes, arena);
    for (size_t i = 0; i < kept.len; i++) {
        struct str word = kept.at[i];
        bool packages = str_starts(word, STR("apt:")) || str_starts(word, STR("dnf:"));
        if ((system || !packages) && !recipe_has(known, word) && recipe_check(word, &ignored))
            *vec_push(&words, arena) = word;
    }
    return (struct spec_list){words.at, words.len};
}
