#include "plan/solve_state.h"

/*
 * A failure follows from a tree of clauses whose leaves are facts. The steps in
 * between interest a solver; a reader wants the facts: which line asks for what,
 * which versions need what. Facts that differ in the owner's version alone are
 * told once, for all those versions.
 */
struct told {
    const struct solve_fact *first;
    struct span versions;
};

struct telling {
    struct solve_state *state;
    VEC(struct told) told;
    struct buf text;
};

enum { FACTS_SHOWN = 40, OUT_SHOWN = 3 };

static bool same_story(const struct solve_fact *a, const struct solve_fact *b)
{
    return a->kind == b->kind && a->owner == b->owner && a->other == b->other &&
           span_eq(a->allowed, b->allowed) && str_eq(a->text, b->text) &&
           str_eq(a->origin, b->origin);
}

static void gather_fact(struct telling *t, const struct solve_fact *fact)
{
    struct arena *arena = t->state->arena;
    if (fact->kind == SOLVE_FACT_EXTRA)
        return; /* an extra is its project: nothing a reader has to be told */
    for (size_t i = 0; i < t->told.len; i++)
        if (same_story(t->told.at[i].first, fact)) {
            t->told.at[i].versions = span_or(t->told.at[i].versions, fact->versions, arena);
            return;
        }
    *vec_push(&t->told, arena) = (struct told){fact, fact->versions};
}

/* Left before right, each clause once; a list instead of recursion, for it can be deep. */
static void gather(struct telling *t, uint32_t clause)
{
    struct arena *arena = t->state->arena;
    VEC(uint32_t) open = {0};
    bool *seen = ARENA_ARRAY(arena, bool, t->state->pg.clauses.len);
    *vec_push(&open, arena) = clause;
    while (open.len) {
        uint32_t at = open.at[--open.len];
        const struct pubgrub_clause *c = &t->state->pg.clauses.at[at];
        if (seen[at])
            continue;
        seen[at] = true;
        if (c->fact) {
            gather_fact(t, c->fact);
            continue;
        }
        *vec_push(&open, arena) = c->right;
        *vec_push(&open, arena) = c->left;
    }
}

static struct str version_text(const struct telling *t, const struct solve_package *package,
                               uint32_t candidate)
{
    return version_normal(&package->list->at[candidate - 1].version, t->state->arena);
}

/* "1.0", "1.0 to 1.4", "1.0 and 2.0 to 2.3". Candidates that are out do not break a range. */
static void tell_versions(struct telling *t, const struct solve_package *package,
                          struct span versions)
{
    for (uint32_t i = 0; i < versions.len; i++) {
        uint32_t from = versions.at[i].from, to = versions.at[i].to - 1;
        if (from == 0)
            from = 1;
        if (i)
            buf_add(&t->text, i + 1 == versions.len ? STR(" and ") : STR(", "));
        buf_add(&t->text, version_text(t, package, from));
        if (to > from)
            buf_printf(&t->text, " to %.*s", STR_ARG(version_text(t, package, to)));
    }
}

/* The versions in between that are out count as told: "1.0 to 1.4" holds for all that can be had.
 */
static struct span bridged(struct telling *t, const struct solve_package *package,
                           struct span versions)
{
    struct span_builder builder = {0};
    for (uint32_t i = 0; i < versions.len; i++) {
        if (i) {
            bool only_out = true;
            for (uint32_t k = versions.at[i - 1].to; k < versions.at[i].from; k++)
                only_out = only_out && package->list->at[k - 1].out != CANDIDATE_IN;
            if (only_out)
                span_add(&builder, t->state->arena, versions.at[i - 1].to, versions.at[i].from);
        }
        span_add(&builder, t->state->arena, versions.at[i].from, versions.at[i].to);
    }
    return span_built(&builder);
}

static void tell_owner(struct telling *t, const struct told *told)
{
    const struct solve_package *owner = &t->state->packages.at[told->first->owner];
    buf_add(&t->text, owner->name);
    if (owner->extra.len)
        buf_printf(&t->text, "[%.*s]", STR_ARG(owner->extra));
    buf_add_char(&t->text, ' ');
    tell_versions(t, owner, bridged(t, owner, told->versions));
}

/* The requirement that a fact carries, read again: its clauses say which versions it meant. */
static bool asked_for(struct telling *t, const struct solve_fact *fact,
                      const struct candidate *candidate)
{
    struct requirement req;
    struct err ignored;
    return requirement_parse(fact->text, t->state->arena, &req, &ignored) &&
           specifier_set_match(&req.specifiers, &candidate->version);
}

/* Why nothing fits a requirement: no such project, no such version, or all of them are out. */
static void tell_nothing_fits(struct telling *t, const struct solve_fact *fact)
{
    const struct solve_package *other = &t->state->packages.at[fact->other];
    const struct candidate_list *list = other->list;
    size_t out = 0;
    if (list->unknown.len || !list->len) {
        buf_printf(&t->text, "; %.*s",
                   STR_ARG(list->unknown.len ? list->unknown : STR("it has no files")));
        return;
    }
    for (size_t i = list->len; i-- > 0;) {
        struct candidate *c = &list->at[i];
        if (c->out == CANDIDATE_IN || !asked_for(t, fact, c) || ++out > OUT_SHOWN)
            continue;
        buf_printf(&t->text, "; %.*s %.*s is out: %.*s", STR_ARG(other->name),
                   STR_ARG(version_text(t, other, (uint32_t)i + 1)),
                   STR_ARG(candidate_why_out(list, c, t->state->arena)));
    }
    if (out > OUT_SHOWN)
        buf_printf(&t->text, "; and %zu more versions are out", out - OUT_SHOWN);
    if (out)
        return;
    buf_printf(&t->text, "; no version fits, there %s %.*s", list->len == 1 ? "is only" : "are",
               STR_ARG(version_text(t, other, 1)));
    if (list->len > 1)
        buf_printf(&t->text, " to %.*s", STR_ARG(version_text(t, other, (uint32_t)list->len)));
    if (other->pinned)
        buf_printf(&t->text, ", the version of %.*s", STR_ARG(other->rule->pins[0]->origin));
    else if (list->len == 1 && solve_only_by(other))
        buf_printf(&t->text, ", the version of %.*s", STR_ARG(solve_only_by(other)->origin));
}

static void tell_fact(struct telling *t, const struct told *told)
{
    const struct solve_fact *fact = told->first;
    buf_add(&t->text, STR("  "));
    if (fact->kind == SOLVE_FACT_UNUSABLE) {
        tell_owner(t, told);
        buf_printf(&t->text, " cannot be used: %.*s", STR_ARG(fact->text));
    } else if (fact->owner == 0) {
        buf_printf(&t->text, "%.*s asks for %.*s",
                   STR_ARG(fact->origin.len ? fact->origin : STR("the input")),
                   STR_ARG(fact->text));
    } else {
        tell_owner(t, told);
        buf_printf(&t->text, " %s %.*s", span_count(told->versions) == 1 ? "needs" : "need",
                   STR_ARG(fact->text));
    }
    if (fact->kind == SOLVE_FACT_NEEDS && span_empty(fact->allowed))
        tell_nothing_fits(t, fact);
    buf_add_char(&t->text, '\n');
}

/* The project on which the told requirements meet and leave nothing. */
static uint32_t find_clash(struct telling *t)
{
    const struct solve_state *state = t->state;
    for (size_t i = t->told.len; i-- > 0;) {
        const struct solve_fact *fact = t->told.at[i].first;
        if (fact->kind != SOLVE_FACT_NEEDS || span_empty(fact->allowed))
            continue;
        struct span left = fact->allowed;
        size_t askers = 0;
        for (size_t k = 0; k < t->told.len; k++) {
            const struct solve_fact *other = t->told.at[k].first;
            if (other->kind != SOLVE_FACT_NEEDS || span_empty(other->allowed) ||
                state->packages.at[other->other].base != state->packages.at[fact->other].base)
                continue;
            left = span_and(left, other->allowed, state->arena);
            askers++;
        }
        if (askers > 1 && span_empty(left))
            return state->packages.at[fact->other].base;
    }
    return PUBGRUB_NONE;
}

/* One of the facts says by itself why nothing can be chosen. */
static bool tells_reason(const struct telling *t)
{
    for (size_t i = 0; i < t->told.len; i++) {
        const struct solve_fact *fact = t->told.at[i].first;
        if (fact->kind == SOLVE_FACT_UNUSABLE || span_empty(fact->allowed))
            return true;
    }
    return false;
}

/* Roots first, then the rest in the order found: the reader starts at what was typed. */
static void tell_all(struct telling *t)
{
    size_t shown = 0;
    for (int rest = 0; rest < 2; rest++)
        for (size_t i = 0; i < t->told.len; i++) {
            const struct solve_fact *fact = t->told.at[i].first;
            bool from_input = fact->owner == 0 && fact->kind == SOLVE_FACT_NEEDS;
            if (from_input == (rest == 1))
                continue;
            if (++shown <= FACTS_SHOWN)
                tell_fact(t, &t->told.at[i]);
        }
    if (shown > FACTS_SHOWN)
        buf_printf(&t->text, "  and %zu facts more\n", shown - FACTS_SHOWN);
}

struct str solve_explain(struct solve_state *state, uint32_t clause)
{
    struct telling t = {.state = state};
    gather(&t, clause);
    buf_add(&t.text, STR("the requirements cannot be satisfied:\n"));
    tell_all(&t);
    uint32_t clash = find_clash(&t);
    if (clash != PUBGRUB_NONE)
        buf_printf(&t.text, "so no version of %.*s fits all of these\n",
                   STR_ARG(state->packages.at[clash].name));
    else if (!tells_reason(&t))
        buf_add(&t.text, STR("so these cannot all hold\n"));
    struct str text = arena_str(state->kept, buf_str(&t.text));
    buf_free(&t.text);
    return text;
}
