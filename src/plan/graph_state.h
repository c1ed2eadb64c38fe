/* The inside of planning: nodes that can still change. Private to graph*.c. */
#ifndef REFINERY_PLAN_GRAPH_STATE_H
#define REFINERY_PLAN_GRAPH_STATE_H

#include "base/map.h"
#include "base/vec.h"
#include "plan/graph.h"

struct graph_env {
    const struct solve_env *env;
    struct str name;
};

struct graph_draft {
    struct graph_node node;
    VEC(struct graph_edge) edges;
    struct provider_release release;
    bool open;   /* its build is being planned: meeting it again is a cycle */
    bool frozen; /* of an earlier plan: keeps its place */
    bool root;   /* wanted for itself; what no root leads to was a dead end and is dropped */
};

/* A build environment that was solved before: the same question gets the same answer. */
struct graph_memo {
    struct solve_result result;
    struct str failure; /* empty when solved */
};

struct graph_state {
    const struct graph_request *request;
    const struct provider *provider, *build_provider;
    struct arena *arena;
    struct graph_env target, build;
    VEC(struct graph_draft) drafts;
    struct map by_id; /* id -> uint32_t */
    struct map memo;
    VEC(uint32_t) path; /* builds being planned, outermost first */
    VEC(struct str) notes;
};

/* graph.c */
void graph_start(struct graph_state *state, const struct graph_request *request,
                 const struct provider *provider, struct arena *arena);
uint32_t graph_draft_find(const struct graph_state *state, struct str id); /* or UINT32_MAX */
uint32_t graph_draft_add(struct graph_state *state, const struct graph_node *node);
void graph_draft_edge(struct graph_state *state, uint32_t from, enum graph_edge_type type,
                      uint32_t to);
struct graph_source graph_source_of(const struct provider_file *file);
struct str graph_id(struct graph_state *state, enum graph_kind kind, struct str target,
                    struct str name, struct str version);
/* The node of a pick in an environment; made when it is new. */
CHECKED bool graph_pick_node(struct graph_state *state, const struct graph_env *env,
                             const struct solve_pick *pick, bool into_output, uint32_t *index,
                             struct err *err);

/* graph_build.c: what a build needs. Plans the build of draft `index` in its build environment. */
CHECKED bool graph_build(struct graph_state *state, uint32_t index, const struct graph_env *env,
                         struct err *err);
/* Nodes for an environment that holds `requires`; `failure` is set when it cannot be had. */
CHECKED bool graph_environment(struct graph_state *state, const struct graph_env *env,
                               const struct str *requires, size_t requires_len,
                               const uint32_t **nodes, size_t *nodes_len, struct str *failure,
                               struct err *err);

/* graph_order.c: loosens runtime cycles, sorts, and freezes the drafts into a graph. */
void graph_finish(struct graph_state *state, struct graph *graph);

#endif
