#include "hint/contradict.h"

/* Of hints with one pattern. */
struct contradict_link {
    struct hint hint;
    struct contradict_link *next;
};

struct str contradict_subject(const struct hint_recipe *recipe, struct arena *arena)
{
    size_t end = recipe->value.len;
    if (str_eq(recipe->kind, STR("env")) || str_eq(recipe->kind, STR("setting"))) {
        end = str_find_char(recipe->value, '=');
    } else if (str_eq(recipe->kind, STR("pip"))) {
        end = 0;
        while (end < recipe->value.len && (char_is_alnum(recipe->value.ptr[end]) ||
                                           str_has_char(STR("-_."), recipe->value.ptr[end])))
            end++;
    }
    struct str what = str_slice(recipe->value, 0, end);
    char *folded = arena_alloc(arena, what.len + 1);
    bool exact = str_eq(recipe->kind, STR("env")); /* names of the environment know cases */
    for (size_t i = 0; i < what.len; i++)
        folded[i] = exact ? what.ptr[i] : char_lower(what.ptr[i]);
    return arena_printf(arena, STR_FMT ":" STR_FMT, STR_ARG(recipe->kind), (int)what.len, folded);
}

static bool contradict_lists_meet(const struct hint_list *a, const struct hint_list *b)
{
    if (!a->len || !b->len)
        return true;
    for (size_t i = 0; i < a->len; i++)
        for (size_t j = 0; j < b->len; j++)
            if (str_eq(a->at[i], b->at[j]))
                return true;
    return false;
}

static bool contradict_scopes_meet(const struct hint_applies *a, const struct hint_applies *b)
{
    return contradict_lists_meet(&a->packages, &b->packages) &&
           contradict_lists_meet(&a->patterns, &b->patterns) &&
           contradict_lists_meet(&a->python, &b->python) &&
           contradict_lists_meet(&a->python_tags, &b->python_tags) &&
           contradict_lists_meet(&a->platforms, &b->platforms) &&
           contradict_lists_meet(&a->arch, &b->arch) &&
           contradict_lists_meet(&a->backends, &b->backends);
}

static bool contradict_same(const struct hint_recipes *a, const struct hint_recipes *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!str_eq(a->at[i].kind, b->at[i].kind) || !str_eq(a->at[i].value, b->at[i].value))
            return false;
    return true;
}

/* The first recipe of `a` whose subject `b` sets otherwise, or NULL. */
static const struct hint_recipe *
contradict_recipe(const struct hint_recipes *a, const struct hint_recipes *b, struct arena *arena)
{
    for (size_t i = 0; i < a->len; i++)
        for (size_t j = 0; j < b->len; j++)
            if (!str_eq(a->at[i].value, b->at[j].value) &&
                str_eq(contradict_subject(&a->at[i], arena), contradict_subject(&b->at[j], arena)))
                return &a->at[i];
    return NULL;
}

bool contradict_check(struct map *rules, const struct hint *hint, struct arena *arena,
                      struct str *note, struct err *err)
{
    struct str key = arena_printf(arena, "%d " STR_FMT, hint->pattern.len ? 0 : (int)hint->class,
                                  STR_ARG(hint->pattern));
    void **first = map_at(rules, arena, key);
    for (const struct contradict_link *link = *first; link; link = link->next) {
        const struct hint *other = &link->hint;
        if (!contradict_scopes_meet(&hint->applies, &other->applies))
            continue;
        if (contradict_same(&hint->recipes, &other->recipes))
            return err_set(err, ERR_CONFLICT, "it says what hint " STR_FMT " says already",
                           STR_ARG(other->id));
        const struct hint_recipe *recipe =
            contradict_recipe(&hint->recipes, &other->recipes, arena);
        if (!recipe)
            continue;
        if (hint->confidence == other->confidence)
            return err_set(err, ERR_CONFLICT,
                           "it contradicts hint " STR_FMT " (" STR_FMT ":" STR_FMT
                           ") and is no surer: give one of them more confidence, or "
                           "applies_to that keep them apart",
                           STR_ARG(other->id), STR_ARG(recipe->kind), STR_ARG(recipe->value));
        *note = arena_printf(arena,
                             "it contradicts hint " STR_FMT " (" STR_FMT ":" STR_FMT
                             "); the surer one comes first",
                             STR_ARG(other->id), STR_ARG(recipe->kind), STR_ARG(recipe->value));
    }
    struct contradict_link *link = ARENA_NEW(arena, struct contradict_link);
    *link = (struct contradict_link){*hint, *first};
    *first = link;
    return true;
}
