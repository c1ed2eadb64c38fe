#include "build/recipe.h"

#include "base/embedded.h"
#include "base/vec.h"
#include "pkg/name.h"
#include "wheelfile/wheelfile.h"

extern const struct embedded_file build_recipes[];

/* Whether a row's first column means this build: its package, or "*" and what it is built with. */
static bool recipe_applies(struct str row, struct str name, struct spec_files requires,
                           struct arena *arena)
{
    struct err ignored = {0};
    struct wheelfile_name wheel;
    if (!str_starts(row, STR("*")))
        return str_eq(row, name);
    for (size_t i = 0; i < requires.len; i++)
        if (wheelfile_parse_name(requires.at[i].filename, &wheel, &ignored) &&
            str_eq(name_normal(wheel.name, arena), str_from_pos(row, 1)))
            return true;
    return false;
}

struct spec_list recipe_for(struct str name, struct spec_files requires, struct spec_list asked,
                            struct arena *arena)
{
    VEC(struct str) words = {0};
    for (size_t i = 0; i < asked.len; i++)
        *vec_push(&words, arena) = asked.at[i];
    struct str rest = embedded_find(build_recipes, STR("recipes.tsv")), line;
    while (str_next_line(&rest, &line)) {
        struct str row, tail, kind, value;
        if (str_starts(line, STR("#")) || !str_cut(line, '\t', &row, &tail) ||
            !str_cut(tail, '\t', &kind, &value) || !recipe_applies(row, name, requires, arena))
            continue;
        struct str word = arena_printf(arena, STR_FMT ":" STR_FMT, STR_ARG(kind), STR_ARG(value));
        bool known = false;
        for (size_t i = 0; i < words.len; i++)
            known = known || str_eq(words.at[i], word);
        if (!known)
            *vec_push(&words, arena) = word;
    }
    return (struct spec_list){words.at, words.len};
}

struct spec_list recipe_values(struct spec_list words, struct str kind, struct arena *arena)
{
    VEC(struct str) values = {0};
    for (size_t i = 0; i < words.len; i++) {
        struct str head, value;
        if (str_cut(words.at[i], ':', &head, &value) && str_eq(head, kind))
            *vec_push(&values, arena) = value;
    }
    return (struct spec_list){values.at, values.len};
}
