#include "plan/graph_state.h"

#include <stdlib.h>

/*
 * Runtime needs may run in circles (a needs b needs a), build needs never do.
 * Tarjan's components find the circles; runtime edges inside one become loose,
 * so that what remains has an order. The walks keep their own stack: chains can
 * be as long as the plan.
 */
struct walk {
    struct graph_state *state;
    uint32_t *number, *low, *component, *edge_at; /* by draft; number 0 is not visited */
    VEC(uint32_t) path, open;
    uint32_t visited, components;
};

struct named {
    struct str id;
    uint32_t index;
};

static int by_id(const void *a, const void *b)
{
    return str_cmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

/* Drafts in the order of their ids: what is otherwise free follows it. */
static struct named *sorted(const struct graph_state *state)
{
    struct named *names = ARENA_ARRAY(state->arena, struct named, state->drafts.len);
    for (uint32_t i = 0; i < state->drafts.len; i++)
        names[i] = (struct named){state->drafts.at[i].node.id, i};
    if (state->drafts.len)
        qsort(names, state->drafts.len, sizeof *names, by_id);
    return names;
}

static void enter(struct walk *w, uint32_t index)
{
    w->number[index] = w->low[index] = ++w->visited;
    *vec_push(&w->path, w->state->arena) = index;
    *vec_push(&w->open, w->state->arena) = index;
}

static void leave(struct walk *w, uint32_t index)
{
    w->path.len--;
    if (w->path.len) {
        uint32_t above = w->path.at[w->path.len - 1];
        if (w->low[index] < w->low[above])
            w->low[above] = w->low[index];
    }
    if (w->low[index] != w->number[index])
        return;
    w->components++;
    for (uint32_t member = UINT32_MAX; member != index;) {
        member = w->open.at[--w->open.len];
        w->component[member] = w->components;
    }
}

static void find_components(struct walk *w, uint32_t from)
{
    if (w->number[from])
        return;
    enter(w, from);
    while (w->path.len) {
        uint32_t index = w->path.at[w->path.len - 1];
        const struct graph_draft *draft = &w->state->drafts.at[index];
        if (w->edge_at[index] == draft->edges.len) {
            leave(w, index);
            continue;
        }
        uint32_t to = draft->edges.at[w->edge_at[index]++].to;
        if (!w->number[to])
            enter(w, to);
        else if (!w->component[to] && w->number[to] < w->low[index])
            w->low[index] = w->number[to];
    }
}

static void loosen_circles(struct graph_state *state, const uint32_t *component)
{
    for (size_t i = 0; i < state->drafts.len; i++) {
        struct graph_draft *draft = &state->drafts.at[i];
        for (size_t k = 0; k < draft->edges.len; k++)
            if (draft->edges.at[k].type == GRAPH_RUNTIME &&
                component[draft->edges.at[k].to] == component[i])
                draft->edges.at[k].type = GRAPH_RUNTIME_LOOSE;
    }
}

/* What a draft waits for stands before it; drafts of an earlier plan keep their places. */
struct ranking {
    struct graph_state *state;
    uint32_t *place; /* by draft, + 1; 0 is not placed */
    uint32_t *order, count;
    uint32_t *edge_at;
    VEC(uint32_t) path;
};

static void put(struct ranking *r, uint32_t index)
{
    r->order[r->count++] = index;
    r->place[index] = r->count;
}

static void rank_from(struct ranking *r, uint32_t from)
{
    if (r->place[from])
        return;
    *vec_push(&r->path, r->state->arena) = from;
    while (r->path.len) {
        uint32_t index = r->path.at[r->path.len - 1];
        const struct graph_draft *draft = &r->state->drafts.at[index];
        if (r->place[index] || r->edge_at[index] == draft->edges.len) {
            if (!r->place[index])
                put(r, index);
            r->path.len--;
            continue;
        }
        struct graph_edge edge = draft->edges.at[r->edge_at[index]++];
        if (edge.type != GRAPH_RUNTIME_LOOSE && !r->place[edge.to])
            *vec_push(&r->path, r->state->arena) = edge.to;
    }
}

/* Targets by id first, so that the walk does not depend on the order of discovery. */
static void sort_edges_by_id(struct graph_state *state, const struct named *names)
{
    uint32_t *rank = ARENA_ARRAY(state->arena, uint32_t, state->drafts.len);
    for (uint32_t i = 0; i < state->drafts.len; i++)
        rank[names[i].index] = i;
    for (size_t i = 0; i < state->drafts.len; i++) {
        struct graph_draft *draft = &state->drafts.at[i];
        for (size_t k = 1; k < draft->edges.len; k++) {
            struct graph_edge edge = draft->edges.at[k];
            size_t at = k;
            for (; at && rank[draft->edges.at[at - 1].to] > rank[edge.to]; at--)
                draft->edges.at[at] = draft->edges.at[at - 1];
            draft->edges.at[at] = edge;
        }
    }
}

static int by_type(const void *a, const void *b)
{
    const struct graph_edge *x = a, *y = b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

static void freeze(struct graph_state *state, const struct ranking *r, struct graph *graph)
{
    struct graph_node *nodes = ARENA_ARRAY(state->arena, struct graph_node, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        struct graph_draft *draft = &state->drafts.at[r->order[i]];
        size_t kept = 0;
        for (size_t k = 0; k < draft->edges.len; k++)
            draft->edges.at[k].to = r->place[draft->edges.at[k].to] - 1;
        if (draft->edges.len)
            qsort(draft->edges.at, draft->edges.len, sizeof *draft->edges.at, by_type);
        for (size_t k = 0; k < draft->edges.len; k++)
            if (!kept || by_type(&draft->edges.at[kept - 1], &draft->edges.at[k]) != 0)
                draft->edges.at[kept++] = draft->edges.at[k];
        nodes[i] = draft->node;
        nodes[i].edges = draft->edges.at;
        nodes[i].edges_len = kept;
        if (draft->node.action == GRAPH_SKIP && !draft->frozen)
            *vec_push(&state->notes, state->arena) =
                arena_printf(state->arena, "%.*s %.*s is %.*s", STR_ARG(draft->node.name),
                             STR_ARG(draft->node.version), STR_ARG(draft->node.why));
    }
    graph->nodes = nodes;
    graph->nodes_len = r->count;
    graph->notes = state->notes.at;
    graph->notes_len = state->notes.len;
}

void graph_finish(struct graph_state *state, struct graph *graph)
{
    size_t count = state->drafts.len;
    struct named *names = sorted(state);
    struct walk walk = {.state = state,
                        .number = ARENA_ARRAY(state->arena, uint32_t, count),
                        .low = ARENA_ARRAY(state->arena, uint32_t, count),
                        .component = ARENA_ARRAY(state->arena, uint32_t, count),
                        .edge_at = ARENA_ARRAY(state->arena, uint32_t, count)};
    struct ranking ranking = {.state = state,
                              .place = ARENA_ARRAY(state->arena, uint32_t, count),
                              .order = ARENA_ARRAY(state->arena, uint32_t, count),
                              .edge_at = ARENA_ARRAY(state->arena, uint32_t, count)};
    sort_edges_by_id(state, names);
    for (size_t i = 0; i < count; i++)
        find_components(&walk, names[i].index);
    loosen_circles(state, walk.component);
    for (uint32_t i = 0; i < count && state->drafts.at[i].frozen; i++)
        put(&ranking, i);
    for (size_t i = 0; i < count; i++)
        if (state->drafts.at[names[i].index].root)
            rank_from(&ranking, names[i].index);
    freeze(state, &ranking, graph);
}
