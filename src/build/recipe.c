#include "build/recipe.h"

#include "base/embedded.h"
#include "base/vec.h"

extern const struct embedded_file build_recipes[];

struct spec_list recipe_for(struct str name, struct arena *arena)
{
    VEC(struct str) words = {0};
    struct str rest = embedded_find(build_recipes, STR("recipes.tsv")), line;
    while (str_next_line(&rest, &line)) {
        struct str package, tail, kind, value;
        if (str_starts(line, STR("#")) || !str_cut(line, '\t', &package, &tail) ||
            !str_cut(tail, '\t', &kind, &value) || !str_eq(package, name))
            continue;
        *vec_push(&words, arena) =
            arena_printf(arena, STR_FMT ":" STR_FMT, STR_ARG(kind), STR_ARG(value));
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
