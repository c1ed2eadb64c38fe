#include "plan/solve_state.h"

#include <stdlib.h>

static struct span matching(const struct solve_state *state, const struct solve_package *package,
                            const struct specifier_set *set)
{
    struct span_builder builder = {0};
    bool pins = specifier_set_pins(set);
    for (uint32_t i = 0; i < package->list->len; i++) {
        struct candidate *c = &package->list->at[i];
        if (c->out != CANDIDATE_IN || !specifier_set_match(set, &c->version))
            continue;
        span_add(&builder, state->arena, i + 1, i + 2);
        c->named = c->named || pins;
    }
    return span_built(&builder);
}

static const struct solve_fact *keep_fact(struct solve_state *state, struct solve_fact fact)
{
    struct solve_fact *kept = ARENA_NEW(state->arena, struct solve_fact);
    *kept = fact;
    return kept;
}

static void forbid_needs(struct solve_state *state, const struct solve_fact *fact)
{
    uint32_t size = state->pg.packages.at[fact->other].size + 1;
    struct pubgrub_term terms[] = {{fact->owner, fact->versions},
                                   {fact->other, span_not(fact->allowed, size, state->arena)}};
    pubgrub_forbid(&state->pg, terms, 2, fact);
}

/* name[extra] in a version is name in the same version, and the other way round. */
static void link_extra(struct solve_state *state, uint32_t base, uint32_t extra, uint32_t index)
{
    struct span version = span_one(index + 1, state->arena);
    struct span_builder same = {0};
    span_add(&same, state->arena, 0, 1);
    span_add(&same, state->arena, index + 1, index + 2);
    forbid_needs(state, keep_fact(state, (struct solve_fact){.kind = SOLVE_FACT_EXTRA,
                                                             .owner = base,
                                                             .other = extra,
                                                             .versions = version,
                                                             .allowed = span_built(&same)}));
    forbid_needs(state, keep_fact(state, (struct solve_fact){.kind = SOLVE_FACT_EXTRA,
                                                             .owner = extra,
                                                             .other = base,
                                                             .versions = version,
                                                             .allowed = version}));
}

static bool too_many(struct solve_state *state, struct err *err)
{
    size_t limit =
        state->request->packages_limit ? state->request->packages_limit : SOLVE_PACKAGES_DEFAULT;
    if (state->indirect <= limit)
        return true;
    return err_set(err, ERR_LIMIT,
                   "more than %zu projects are needed beside those asked for; --max-deps raises "
                   "the limit",
                   limit);
}

static uint32_t known(const struct solve_state *state, struct str key)
{
    const uint32_t *number = map_get(&state->by_name, key);
    return number ? *number : PUBGRUB_NONE;
}

static uint32_t add_package(struct solve_state *state, struct str key, struct solve_package package)
{
    uint32_t number = pubgrub_add(&state->pg, (uint32_t)package.list->len);
    if (package.extra.len == 0)
        package.base = number;
    *vec_push(&state->packages, state->arena) = package;
    uint32_t *kept = ARENA_NEW(state->arena, uint32_t);
    *kept = number;
    *map_at(&state->by_name, state->arena, key) = kept;
    return number;
}

static bool base_package(struct solve_state *state, struct str name, struct str url,
                         uint32_t *number, struct err *err)
{
    *number = known(state, name);
    if (*number != PUBGRUB_NONE)
        return true;
    const struct solve_said *said = map_get(&state->said, name);
    struct solve_package package = {.name = arena_str(state->kept, name)};
    if (said && said->url.len)
        url = said->url;
    if (!solve_list(state, package.name, url, &package, err))
        return false;
    state->indirect += !package.direct;
    *number = add_package(state, package.name, package);
    return too_many(state, err);
}

static uint32_t extra_package(struct solve_state *state, uint32_t base, struct str extra)
{
    struct solve_package package = state->packages.at[base];
    struct str key =
        arena_printf(state->arena, "%.*s[%.*s]", STR_ARG(package.name), STR_ARG(extra));
    uint32_t number = known(state, key);
    if (number != PUBGRUB_NONE)
        return number;
    package.extra = arena_str(state->kept, extra);
    package.base = base;
    package.needs = ARENA_ARRAY(state->arena, struct solve_needs, package.list->len);
    number = add_package(state, key, package);
    *vec_push(&state->packages.at[base].extras, state->arena) = number;
    for (uint32_t i = 0; i < package.list->len; i++)
        if (state->packages.at[base].needs[i].expanded)
            link_extra(state, base, number, i);
    return number;
}

static void unusable(struct solve_state *state, uint32_t package, struct span versions,
                     struct str why)
{
    const struct solve_fact *fact = keep_fact(
        state,
        (struct solve_fact){
            .kind = SOLVE_FACT_UNUSABLE, .owner = package, .versions = versions, .text = why});
    struct pubgrub_term term = {package, versions};
    pubgrub_forbid(&state->pg, &term, 1, fact);
}

static struct solve_needs *needs_of(struct solve_state *state, uint32_t owner, uint32_t index)
{
    return &state->packages.at[owner].needs[index];
}

/* owner's candidate `index` asks for req. */
static bool add_plain_need(struct solve_state *state, uint32_t owner, uint32_t index,
                           const struct requirement *req, struct str text, struct str origin,
                           struct err *err)
{
    struct span version = span_one(index + 1, state->arena);
    uint32_t base;
    if (!base_package(state, req->name, req->url, &base, err))
        return false;
    if (req->url.len && !str_eq(state->packages.at[base].url, req->url)) {
        unusable(state, owner, version,
                 arena_printf(state->arena, "it needs %.*s, which is taken from elsewhere",
                              STR_ARG(text)));
        return true;
    }
    struct solve_fact fact = {.kind = SOLVE_FACT_NEEDS,
                              .owner = owner,
                              .other = base,
                              .versions = version,
                              .allowed =
                                  matching(state, &state->packages.at[base], &req->specifiers),
                              .text = text,
                              .origin = origin};
    const struct solve_fact *kept = keep_fact(state, fact);
    *vec_push(&needs_of(state, owner, index)->facts, state->arena) = kept;
    forbid_needs(state, kept);
    for (size_t i = 0; i < req->extras_len; i++) {
        fact.other = extra_package(state, base, req->extras[i]);
        kept = keep_fact(state, fact);
        *vec_push(&needs_of(state, owner, index)->facts, state->arena) = kept;
        forbid_needs(state, kept);
    }
    return true;
}

static bool add_need(struct solve_state *state, uint32_t owner, uint32_t index,
                     const struct requirement *req, struct str text, struct str origin,
                     struct err *err)
{
    const struct solve_said *said = map_get(&state->said, req->name);
    if (!said || !said->overridden)
        return add_plain_need(state, owner, index, req, text, origin, err);
    for (size_t i = 0; i < said->overrides.len; i++) {
        const struct solve_require *override = said->overrides.at[i];
        struct requirement instead = override->req;
        if (!instead.extras_len) {
            instead.extras = req->extras;
            instead.extras_len = req->extras_len;
        }
        struct str words =
            arena_printf(state->arena, STR_FMT " (" STR_FMT ", in place of " STR_FMT ")",
                         STR_ARG(override->req.text), STR_ARG(override->origin), STR_ARG(text));
        if (!add_plain_need(state, owner, index, &instead, words, origin, err))
            return false;
    }
    return true;
}

static void prefetch_names(struct solve_state *state, const struct str *names, size_t count)
{
    if (count && state->provider->prefetch_files)
        state->provider->prefetch_files(state->provider->state, names, count);
}

static bool applies(const struct solve_state *state, const struct requirement *req,
                    struct str extra)
{
    const struct marker_env *env = &state->request->env->marker;
    struct marker_wants wants = {.extra = extra};
    if (!extra.len)
        return marker_holds(req->marker, env, NULL);
    return marker_holds(req->marker, env, &wants) && !marker_holds(req->marker, env, NULL);
}

/* A requirement of METADATA in one spelling, without its marker, which holds. */
static struct str plain_text(struct solve_state *state, const struct requirement *req)
{
    BUF_AUTO struct buf text = {0};
    struct requirement plain = *req;
    plain.marker = NULL;
    requirement_write(&plain, &text);
    return arena_str(state->arena, buf_str(&text));
}

/* Tells the search what candidate `index` of the package needs, once. */
static bool expand(struct solve_state *state, uint32_t number, uint32_t index, struct err *err)
{
    struct solve_package package = state->packages.at[number];
    struct solve_needs *needs = needs_of(state, number, index);
    if (needs->expanded)
        return true;
    const struct solve_meta *meta = &package.meta[index];
    VEC(struct str) names = {0};
    needs->expanded = true;
    for (size_t i = 0; i < meta->requires_len; i++)
        if (applies(state, &meta->requires[i], package.extra) && !meta->requires[i].url.len &&
            known(state, meta->requires[i].name) == PUBGRUB_NONE)
    *vec_push(&names, state->arena) = meta->requires[i].name;
    prefetch_names(state, names.at, names.len);
    for (size_t i = 0; i < meta->requires_len; i++) {
        const struct requirement *req = &meta->requires[i];
        if (applies(state, req, package.extra) &&
            !add_need(state, number, index, req, plain_text(state, req), STR(""), err))
            return false;
    }
    if (package.extra.len)
        return true;
    for (size_t i = 0; i < state->packages.at[number].extras.len; i++)
        link_extra(state, number, state->packages.at[number].extras.at[i], index);
    return true;
}

enum { FINAL = 1, PRE = 2, LAST = 4 };

static bool fit_to_choose(const struct solve_package *package, uint32_t index, unsigned phases)
{
    const struct candidate *c = &package->list->at[index];
    bool last = c->awaited || package->meta[index].broken;
    bool pre = version_is_pre(&c->version) && !package->pre_asked && !package->pinned;
    unsigned phase = last ? LAST : pre ? PRE : FINAL;
    return (!c->yanked || c->named || package->pinned) && (phases & phase);
}

/* The newest possible candidate; pre-releases nobody asked for come after all others, and what is
 * not there yet, or known to be broken, after them. */
static uint32_t choose(const struct solve_state *state, uint32_t number)
{
    const struct solve_package *package = &state->packages.at[number];
    struct span possible = pubgrub_possible(&state->pg, number);
    for (unsigned phase = FINAL; phase <= LAST; phase *= 2)
        for (uint32_t r = possible.len; r-- > 0;)
            for (uint32_t i = possible.at[r].to; i-- > possible.at[r].from;)
                if (i && fit_to_choose(package, i - 1, phase))
                    return i - 1;
    return PUBGRUB_NONE;
}

static bool decide(struct solve_state *state, uint32_t number, struct err *err)
{
    uint32_t index = choose(state, number);
    if (index == PUBGRUB_NONE) {
        unusable(state, number, pubgrub_possible(&state->pg, number),
                 STR("yanked from the index, and nothing asks for exactly this version"));
        return true;
    }
    const struct solve_meta *meta = &state->packages.at[number].meta[index];
    bool new = !meta->asked;
    if (!solve_metadata(state, &state->packages.at[number], index, err))
        return false;
    if (meta->broken && state->lenient && new)
        return true; /* the others go before it */
    if (!meta->usable && !(meta->broken && state->lenient)) {
        unusable(state, number, span_one(index + 1, state->arena), meta->why);
        return true;
    }
    if (!expand(state, number, index, err))
        return false;
    /* Where what was just learned excludes the choice, it is made anew. */
    (void)pubgrub_try(&state->pg, number, index + 1);
    return true;
}

/* A hint for each new project: the candidate that is likely to be asked about. */
static void prefetch_metadata(struct solve_state *state)
{
    const struct provider *provider = state->provider;
    ARENA_AUTO struct arena scratch = {0};
    VEC(struct provider_release) likely = {0};
    struct err ignored = {0};
    size_t from = state->hinted;
    state->hinted = state->packages.len;
    if (!provider->prefetch_metadata)
        return;
    for (uint32_t i = (uint32_t)from; i < state->packages.len; i++) {
        uint32_t index = state->packages.at[i].extra.len || !i ? PUBGRUB_NONE : choose(state, i);
        const struct candidate_list *list = state->packages.at[i].list;
        if (index != PUBGRUB_NONE && !state->packages.at[i].meta[index].asked &&
            candidate_look(list, &list->at[index], &ignored))
            *vec_push(&likely, &scratch) = *list->at[index].release;
    }
    if (likely.len)
        provider->prefetch_metadata(provider->state, likely.at, likely.len);
}

static bool search(struct solve_state *state, struct str *explanation, struct err *err)
{
    uint32_t failed;
    for (size_t steps = 0;; steps++) {
        if (!pubgrub_propagate(&state->pg, &failed)) {
            *explanation = solve_explain(state, failed);
            struct str last = STR("");
            for (struct str rest = *explanation, line; str_next_line(&rest, &line);)
                last = str_trim(line);
            if (str_starts(last, STR("so ")))
                last = str_from_pos(last, 3);
            return err_set(err, ERR_UNSAT, "the requirements cannot be satisfied: %.*s",
                           STR_ARG(str_slice(last, 0, 900)));
        }
        prefetch_metadata(state);
        uint32_t number = pubgrub_next(&state->pg);
        if (number == PUBGRUB_NONE)
            return true;
        if (steps == SOLVE_STEPS_LIMIT)
            return err_set(err, ERR_LIMIT,
                           "no answer after %d steps; constraints on the projects asked for make "
                           "the search smaller",
                           SOLVE_STEPS_LIMIT);
        if (!decide(state, number, err))
            return false;
        pubgrub_again(&state->pg, number);
    }
}

static void add_pin(struct solve_state *state, uint32_t base, const struct solve_pin *pin)
{
    const struct solve_package *package = &state->packages.at[base];
    struct span_builder builder = {0};
    for (uint32_t i = 0; i < package->list->len; i++)
        if (package->list->at[i].out == CANDIDATE_IN)
            span_add(&builder, state->arena, i + 1, i + 2);
    struct str text = pin->name;
    if (package->pinned)
        text = arena_printf(state->arena, "%.*s==%.*s", STR_ARG(pin->name),
                            STR_ARG(version_normal(&pin->version, state->arena)));
    const struct solve_fact *fact =
        keep_fact(state, (struct solve_fact){.kind = SOLVE_FACT_NEEDS,
                                             .other = base,
                                             .versions = span_one(1, state->arena),
                                             .allowed = span_built(&builder),
                                             .text = text,
                                             .origin = pin->origin});
    *vec_push(&needs_of(state, 0, 0)->facts, state->arena) = fact;
    forbid_needs(state, fact);
}

/* An exact version that is not to be had, where the newest may take its place: without it then. */
static bool fall_back(struct solve_state *state, const struct solve_require *require,
                      struct requirement *req, struct err *err)
{
    uint32_t base;
    *req = require->req;
    if (!state->request->fallback_latest || !specifier_set_pins(&req->specifiers))
        return true;
    if (!base_package(state, req->name, req->url, &base, err))
        return false;
    struct solve_package *package = &state->packages.at[base];
    for (uint32_t i = 0; i < package->list->len; i++) {
        const struct candidate *c = &package->list->at[i];
        if (c->out == CANDIDATE_IN && !c->awaited &&
            specifier_set_match(&req->specifiers, &c->version))
            return true;
    }
    package->fallback = arena_printf(state->arena, "%.*s of %.*s cannot be had", STR_ARG(req->text),
                                     STR_ARG(require->origin));
    for (uint32_t i = 0; i < package->list->len; i++) { /* and why not, where it is known */
        struct candidate *c = &package->list->at[i];
        if (c->out != CANDIDATE_IN && specifier_set_match(&req->specifiers, &c->version))
            package->fallback =
                arena_printf(state->arena, "%.*s: %.*s", STR_ARG(package->fallback),
                             STR_ARG(candidate_why_out(package->list, c, state->arena)));
    }
    req->specifiers = (struct specifier_set){0};
    return true;
}

static bool add_input(struct solve_state *state, struct err *err)
{
    const struct solve_request *request = state->request;
    struct str *names = ARENA_ARRAY(state->arena, struct str, state->said.len);
    size_t count = 0;
    for (size_t i = 0; i < state->said.len; i++) {
        const struct solve_said *said = state->said.entries[i].value;
        if (said->direct && !said->url.len && !said->own)
            names[count++] = state->said.entries[i].key;
    }
    prefetch_names(state, names, count);
    vec_room(&state->packages, state->arena, state->said.len + 1);
    for (size_t i = 0; i < request->pins_len; i++) {
        uint32_t base;
        if (!base_package(state, request->pins[i].name, STR(""), &base, err))
            return false;
        add_pin(state, base, &request->pins[i]);
    }
    for (size_t i = 0; i < request->requires_len; i++) {
        const struct solve_require *require = &request->requires[i];
        struct requirement req;
        if (marker_holds(require->req.marker, &request->env->marker, NULL) &&
            (!fall_back(state, require, &req, err) ||
             !add_need(state, 0, 0, &req, require->req.text, require->origin, err)))
            return false;
    }
    return true;
}

static bool run_once(const struct solve_request *request, const struct provider *provider,
                     bool lenient, struct arena *arena, struct solve_result *result,
                     bool *met_broken, struct str *explanation, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct candidate_list *root = ARENA_NEW(&scratch, struct candidate_list);
    struct solve_state state = {.request = request,
                                .provider = provider,
                                .kept = arena,
                                .arena = &scratch,
                                .lenient = lenient};
    pubgrub_start(&state.pg, &scratch);
    *vec_push(&state.packages, &scratch) =
        (struct solve_package){.list = root, .needs = ARENA_NEW(&scratch, struct solve_needs)};
    bool found = solve_said_collect(&state, err) && add_input(&state, err) &&
                 search(&state, explanation, err);
    *met_broken = state.met_broken;
    if (found)
        *result = solve_picks(&state);
    return found;
}

bool solve_run(const struct solve_request *request, const struct provider *provider,
               struct arena *arena, struct solve_result *result, struct str *explanation,
               struct err *err)
{
    struct err said = {0};
    struct str reason = {0};
    bool met_broken = false;
    if (run_once(request, provider, false, arena, result, &met_broken, &reason, &said))
        return true;
    if (said.code == ERR_UNSAT && met_broken && request->broken_last &&
        run_once(request, provider, true, arena, result, &met_broken, &reason, &said))
        return true;
    *explanation = reason;
    *err = said;
    return false;
}
