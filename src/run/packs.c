#include "run/packs.h"

#include "base/vec.h"
#include "build/recipe.h"

typedef VEC(struct str) packs_names;

static packs_names packs_for(const struct pack_recipes *recipes, struct str package,
                             struct str backend, struct arena *arena)
{
    packs_names names = {0};
    for (size_t i = 0; i < recipes->len; i++)
        if (pack_recipe_is_for(&recipes->at[i], package, backend))
            *vec_push(&names, arena) = recipes->at[i].name;
    return names;
}

void packs_attach(const struct pack_recipes *recipes, struct graph *graph, size_t first,
                  struct arena *arena)
{
    struct graph_node *own = NULL;
    for (size_t i = first; i < graph->nodes_len; i++) {
        const struct graph_node *node = &graph->nodes[i];
        if (node->action != GRAPH_MAKE ||
            (node->kind == GRAPH_WHEEL && !str_eq(node->target, graph->target)))
            continue;
        packs_names names = packs_for(recipes, node->name, node->backend, arena);
        if (!names.len)
            continue;
        if (!own) {
            own = ARENA_ARRAY(arena, struct graph_node, graph->nodes_len);
            for (size_t k = 0; k < graph->nodes_len; k++)
                own[k] = graph->nodes[k];
            graph->nodes = own;
        }
        own[i].packs = names.at;
        own[i].packs_len = names.len;
    }
}

struct spec_list packs_words(const struct str *names, size_t len, struct spec_list asked,
                             struct arena *arena)
{
    packs_names words = {0};
    for (size_t i = 0; i < asked.len; i++)
        *vec_push(&words, arena) = asked.at[i];
    for (size_t i = 0; i < len; i++) {
        struct str word = arena_printf(arena, "pack:" STR_FMT, STR_ARG(names[i]));
        if (!recipe_has(asked, word))
            *vec_push(&words, arena) = word;
    }
    return (struct spec_list){words.at, words.len};
}

struct spec_list packs_words_for(const struct pack_recipes *recipes, struct str package,
                                 struct str backend, struct spec_list asked, struct arena *arena)
{
    packs_names names = packs_for(recipes, package, backend, arena);
    return packs_words(names.at, names.len, asked, arena);
}
