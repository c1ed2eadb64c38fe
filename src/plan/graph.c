#include "plan/candidate.h"
#include "pkg/name.h"
#include "plan/graph_state.h"

#include "pkg/filename.h"

#include <assert.h>
#include <string.h>

static const struct str kind_words[] = {STR_INIT("wheel"), STR_INIT("requires")};
static const struct str action_words[] = {STR_INIT("reuse"), STR_INIT("build"), STR_INIT("skip")};
static const struct str edge_words[] = {STR_INIT("build-requires"), STR_INIT("runtime"),
                                        STR_INIT("runtime-loose")};
static const struct str origin_words[] = {STR_INIT("input"), STR_INIT("find-links"),
                                          STR_INIT("store"), STR_INIT("index"), STR_INIT("url")};

struct str graph_kind_text(enum graph_kind kind)
{
    return kind_words[kind];
}

struct str graph_action_text(enum graph_action action)
{
    return action_words[action];
}

struct str graph_edge_text(enum graph_edge_type type)
{
    return edge_words[type];
}

static bool find_word(const struct str *words, unsigned count, struct str text, unsigned *found)
{
    for (unsigned i = 0; i < count; i++)
        if (str_eq(words[i], text)) {
            *found = i;
            return true;
        }
    return false;
}

bool graph_kind_read(struct str text, enum graph_kind *kind)
{
    unsigned found;
    if (!find_word(kind_words, 2, text, &found))
        return false;
    *kind = (enum graph_kind)found;
    return true;
}

bool graph_action_read(struct str text, enum graph_action *action)
{
    unsigned found;
    if (!find_word(action_words, 3, text, &found))
        return false;
    *action = (enum graph_action)found;
    return true;
}

bool graph_edge_read(struct str text, enum graph_edge_type *type)
{
    unsigned found;
    if (!find_word(edge_words, 3, text, &found))
        return false;
    *type = (enum graph_edge_type)found;
    return true;
}

size_t graph_find(const struct graph *graph, struct str id)
{
    size_t i = 0;
    while (i < graph->nodes_len && !str_eq(graph->nodes[i].id, id))
        i++;
    return i;
}

uint32_t graph_draft_find(const struct graph_state *state, struct str id)
{
    const uint32_t *index = map_get(&state->by_id, id);
    return index ? *index : UINT32_MAX;
}

uint32_t graph_draft_add(struct graph_state *state, const struct graph_node *node)
{
    uint32_t *index = ARENA_NEW(state->arena, uint32_t);
    *index = (uint32_t)state->drafts.len;
    vec_push(&state->drafts, state->arena)->node = *node;
    *map_at(&state->by_id, state->arena, node->id) = index;
    return *index;
}

void graph_draft_edge(struct graph_state *state, uint32_t from, enum graph_edge_type type,
                      uint32_t to)
{
    struct graph_draft *draft = &state->drafts.at[from];
    *vec_push(&draft->edges, state->arena) = (struct graph_edge){type, to};
}

struct graph_source graph_source_of(const struct provider_file *file)
{
    return (struct graph_source){.filename = file->filename,
                                 .url = file->url,
                                 .path = file->path,
                                 .commit = file->commit,
                                 .sha256 = file->sha256,
                                 .size = file->size,
                                 .origin = origin_words[file->origin],
                                 .index = file->index,
                                 .requires_python = file->requires_python,
                                 .uploaded_ms = file->uploaded_ms};
}

struct str graph_id(struct graph_state *state, enum graph_kind kind, struct str target,
                    struct str name, struct str version)
{
    return arena_printf(state->arena, "%.*s:%.*s:%.*s==%.*s", STR_ARG(graph_kind_text(kind)),
                        STR_ARG(target), STR_ARG(name), STR_ARG(version));
}

/* A candidate's name was read before: the platform is what stands behind its last "-". */
static bool is_pure(const struct provider_file *file)
{
    struct str platform;
    if (!file || filename_kind(file->filename) != FILENAME_WHEEL)
        return false;
    platform = str_slice(file->filename, 0, file->filename.len - strlen(".whl"));
    platform = str_from_pos(platform, str_rfind_char(platform, '-') + 1);
    return tags_any_platform(platform);
}

/* Some wheel of the version is for a platform: there is something to compile in it. */
static bool has_platform_wheel(const struct provider_release *release)
{
    for (size_t i = 0; i < release->files_len; i++)
        if (filename_kind(release->files[i]->filename) == FILENAME_WHEEL &&
            !is_pure(release->files[i]))
            return true;
    return false;
}

static bool rebuild_named(const struct graph_state *state, struct str name)
{
    const struct graph_rebuild *rebuild = &state->request->rebuild;
    for (size_t i = 0; i < rebuild->names_len; i++)
        if (str_eq(rebuild->names[i], name))
            return true;
    return false;
}

/* All files of a pick's version: a run that can reuse the input has not asked for them. */
static bool complete_release(struct graph_state *state, const struct solve_env *env,
                             struct provider_release *release, struct err *err)
{
    struct provider_files files = {0};
    struct candidate_rule rule = {0};
    struct candidate_list list;
    struct err said = {0};
    if (release->sdist)
        return true;
    if (!state->provider->files(state->provider->state, release->name, state->arena, &files,
                                &said)) {
        if (said.code == ERR_NOT_FOUND)
            return true;
        *err = said;
        return false;
    }
    if (!candidate_list_make(release->name, &files, &rule, env, state->provider, state->arena,
                             state->arena, &list, err))
        return false;
    for (size_t i = 0; i < list.len; i++) {
        if (version_cmp(&list.at[i].version, &release->version) != 0)
            continue;
        if (!candidate_look(&list, &list.at[i], err))
            return false;
        const struct provider_file *wheel = release->wheel;
        *release = *list.at[i].release;
        release->wheel = wheel ? wheel : release->wheel;
    }
    return true;
}

struct decision {
    enum graph_action action;
    const struct provider_file *file;
    struct str why;
};

static struct str from_where(const struct provider_file *file)
{
    static const struct str where[] = {STR_INIT("the input"), STR_INIT("--find-links"),
                                       STR_INIT("what was built before"), STR_INIT("the index"),
                                       STR_INIT("its URL")};
    return where[file->origin];
}

static struct decision reuse(struct graph_state *state, const struct graph_env *env,
                             const struct provider_file *file, const char *but)
{
    struct decision made = {.action = GRAPH_REUSE, .file = file};
    struct str fits = is_pure(file)
                          ? STR("is for any platform")
                          : arena_printf(state->arena, "fits %.*s", STR_ARG(env->env->tags->name));
    made.why = arena_printf(state->arena, "reused from %.*s: %.*s %.*s%s",
                            STR_ARG(from_where(file)), STR_ARG(file->filename), STR_ARG(fits), but);
    return made;
}

static struct decision build(struct graph_state *state, const struct graph_env *env,
                             const struct solve_pick *pick, const struct provider_release *release)
{
    struct decision made = {.action = GRAPH_MAKE, .file = release->sdist};
    size_t wheels = 0;
    for (size_t i = 0; i < release->files_len; i++)
        wheels += filename_kind(release->files[i]->filename) == FILENAME_WHEEL;
    struct str reason;
    if (release->wheel)
        reason = arena_printf(state->arena, "--rebuild asks for it, although %.*s could be reused",
                              STR_ARG(release->wheel->filename));
    else if (wheels == 1)
        reason = arena_printf(state->arena, "its only wheel is not usable for %.*s",
                              STR_ARG(env->env->tags->name));
    else if (wheels)
        reason = arena_printf(state->arena, "none of its %zu wheels is usable for %.*s", wheels,
                              STR_ARG(env->env->tags->name));
    else
        reason = STR("the release has no wheel");
    made.why =
        arena_printf(state->arena, "built from %.*s: %.*s%s", STR_ARG(release->sdist->filename),
                     STR_ARG(reason), pick->pinned ? " (the version is that of the input)" : "");
    return made;
}

/* What happens to a pick. */
static bool decide(struct graph_state *state, const struct graph_env *env,
                   const struct solve_pick *pick, bool into_output,
                   struct provider_release *release, struct decision *decision, struct err *err)
{
    bool named = into_output && rebuild_named(state, release->name);
    bool all = into_output && state->request->rebuild.all;
    if (pick->broken.len) {
        *decision = (struct decision){
            .action = GRAPH_SKIP,
            .why = arena_printf(state->arena, "unusable: %.*s", STR_ARG(pick->broken))};
        return true;
    }
    if (!release->wheel && !release->sdist) {
        *decision = (struct decision){
            .action = GRAPH_SKIP,
            .why = STR("missing, retry later: its wheels are for other systems, and its source "
                       "distribution is not uploaded yet")};
        return true;
    }
    if (!release->wheel) {
        *decision = build(state, env, pick, release);
        return true;
    }
    if (!named && !all) {
        *decision = reuse(state, env, release->wheel, "");
        return true;
    }
    bool compiled = has_platform_wheel(release);
    if (!complete_release(state, env->env, release, err))
        return false;
    if (!named && !compiled && !has_platform_wheel(release)) {
        *decision = reuse(state, env, release->wheel, "");
    } else if (release->sdist) {
        *decision = build(state, env, pick, release);
    } else {
        *decision = reuse(state, env, release->wheel,
                          ", and there is no source distribution to rebuild it from");
        *vec_push(&state->notes, state->arena) =
            arena_printf(state->arena, "%.*s %.*s is not rebuilt: it has no source distribution",
                         STR_ARG(release->name), STR_ARG(pick->version));
    }
    return true;
}

static const struct graph_refused *copy_refused(struct graph_state *state,
                                                const struct solve_pick *pick)
{
    struct graph_refused *made = ARENA_ARRAY(state->arena, struct graph_refused, pick->refused_len);
    for (size_t i = 0; i < pick->refused_len; i++)
        made[i] = (struct graph_refused){pick->refused[i].file->filename, pick->refused[i].why};
    return made;
}

bool graph_pick_node(struct graph_state *state, const struct graph_env *env,
                     const struct solve_pick *pick, bool into_output, uint32_t *index,
                     struct err *err)
{
    struct provider_release release = pick->release;
    struct decision decision;
    struct str id = graph_id(state, GRAPH_WHEEL, env->name, release.name, pick->version);
    *index = graph_draft_find(state, id);
    if (*index != UINT32_MAX)
        return true;
    if (!decide(state, env, pick, into_output, &release, &decision, err))
        return false;
    struct graph_node node = {
        .id = id,
        .kind = GRAPH_WHEEL,
        .action = decision.action,
        .name = release.name,
        .version = pick->version,
        .target = env->name,
        .why = decision.why,
        .version_why = pick->note,
        .source = decision.file ? graph_source_of(decision.file)
                                : (struct graph_source){.filename = STR("")},
        .direct = into_output && pick->direct,
        .pure = is_pure(decision.file),
        .extras = pick->extras,
        .extras_len = pick->extras_len,
        .asked_by = pick->asked_by,
        .asked_by_len = pick->asked_by_len,
        .refused = copy_refused(state, pick),
        .refused_len = pick->refused_len,
    };
    *index = graph_draft_add(state, &node);
    state->drafts.at[*index].release = release;
    if (decision.action != GRAPH_MAKE)
        return true;
    /* In a target that builds for itself the build environment is the target's own. */
    return graph_build(state, *index, &state->build, err);
}

void graph_start(struct graph_state *state, const struct graph_request *request,
                 const struct provider *provider, struct arena *arena)
{
    *state = (struct graph_state){.request = request,
                                  .provider = provider,
                                  .build_provider =
                                      request->build_provider ? request->build_provider : provider,
                                  .arena = arena};
    state->target = (struct graph_env){request->target.env, request->target.env->tags->name};
    bool same = request->build_env == request->target.env;
    state->build =
        (struct graph_env){request->build_env, same ? state->target.name : STR(GRAPH_BUILD)};
}

/* Metadata of old has extras without Provides-Extra: those that its markers ask about. */
static bool is_extra_of(const struct provider_metadata *metadata, struct str extra)
{
    for (size_t i = 0; i < metadata->extras_len; i++)
        if (name_eq(metadata->extras[i], extra))
            return true;
    for (size_t i = 0; !metadata->extras_len && i < metadata->requires_dist_len; i++)
        if (str_find(metadata->requires_dist[i], STR("extra")) < metadata->requires_dist[i].len)
            return true;
    return false;
}

/* As pip does: what is misspelt adds nothing, and who asked for it should know. */
static void note_extras(struct graph_state *state, const struct solve_pick *pick)
{
    struct provider_metadata metadata;
    struct err ignored = {0};
    if (!pick->extras_len || pick->broken.len ||
        !state->provider->metadata(state->provider->state, &pick->release, state->arena, &metadata,
                                   &ignored))
        return;
    for (size_t i = 0; i < pick->extras_len; i++)
        if (!is_extra_of(&metadata, pick->extras[i]))
            *vec_push(&state->notes, state->arena) = arena_printf(
                state->arena, "%.*s %.*s has no extra \"%.*s\"", STR_ARG(pick->release.name),
                STR_ARG(pick->version), STR_ARG(pick->extras[i]));
}

bool graph_plan(const struct graph_request *request, const struct provider *provider,
                struct arena *arena, struct graph *graph, struct str *explanation, struct err *err)
{
    struct graph_state state;
    struct solve_result result;
    graph_start(&state, request, provider, arena);
    if (!solve_run(&request->target, provider, arena, &result, explanation, err))
        return false;
    uint32_t *nodes = ARENA_ARRAY(arena, uint32_t, result.picks_len);
    vec_room(&state.drafts, arena, result.picks_len);
    for (size_t i = 0; i < result.picks_len; i++) {
        if (!graph_pick_node(&state, &state.target, &result.picks[i], true, &nodes[i], err))
            return false;
        assert(nodes[i] < state.drafts.len);
        state.drafts.at[nodes[i]].root = true;
        note_extras(&state, &result.picks[i]);
    }
    for (size_t i = 0; i < result.picks_len; i++)
        for (size_t k = 0; k < result.picks[i].depends_len; k++)
            graph_draft_edge(&state, nodes[i], GRAPH_RUNTIME, nodes[result.picks[i].depends[k]]);
    struct graph made = {.target = state.target.name};
    graph_finish(&state, &made);
    *graph = made;
    return true;
}
