#include "plan/solve_state.h"

static struct solve_said *said_at(struct solve_state *state, struct str name)
{
    void **place = map_at(&state->said, state->arena, name);
    if (!*place)
        *place = ARENA_NEW(state->arena, struct solve_said);
    return *place;
}

static bool holds_here(const struct solve_state *state, const struct requirement *req)
{
    return marker_holds(req->marker, &state->request->env->marker, NULL);
}

/* What files of the project a requirement, constraint or override of the input means. */
static bool collect_files(const struct solve_require *require, struct solve_said *said,
                          struct err *err)
{
    if (specifier_set_names_pre(&require->req.specifiers))
        said->pre_asked = true;
    if (require->hashes_len && !said->hashes_len) {
        said->hashes = require->hashes;
        said->hashes_len = require->hashes_len;
    }
    if (require->req.url.len) {
        if (said->url.len && !str_eq(said->url, require->req.url))
            return err_set(err, ERR_UNSAT, "%.*s: %.*s is asked for from two URLs, %.*s and %.*s",
                           STR_ARG(require->origin), STR_ARG(require->req.name), STR_ARG(said->url),
                           STR_ARG(require->req.url));
        said->url = require->req.url;
    }
    return true;
}

static bool collect_override(struct solve_state *state, const struct solve_require *override,
                             struct err *err)
{
    struct solve_said *said = said_at(state, override->req.name);
    said->overridden = true;
    if (!holds_here(state, &override->req))
        return true;
    *vec_push(&said->overrides, state->arena) = override;
    return collect_files(override, said, err);
}

static bool collect_require(struct solve_state *state, const struct solve_require *require,
                            bool constraint, struct err *err)
{
    if (!holds_here(state, &require->req))
        return true;
    struct solve_said *said = said_at(state, require->req.name);
    if (constraint)
        *vec_push(&said->constraints, state->arena) = require;
    else
        said->direct = true;
    return (said->overridden && !constraint) || collect_files(require, said, err);
}

static bool wheels_only(const struct solve_state *state, struct str name)
{
    if (state->request->wheels_only)
        return true;
    for (size_t i = 0; i < state->request->wheels_only_names_len; i++)
        if (str_eq(state->request->wheels_only_names[i], name))
            return true;
    return false;
}

static void make_rule(const struct solve_state *state, const struct solve_said *said,
                      struct str name, struct candidate_rule *rule)
{
    *rule = (struct candidate_rule){.wheels_only = wheels_only(state, name),
                                    .never_pre = state->request->pre == SPECIFIER_PRE_NEVER,
                                    .awaited_from_ms = state->request->awaited_from_ms};
    if (!said)
        return;
    rule->constraints = said->constraints.at;
    rule->constraints_len = said->constraints.len;
    rule->hashes = said->hashes;
    rule->hashes_len = said->hashes_len;
    if (state->request->upgrade == SOLVE_PINNED) {
        rule->pins = said->pins.at;
        rule->pins_len = said->pins.len;
    }
}

static bool any_in(const struct candidate_list *list)
{
    for (size_t i = 0; i < list->len; i++)
        if (list->at[i].out == CANDIDATE_IN && !list->at[i].awaited)
            return true;
    return false;
}

static bool make_list(struct solve_state *state, struct str name,
                      const struct provider_files *files, const struct candidate_rule *rule,
                      struct candidate_list *list, struct err *err)
{
    return candidate_list_make(name, files, rule, state->request->env, state->provider,
                               state->arena, state->kept, list, err);
}

/* Every pinned version has a wheel for the environment: no index has to be asked. */
static bool pins_suffice(const struct candidate_list *list)
{
    struct err ignored = {0};
    for (size_t i = 0; i < list->len; i++)
        if (list->at[i].out == CANDIDATE_IN &&
            (!candidate_look(list, &list->at[i], &ignored) || !list->at[i].release->wheel))
            return false;
    return any_in(list);
}

static bool look_at_pins(struct solve_state *state, struct str name, struct solve_said *said,
                         struct err *err)
{
    struct candidate_list *list = ARENA_NEW(state->arena, struct candidate_list);
    struct candidate_rule *rule = ARENA_NEW(state->arena, struct candidate_rule);
    const struct provider_files none = {0};
    make_rule(state, said, name, rule);
    rule->hashes_len = 0;
    if (!rule->pins_len)
        return true;
    if (!make_list(state, name, &none, rule, list, err))
        return false;
    if (pins_suffice(list))
        said->own = list;
    return true;
}

bool solve_said_collect(struct solve_state *state, struct err *err)
{
    const struct solve_request *request = state->request;
    for (size_t i = 0; i < request->overrides_len; i++)
        if (!collect_override(state, &request->overrides[i], err))
            return false;
    for (size_t i = 0; i < request->requires_len; i++)
        if (!collect_require(state, &request->requires[i], false, err))
            return false;
    for (size_t i = 0; i < request->constraints_len; i++)
        if (!collect_require(state, &request->constraints[i], true, err))
            return false;
    for (size_t i = 0; i < request->pins_len; i++) {
        struct solve_said *said = said_at(state, request->pins[i].name);
        *vec_push(&said->pins, state->arena) = &request->pins[i];
        said->direct = true;
    }
    for (size_t i = 0; i < state->said.len; i++)
        if (!look_at_pins(state, state->said.entries[i].key, state->said.entries[i].value, err))
            return false;
    return true;
}

/* An eager run takes the input's own files as candidates beside all others. */
static void add_input_files(struct solve_state *state, struct str name,
                            struct provider_files *files)
{
    const struct solve_said *said = map_get(&state->said, name);
    if (!said || !said->pins.len)
        return;
    struct provider_file *all =
        ARENA_ARRAY(state->kept, struct provider_file, said->pins.len + files->len);
    for (size_t i = 0; i < said->pins.len; i++)
        all[i] = said->pins.at[i]->file;
    for (size_t i = 0; i < files->len; i++)
        all[said->pins.len + i] = files->at[i];
    files->at = all;
    files->len += said->pins.len;
}

static bool ask_files(struct solve_state *state, struct str name, struct str url,
                      struct provider_files *files, struct str *unknown, struct err *err)
{
    struct err said = {0};
    const struct provider *provider = state->provider;
    if (url.len) {
        struct provider_file *file = ARENA_NEW(state->kept, struct provider_file);
        if (!provider->url_file(provider->state, name, url, state->kept, file, err))
            return err_wrap(err, "%.*s @ %.*s", STR_ARG(name), STR_ARG(url));
        *files = (struct provider_files){file, 1};
        return true;
    }
    if (provider->files(provider->state, name, state->kept, files, &said))
        return true;
    if (said.code != ERR_NOT_FOUND) {
        *err = said;
        return false;
    }
    *files = (struct provider_files){0};
    *unknown = arena_str(state->arena, str_from(said.text));
    return true;
}

bool solve_list(struct solve_state *state, struct str name, struct str url,
                struct solve_package *package, struct err *err)
{
    struct provider_files files = {0};
    const struct solve_said *said = map_get(&state->said, name);
    struct candidate_list *list = said ? said->own : NULL;
    struct candidate_rule *rule = ARENA_NEW(state->arena, struct candidate_rule);
    struct str unknown = STR("");
    make_rule(state, said, name, rule);
    package->pinned = rule->pins_len > 0;
    if (!list && !ask_files(state, name, url, &files, &unknown, err))
        return false;
    if (state->request->upgrade == SOLVE_EAGER)
        add_input_files(state, name, &files);
    if (!list || rule->hashes_len) {
        list = ARENA_NEW(state->arena, struct candidate_list);
        if (!make_list(state, name, &files, rule, list, err))
            return false;
    }
    if (package->pinned && state->request->fallback_latest && !any_in(list)) {
        package->fallback =
            arena_printf(state->arena, "%.*s of %.*s cannot be had",
                         STR_ARG(version_normal(&rule->pins[0]->version, state->arena)),
                         STR_ARG(rule->pins[0]->origin));
        rule->pins_len = 0;
        package->pinned = false;
        if (!make_list(state, name, &files, rule, list, err))
            return false;
    }
    list->unknown = list->len ? STR("") : unknown;
    package->list = list;
    package->rule = rule;
    package->url = url;
    package->direct = said && said->direct;
    package->pre_asked = state->request->pre == SPECIFIER_PRE_ALLOW || (said && said->pre_asked);
    package->meta = ARENA_ARRAY(state->arena, struct solve_meta, list->len);
    package->needs = ARENA_ARRAY(state->arena, struct solve_needs, list->len);
    return true;
}

const struct solve_require *solve_only_by(const struct solve_package *package)
{
    for (size_t i = 0; package->rule && i < package->rule->constraints_len; i++)
        if (specifier_set_pins(&package->rule->constraints[i]->req.specifiers))
            return package->rule->constraints[i];
    return NULL;
}

static bool read_requires(struct solve_state *state, const struct provider_metadata *metadata,
                          struct solve_meta *meta, struct err *err)
{
    meta->requires = ARENA_ARRAY(state->arena, struct requirement, metadata->requires_dist_len);
    for (size_t i = 0; i < metadata->requires_dist_len; i++)
        if (!requirement_parse(metadata->requires_dist[i], state->arena, &meta->requires[i], err))
            return err_wrap(err, "Requires-Dist");
    meta->requires_len = metadata->requires_dist_len;
    return true;
}

bool solve_metadata(struct solve_state *state, struct solve_package *package, uint32_t index,
                    struct err *err)
{
    struct solve_meta *meta = &package->meta[index];
    struct provider_metadata metadata = {0};
    struct specifier_set python;
    struct err said = {0};
    struct candidate *candidate = &package->list->at[index];
    if (meta->asked)
        return true;
    state->metadata_asked++;
    meta->asked = true;
    if (!candidate_look(package->list, candidate, &said) ||
        !state->provider->metadata(state->provider->state, candidate->release, state->arena,
                                   &metadata, &said) ||
        !read_requires(state, &metadata, meta, &said)) {
        if (!provider_blames_release(said.code)) {
            *err = said;
            return false;
        }
        meta->broken = state->met_broken = true;
        meta->why = arena_str(state->arena, str_from(said.text));
        return true;
    }
    if (metadata.requires_python.len &&
        specifier_set_parse(metadata.requires_python, state->arena, &python, &said) &&
        !specifier_set_match(&python, &state->request->env->python)) {
        meta->why = arena_printf(state->arena, "needs Python %.*s, the target has %.*s",
                                 STR_ARG(metadata.requires_python),
                                 STR_ARG(state->request->env->python.text));
        return true;
    }
    meta->usable = true;
    return true;
}
