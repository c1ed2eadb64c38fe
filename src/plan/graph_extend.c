/*
 * A plan made longer by what a backend asked for. Everything is worked out in memory of its own,
 * and only what is new is copied: a run has as many answers as builds.
 */
#include "plan/graph_state.h"

static void take_over(struct graph_state *state, const struct graph *graph)
{
    vec_room(&state->drafts, state->arena, graph->nodes_len + 1);
    for (size_t i = 0; i < graph->nodes_len; i++) {
        uint32_t index = graph_draft_add(state, &graph->nodes[i]);
        state->drafts.at[index].frozen = true;
        for (size_t k = 0; k < graph->nodes[i].edges_len; k++)
            *vec_push(&state->drafts.at[index].edges, state->arena) = graph->nodes[i].edges[k];
    }
    for (size_t i = 0; i < graph->notes_len; i++)
        *vec_push(&state->notes, state->arena) = graph->notes[i];
}

static const struct str *copy_texts(const struct str *texts, size_t count, struct arena *arena)
{
    struct str *made = ARENA_ARRAY(arena, struct str, count);
    for (size_t i = 0; i < count; i++)
        made[i] = arena_str(arena, texts[i]);
    return made;
}

static struct graph_source copy_source(const struct graph_source *source, struct arena *arena)
{
    return (struct graph_source){.filename = arena_str(arena, source->filename),
                                 .url = arena_str(arena, source->url),
                                 .path = arena_str(arena, source->path),
                                 .sha256 = arena_str(arena, source->sha256),
                                 .commit = arena_str(arena, source->commit),
                                 .size = source->size,
                                 .origin = arena_str(arena, source->origin),
                                 .index = arena_str(arena, source->index)};
}

static struct graph_node copy_node(const struct graph_node *node, struct arena *arena)
{
    struct graph_node made = *node;
    struct graph_edge *edges = ARENA_ARRAY(arena, struct graph_edge, node->edges_len);
    struct graph_refused *refused = ARENA_ARRAY(arena, struct graph_refused, node->refused_len);
    for (size_t i = 0; i < node->edges_len; i++)
        edges[i] = node->edges[i];
    for (size_t i = 0; i < node->refused_len; i++)
        refused[i] = (struct graph_refused){arena_str(arena, node->refused[i].filename),
                                            arena_str(arena, node->refused[i].why)};
    struct str *const texts[] = {&made.id,  &made.name,        &made.version, &made.target,
                                 &made.why, &made.version_why, &made.backend};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(arena, *texts[i]);
    made.source = copy_source(&node->source, arena);
    made.extras = copy_texts(node->extras, node->extras_len, arena);
    made.build_requires = copy_texts(node->build_requires, node->build_requires_len, arena);
    made.packs = copy_texts(node->packs, node->packs_len, arena);
    made.asked_by = copy_texts(node->asked_by, node->asked_by_len, arena);
    made.edges = edges;
    made.refused = refused;
    return made;
}

/* The old graph with what `longer` has behind its nodes. */
static struct graph copy_new(const struct graph *graph, const struct graph *longer,
                             struct arena *arena)
{
    struct graph made = *graph;
    if (longer->nodes_len > graph->nodes_len) {
        struct graph_node *nodes = ARENA_ARRAY(arena, struct graph_node, longer->nodes_len);
        for (size_t i = 0; i < longer->nodes_len; i++)
            nodes[i] = i < graph->nodes_len ? graph->nodes[i] : copy_node(&longer->nodes[i], arena);
        made.nodes = nodes;
        made.nodes_len = longer->nodes_len;
    }
    if (longer->notes_len > graph->notes_len) {
        made.notes = copy_texts(longer->notes, longer->notes_len, arena);
        made.notes_len = longer->notes_len;
    }
    return made;
}

/* All that the environment of the wheel is to hold: what pyproject.toml names, and the answer. */
static struct str *all_requires(const struct graph_node *node, const struct str *more, size_t len,
                                struct arena *arena, size_t *count)
{
    size_t named = node->build_requires_len;
    struct str *all = ARENA_ARRAY(arena, struct str, named + len);
    *count = named + len;
    for (size_t i = 0; i < *count; i++)
        all[i] = i < named ? node->build_requires[i] : more[i - named];
    return all;
}

bool graph_extend(const struct graph *graph, const struct graph_request *request,
                  const struct provider *provider, size_t wheel, const struct solve_env *env,
                  const struct str *requires, size_t requires_len, struct arena *arena,
                  struct graph_extension *extension, struct str *explanation, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct graph_state state;
    const struct graph_node *node = &graph->nodes[wheel];
    struct str failure = STR("");
    const uint32_t *nodes;
    size_t count, nodes_len = 0;
    struct graph longer = {.target = graph->target};
    graph_start(&state, request, provider, &scratch);
    take_over(&state, graph);
    if (env == request->target.env)
        state.build = state.target;
    const struct str *all = all_requires(node, requires, requires_len, &scratch, &count);
    struct graph_env where = {env, state.build.name};
    if (!graph_environment(&state, &where, all, count, &nodes, &nodes_len, &failure, err))
        return false;
    if (failure.len) {
        *explanation = arena_str(arena, failure);
        return err_set(err, ERR_UNSAT, "%.*s %.*s: %.*s", STR_ARG(node->name),
                       STR_ARG(node->version), STR_ARG(str_slice(failure, 0, 800)));
    }
    for (size_t i = 0; i < nodes_len; i++)
        state.drafts.at[nodes[i]].root = true;
    graph_finish(&state, &longer);
    struct graph_edge *edges = ARENA_ARRAY(arena, struct graph_edge, nodes_len);
    for (size_t i = 0; i < nodes_len; i++)
        edges[i] = (struct graph_edge){
            GRAPH_BUILD_REQUIRES, (uint32_t)graph_find(&longer, state.drafts.at[nodes[i]].node.id)};
    *extension = (struct graph_extension){.graph = copy_new(graph, &longer, arena),
                                          .edges = edges,
                                          .edges_len = nodes_len,
                                          .first_new = graph->nodes_len};
    return true;
}
