#include "plan/graph_state.h"

#include <stdlib.h>

enum { GRAPH_DEPTH_LIMIT = 64 };

/* Backends that never ask for more than pyproject.toml says: no `requires` node is needed. */
static const struct str static_backends[] = {
    STR_INIT("flit_core.buildapi"),
    STR_INIT("poetry.core.masonry.api"),
};

static bool asks_for_more(const struct provider_build_system *system)
{
    for (size_t i = 0; i < sizeof static_backends / sizeof *static_backends; i++)
        if (str_eq(system->backend, static_backends[i]))
            return system->in_tree;
    return true;
}

static bool is_provided(const struct graph_state *state, struct str name)
{
    for (size_t i = 0; i < state->request->provided_len; i++)
        if (str_eq(state->request->provided[i], name))
            return true;
    return false;
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* One question to the solver: what an environment is to hold. */
struct question {
    const struct graph_env *env;
    struct solve_require *requires;
    size_t requires_len;
    struct str *wheels_only; /* projects whose sdist would lead in a circle */
    size_t wheels_only_len;
};

static bool read_requires(struct graph_state *state, const struct str *texts, size_t count,
                          struct question *question, struct str *failure)
{
    struct err err = {0};
    question->requires = ARENA_ARRAY(state->arena, struct solve_require, count);
    for (size_t i = 0; i < count; i++) {
        struct solve_require *require = &question->requires[question->requires_len];
        if (!requirement_parse(texts[i], state->arena, &require->req, &err)) {
            *failure =
                arena_printf(state->arena, "pyproject.toml, build-system.requires: %s", err.text);
            return false;
        }
        require->origin = STR("[build-system]");
        if (marker_holds(require->req.marker, &question->env->env->marker, NULL) &&
            !is_provided(state, require->req.name))
            question->requires_len++;
    }
    return true;
}

static struct str question_key(struct graph_state *state, const struct question *question)
{
    BUF_AUTO struct buf key = {0};
    struct str *texts = ARENA_ARRAY(state->arena, struct str, question->requires_len);
    for (size_t i = 0; i < question->requires_len; i++) {
        buf_clear(&key);
        requirement_write(&question->requires[i].req, &key);
        texts[i] = arena_str(state->arena, buf_str(&key));
    }
    if (question->requires_len)
        qsort(texts, question->requires_len, sizeof *texts, by_text);
    buf_clear(&key);
    buf_add(&key, question->env->name);
    for (size_t i = 0; i < question->requires_len; i++)
        buf_printf(&key, "\n%.*s", STR_ARG(texts[i]));
    for (size_t i = 0; i < question->wheels_only_len; i++)
        buf_printf(&key, "\n!%.*s", STR_ARG(question->wheels_only[i]));
    return arena_str(state->arena, buf_str(&key));
}

static bool answer(struct graph_state *state, const struct question *question,
                   const struct graph_memo **memo, struct err *err)
{
    void **place = map_at(&state->memo, state->arena, question_key(state, question));
    struct err said = {0};
    struct str explanation;
    *memo = *place;
    if (*memo)
        return true;
    struct graph_memo *made = ARENA_NEW(state->arena, struct graph_memo);
    struct solve_request request = {
        .env = question->env->env,
        .requires = question->requires,
        .requires_len = question->requires_len,
        .pre = state->request->target.pre,
        .wheels_only_names = question->wheels_only,
        .wheels_only_names_len = question->wheels_only_len,
        .packages_limit = state->request->target.packages_limit,
    };
    if (!solve_run(&request, state->build_provider, state->arena, &made->result, &explanation,
                   &said)) {
        if (!provider_blames_release(said.code)) {
            *err = said;
            return false;
        }
        made->failure = arena_str(state->arena, str_from(said.text));
    }
    *place = made;
    *memo = made;
    return true;
}

/* "a 1.0 -> b 2.0 -> a 1.0": the builds being planned, from the one met again on. */
static struct str circle(struct graph_state *state, uint32_t met)
{
    BUF_AUTO struct buf text = {0};
    bool inside = false;
    for (size_t i = 0; i < state->path.len; i++) {
        const struct graph_node *node = &state->drafts.at[state->path.at[i]].node;
        inside = inside || state->path.at[i] == met;
        if (inside)
            buf_printf(&text, "%.*s %.*s -> ", STR_ARG(node->name), STR_ARG(node->version));
    }
    const struct graph_node *node = &state->drafts.at[met].node;
    buf_printf(&text, "%.*s %.*s", STR_ARG(node->name), STR_ARG(node->version));
    return arena_str(state->arena, buf_str(&text));
}

static void only_wheels_of(struct graph_state *state, struct question *question, struct str name)
{
    size_t len = question->wheels_only_len;
    struct str *longer = ARENA_ARRAY(state->arena, struct str, len + 1);
    for (size_t i = 0; i < len; i++)
        longer[i] = question->wheels_only[i];
    longer[len] = name;
    qsort(longer, len + 1, sizeof *longer, by_text);
    question->wheels_only = longer;
    question->wheels_only_len = len + 1;
}

static bool is_wheel_only(const struct question *question, struct str name)
{
    for (size_t i = 0; i < question->wheels_only_len; i++)
        if (str_eq(question->wheels_only[i], name))
            return true;
    return false;
}

/* The node of a pick, unless its build leads back to one being planned or cannot be done. */
static bool try_pick(struct graph_state *state, const struct question *question,
                     const struct solve_pick *pick, struct str reason, uint32_t *index,
                     struct str *obstacle, struct err *err)
{
    struct str id =
        graph_id(state, GRAPH_WHEEL, question->env->name, pick->release.name, pick->version);
    *index = graph_draft_find(state, id);
    bool fresh = *index == UINT32_MAX;
    if (!fresh && state->drafts.at[*index].open) {
        *obstacle = circle(state, *index);
        return true;
    }
    if (!graph_pick_node(state, question->env, pick, false, index, err))
        return false;
    struct graph_node *node = &state->drafts.at[*index].node;
    if (node->action == GRAPH_SKIP)
        *obstacle = arena_printf(state->arena, "%.*s %.*s is %.*s", STR_ARG(node->name),
                                 STR_ARG(node->version), STR_ARG(node->why));
    if (fresh && is_wheel_only(question, node->name))
        node->why = arena_printf(state->arena, "%.*s; a wheel has to be taken here: %.*s",
                                 STR_ARG(node->why), STR_ARG(reason));
    return true;
}

bool graph_environment(struct graph_state *state, const struct graph_env *env,
                       const struct str *requires, size_t requires_len, const uint32_t **nodes,
                       size_t *nodes_len, struct str *failure, struct err *err)
{
    struct question question = {.env = env};
    struct str obstacle = STR("");
    bool circular = false;
    if (!read_requires(state, requires, requires_len, &question, failure))
        return true;
    for (;;) {
        const struct graph_memo *memo;
        if (!answer(state, &question, &memo, err))
            return false;
        if (memo->failure.len) {
            *failure = obstacle.len ? obstacle : memo->failure;
            if (circular)
                *failure = arena_printf(state->arena,
                                        "%.*s; no wheel breaks the cycle: give one of them with "
                                        "--find-links",
                                        STR_ARG(obstacle));
            return true;
        }
        const struct solve_result *result = &memo->result;
        uint32_t *found = ARENA_ARRAY(state->arena, uint32_t, result->picks_len);
        struct str met = STR("");
        for (size_t i = 0; i < result->picks_len && !met.len; i++) {
            if (!try_pick(state, &question, &result->picks[i], obstacle, &found[i], &met, err))
                return false;
            if (!met.len)
                continue;
            bool open = state->drafts.at[found[i]].open;
            circular = circular || open;
            obstacle =
                open ? arena_printf(state->arena, "cyclic build requirements: %.*s", STR_ARG(met))
                     : met;
            if (is_wheel_only(&question, result->picks[i].release.name)) {
                *failure = obstacle;
                return true;
            }
            only_wheels_of(state, &question, result->picks[i].release.name);
        }
        if (met.len)
            continue;
        *nodes = found;
        *nodes_len = result->picks_len;
        return true;
    }
}

static void skip(struct graph_state *state, uint32_t index, struct str why)
{
    struct graph_node *node = &state->drafts.at[index].node;
    node->action = GRAPH_SKIP;
    node->why = arena_printf(state->arena, "not built: %.*s", STR_ARG(why));
}

static void keep_requires(struct graph_state *state, uint32_t index,
                          const struct provider_build_system *system, const struct graph_env *env)
{
    struct graph_node *node = &state->drafts.at[index].node;
    struct str *kept = ARENA_ARRAY(state->arena, struct str, system->requires_len);
    size_t count = 0;
    struct requirement req;
    struct err ignored;
    for (size_t i = 0; i < system->requires_len; i++)
        if (requirement_parse(system->requires[i], state -> arena, &req, &ignored) &&
            marker_holds(req.marker, &env->env->marker, NULL))
            kept[count++] = str_trim(system->requires[i]);
    node->build_requires = kept;
    node->build_requires_len = count;
    node->backend = system->backend;
}

static void add_build_asks(const struct graph_state *state, struct str name,
                           struct provider_build_system *system)
{
    const struct graph_build_asks *asks = state->request->build_asks;
    struct str *all = ARENA_ARRAY(state->arena, struct str, system->requires_len + asks->len);
    size_t count = system->requires_len;
    for (size_t i = 0; i < count; i++) {
        const struct str *named = &system->requires[i];
        all[i] = *named;
    }
    for (size_t i = 0; i < asks->len; i++)
        if (str_eq(asks->at[i].name, name))
            all[count++] = asks->at[i].requirement;
    system->requires = all;
    system->requires_len = count;
}

static void add_requires_node(struct graph_state *state, uint32_t index,
                              const struct graph_env *env, const uint32_t *nodes, size_t len)
{
    const struct graph_node *wheel = &state->drafts.at[index].node;
    struct graph_node node = {
        .id = graph_id(state, GRAPH_REQUIRES, wheel->target, wheel->name, wheel->version),
        .kind = GRAPH_REQUIRES,
        .action = GRAPH_MAKE,
        .name = wheel->name,
        .version = wheel->version,
        .target = env->name,
        .why = arena_printf(state->arena, "%.*s is asked what else this build needs",
                            STR_ARG(wheel->backend)),
        .source = wheel->source,
        .backend = wheel->backend,
    };
    uint32_t asks = graph_draft_add(state, &node);
    for (size_t i = 0; i < len; i++)
        graph_draft_edge(state, asks, GRAPH_BUILD_REQUIRES, nodes[i]);
    graph_draft_edge(state, index, GRAPH_BUILD_REQUIRES, asks);
}

static bool plan_build(struct graph_state *state, uint32_t index, const struct graph_env *env,
                       struct err *err)
{
    struct provider_build_system system = {0};
    struct err said = {0};
    struct str failure = STR("");
    const uint32_t *nodes;
    size_t len;
    const struct provider *provider = state->provider;
    struct provider_release release = state->drafts.at[index].release;
    if (!provider->build_system(provider->state, &release, state->arena, &system, &said)) {
        if (!provider_blames_release(said.code)) {
            *err = said;
            return false;
        }
        skip(state, index, arena_str(state->arena, str_from(said.text)));
        return true;
    }
    if (state->request->build_asks)
        add_build_asks(state, state->drafts.at[index].node.name, &system);
    keep_requires(state, index, &system, env);
    if (!graph_environment(state, env, system.requires, system.requires_len, &nodes, &len, &failure,
                           err))
        return false;
    if (failure.len) {
        skip(state, index, failure);
        return true;
    }
    for (size_t i = 0; i < len; i++)
        graph_draft_edge(state, index, GRAPH_BUILD_REQUIRES, nodes[i]);
    if (asks_for_more(&system))
        add_requires_node(state, index, env, nodes, len);
    return true;
}

bool graph_build(struct graph_state *state, uint32_t index, const struct graph_env *env,
                 struct err *err)
{
    if (state->path.len == GRAPH_DEPTH_LIMIT) {
        skip(state, index, STR("its build requirements need builds more than 64 deep"));
        return true;
    }
    *vec_push(&state->path, state->arena) = index;
    state->drafts.at[index].open = true;
    bool done = plan_build(state, index, env, err);
    state->drafts.at[index].open = false;
    state->path.len--;
    return done;
}
