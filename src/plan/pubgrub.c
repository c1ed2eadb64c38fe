#include "plan/pubgrub.h"

#include <assert.h>

static struct pubgrub_package *package_at(const struct pubgrub *pg, uint32_t package)
{
    return &pg->packages.at[package];
}

struct span pubgrub_possible(const struct pubgrub *pg, uint32_t package)
{
    const struct pubgrub_package *p = package_at(pg, package);
    return p->last == PUBGRUB_NONE ? p->all : pg->trail.at[p->last].set;
}

bool pubgrub_decided(const struct pubgrub *pg, uint32_t package)
{
    return package_at(pg, package)->decided;
}

/*
 * Which package is decided first: one with a single choice left, then those whose
 * candidates failed often because of an earlier decision, then the one seen first;
 * last those that made others fail.
 */
static uint64_t wish_order(const struct pubgrub *pg, uint32_t package)
{
    const struct pubgrub_package *p = package_at(pg, package);
    struct span possible = pubgrub_possible(pg, package);
    bool single = possible.len == 1 && possible.at[0].to - possible.at[0].from == 1;
    uint64_t class = single ? 0 : p->failures >= PUBGRUB_PATIENCE ? 1 : p->in_the_way ? 3 : 2;
    return class << 32 | package;
}

static void wish_push(struct pubgrub *pg, uint32_t package)
{
    struct pubgrub_wish wish = {wish_order(pg, package), package};
    (void)vec_push(&pg->wishes, pg->arena);
    struct pubgrub_wish *heap = pg->wishes.at;
    size_t i = pg->wishes.len - 1;
    while (i && heap[(i - 1) / 2].order > wish.order) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = wish;
}

static struct pubgrub_wish wish_pop(struct pubgrub *pg)
{
    struct pubgrub_wish *heap = pg->wishes.at;
    struct pubgrub_wish top = heap[0], moved = heap[--pg->wishes.len];
    size_t len = pg->wishes.len, i = 0;
    for (size_t child; (child = i * 2 + 1) < len; i = child) {
        if (child + 1 < len && heap[child + 1].order < heap[child].order)
            child++;
        if (heap[child].order >= moved.order)
            break;
        heap[i] = heap[child];
    }
    if (len)
        heap[i] = moved;
    return top;
}

static bool wanted(const struct pubgrub *pg, uint32_t package)
{
    return !package_at(pg, package)->decided && !span_has(pubgrub_possible(pg, package), 0);
}

uint32_t pubgrub_next(struct pubgrub *pg)
{
    while (pg->wishes.len) {
        struct pubgrub_wish wish = wish_pop(pg);
        if (!wanted(pg, wish.package))
            continue;
        if (wish_order(pg, wish.package) <= wish.order)
            return wish.package;
        wish_push(pg, wish.package); /* its turn is later now */
    }
    return PUBGRUB_NONE;
}

void pubgrub_again(struct pubgrub *pg, uint32_t package)
{
    if (wanted(pg, package))
        wish_push(pg, package);
}

uint32_t pubgrub_add(struct pubgrub *pg, uint32_t candidates)
{
    struct pubgrub_package *p = vec_push(&pg->packages, pg->arena);
    p->size = candidates;
    p->last = PUBGRUB_NONE;
    p->all = span_all(candidates + 1, pg->arena);
    return (uint32_t)(pg->packages.len - 1);
}

static void assign(struct pubgrub *pg, uint32_t package, struct span set, uint32_t cause)
{
    struct pubgrub_package *p = package_at(pg, package);
    *vec_push(&pg->trail, pg->arena) = (struct pubgrub_assign){
        .package = package, .level = pg->level, .cause = cause, .before = p->last, .set = set};
    p->last = (uint32_t)(pg->trail.len - 1);
    if (!p->queued) {
        p->queued = true;
        *vec_push(&pg->changed, pg->arena) = package;
    }
    pubgrub_again(pg, package);
}

static void decide(struct pubgrub *pg, uint32_t package, uint32_t candidate)
{
    pg->level++;
    pg->decisions++;
    package_at(pg, package)->decided = true;
    assign(pg, package, span_one(candidate, pg->arena), PUBGRUB_NONE);
}

void pubgrub_start(struct pubgrub *pg, struct arena *arena)
{
    *pg = (struct pubgrub){.arena = arena};
    decide(pg, pubgrub_add(pg, 1), 1);
}

static uint32_t add_clause(struct pubgrub *pg, struct pubgrub_clause clause)
{
    uint32_t index = (uint32_t)pg->clauses.len;
    *vec_push(&pg->clauses, pg->arena) = clause;
    for (uint32_t i = 0; i < clause.len; i++)
        *vec_push(&package_at(pg, clause.terms[i].package)->clauses, pg->arena) = index;
    return index;
}

void pubgrub_forbid(struct pubgrub *pg, const struct pubgrub_term *terms, uint32_t len,
                    const void *fact)
{
    struct pubgrub_term *kept = ARENA_ARRAY(pg->arena, struct pubgrub_term, len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < len; i++) {
        if (span_empty(terms[i].set))
            return; /* can never hold, so nothing is forbidden */
        if (!span_is_all(terms[i].set, package_at(pg, terms[i].package)->size + 1))
            kept[count++] = terms[i];
    }
    *vec_push(&pg->fresh, pg->arena) =
        add_clause(pg, (struct pubgrub_clause){kept, count, fact, PUBGRUB_NONE, PUBGRUB_NONE});
}

/* All terms hold but, perhaps, the one of `package`, which holds for the candidate. */
static bool excludes(const struct pubgrub *pg, const struct pubgrub_clause *clause,
                     uint32_t package, uint32_t candidate)
{
    for (uint32_t i = 0; i < clause->len; i++) {
        const struct pubgrub_term *term = &clause->terms[i];
        if (term->package == package ? !span_has(term->set, candidate)
                                     : !span_within(pubgrub_possible(pg, term->package), term->set))
            return false;
    }
    return true;
}

static const struct pubgrub_term *term_of(const struct pubgrub_clause *clause, uint32_t package)
{
    for (uint32_t i = 0; i < clause->len; i++)
        if (clause->terms[i].package == package)
            return &clause->terms[i];
    return NULL;
}

/* The first assignment of the term's package from which on the term holds. */
static uint32_t holds_since(const struct pubgrub *pg, const struct pubgrub_term *term,
                            uint32_t from)
{
    uint32_t at = from;
    while (pg->trail.at[at].before != PUBGRUB_NONE &&
           span_within(pg->trail.at[pg->trail.at[at].before].set, term->set))
        at = pg->trail.at[at].before;
    return at;
}

struct satisfier {
    uint32_t at;    /* the assignment that made the clause hold */
    uint32_t level; /* the level at which all others held already */
    const struct pubgrub_term *term;
};

static struct satisfier find_satisfier(struct pubgrub *pg, const struct pubgrub_clause *clause)
{
    struct satisfier found = {.level = 1};
    for (uint32_t i = 0; i < clause->len; i++) {
        const struct pubgrub_term *term = &clause->terms[i];
        uint32_t at = holds_since(pg, term, package_at(pg, term->package)->last);
        uint32_t other = at;
        if (!found.term || at > found.at) {
            other = found.term ? found.at : PUBGRUB_NONE;
            found.at = at;
            found.term = term;
        }
        if (other != PUBGRUB_NONE && pg->trail.at[other].level > found.level)
            found.level = pg->trail.at[other].level;
    }
    const struct pubgrub_assign *last = &pg->trail.at[found.at];
    if (last->cause == PUBGRUB_NONE)
        return found;
    assert(found.term); /* a contradiction has a term of the last assignment's package */
    /* The assignment alone may be too little: then an earlier one of the package counts as well. */
    const struct pubgrub_term *cause = term_of(&pg->clauses.at[last->cause], last->package);
    struct pubgrub_term rest = {last->package, span_or(found.term->set, cause->set, pg->arena)};
    if (!span_is_all(rest.set, package_at(pg, last->package)->size + 1)) {
        uint32_t at = holds_since(pg, &rest, last->before);
        if (pg->trail.at[at].level > found.level)
            found.level = pg->trail.at[at].level;
    }
    return found;
}

static void merge_term(struct pubgrub *pg, struct pubgrub_term *terms, uint32_t *len,
                       const struct pubgrub_term *term)
{
    for (uint32_t i = 0; i < *len; i++)
        if (terms[i].package == term->package) {
            terms[i].set = span_and(terms[i].set, term->set, pg->arena);
            return;
        }
    terms[(*len)++] = *term;
}

/* What follows from two clauses once `package` is removed from both. */
static struct pubgrub_clause resolve(struct pubgrub *pg, uint32_t left, uint32_t right,
                                     uint32_t package)
{
    const struct pubgrub_clause *a = &pg->clauses.at[left], *b = &pg->clauses.at[right];
    struct pubgrub_term *terms = ARENA_ARRAY(pg->arena, struct pubgrub_term, a->len + b->len);
    uint32_t len = 0;
    for (uint32_t i = 0; i < a->len; i++)
        if (a->terms[i].package != package)
            merge_term(pg, terms, &len, &a->terms[i]);
    for (uint32_t i = 0; i < b->len; i++)
        if (b->terms[i].package != package)
            merge_term(pg, terms, &len, &b->terms[i]);
    struct pubgrub_term own = {
        package, span_or(term_of(a, package)->set, term_of(b, package)->set, pg->arena)};
    if (!span_is_all(own.set, package_at(pg, package)->size + 1))
        terms[len++] = own;
    return (struct pubgrub_clause){terms, len, NULL, left, right};
}

static void backtrack(struct pubgrub *pg, uint32_t level)
{
    while (pg->trail.len && pg->trail.at[pg->trail.len - 1].level > level) {
        const struct pubgrub_assign *last = &pg->trail.at[--pg->trail.len];
        struct pubgrub_package *p = package_at(pg, last->package);
        p->last = last->before;
        if (last->cause == PUBGRUB_NONE)
            p->decided = false;
        pubgrub_again(pg, last->package);
    }
    pg->level = level;
    for (size_t i = 0; i < pg->changed.len; i++)
        package_at(pg, pg->changed.at[i])->queued = false;
    pg->changed.len = 0;
}

/*
 * A package whose candidates fail one after the other because of an earlier
 * decision would be led down to ancient versions. After a few failures the
 * decision that stands in the way is taken back, once, and comes after it.
 */
static void change_turns(struct pubgrub *pg, const struct pubgrub_clause *clause, uint32_t package)
{
    uint32_t level = 1;
    if (++package_at(pg, package)->failures != PUBGRUB_PATIENCE)
        return;
    for (uint32_t i = 0; i < clause->len; i++) {
        const struct pubgrub_term *term = &clause->terms[i];
        if (term->package == package || package_at(pg, term->package)->last == PUBGRUB_NONE)
            continue;
        uint32_t at = holds_since(pg, term, package_at(pg, term->package)->last);
        if (pg->trail.at[at].level > level)
            level = pg->trail.at[at].level;
    }
    if (level == 1)
        return;
    for (size_t i = pg->trail.len; i-- > 0 && pg->trail.at[i].level >= level;)
        if (pg->trail.at[i].level == level && pg->trail.at[i].cause == PUBGRUB_NONE)
            package_at(pg, pg->trail.at[i].package)->in_the_way = true;
    backtrack(pg, level - 1);
}

bool pubgrub_try(struct pubgrub *pg, uint32_t package, uint32_t candidate)
{
    for (size_t i = package_at(pg, package)->clauses.len; i-- > 0;) {
        uint32_t index = package_at(pg, package)->clauses.at[i];
        if (excludes(pg, &pg->clauses.at[index], package, candidate)) {
            *vec_push(&pg->fresh, pg->arena) = index;
            change_turns(pg, &pg->clauses.at[index], package);
            return false;
        }
    }
    decide(pg, package, candidate);
    return true;
}

static bool is_final(const struct pubgrub_clause *clause)
{
    return clause->len == 0 || (clause->len == 1 && clause->terms[0].package == 0);
}

/*
 * A clause holds, which must not be: resolve it with what led here until it
 * speaks about an earlier decision, and go back there. PUBGRUB_NONE: learned.
 */
static uint32_t learn(struct pubgrub *pg, uint32_t index)
{
    uint32_t first = index;
    pg->conflicts++;
    for (;;) {
        const struct pubgrub_clause *clause = &pg->clauses.at[index];
        if (is_final(clause))
            return index;
        struct satisfier found = find_satisfier(pg, clause);
        const struct pubgrub_assign *made = &pg->trail.at[found.at];
        if (made->cause == PUBGRUB_NONE || found.level < made->level) {
            backtrack(pg, found.level);
            break;
        }
        struct pubgrub_clause next = resolve(pg, index, made->cause, made->package);
        index = (uint32_t)pg->clauses.len;
        *vec_push(&pg->clauses, pg->arena) = next; /* not yet watched: only steps to the last */
    }
    if (index != first) {
        struct pubgrub_clause learned = pg->clauses.at[index];
        for (uint32_t i = 0; i < learned.len; i++)
            *vec_push(&package_at(pg, learned.terms[i].package)->clauses, pg->arena) = index;
    }
    *vec_push(&pg->fresh, pg->arena) = index;
    return PUBGRUB_NONE;
}

enum outcome { NOTHING, DERIVED, CONFLICT };

static enum outcome look_at(struct pubgrub *pg, uint32_t index)
{
    const struct pubgrub_clause *clause = &pg->clauses.at[index];
    const struct pubgrub_term *open = NULL;
    for (uint32_t i = 0; i < clause->len; i++) {
        const struct pubgrub_term *term = &clause->terms[i];
        struct span possible = pubgrub_possible(pg, term->package);
        if (span_within(possible, term->set))
            continue;
        if (open || span_apart(possible, term->set))
            return NOTHING;
        open = term;
    }
    if (!open)
        return CONFLICT;
    struct span rest = span_not(open->set, package_at(pg, open->package)->size + 1, pg->arena);
    assign(pg, open->package, span_and(pubgrub_possible(pg, open->package), rest, pg->arena),
           index);
    return DERIVED;
}

static bool look_at_fresh(struct pubgrub *pg, uint32_t *failed)
{
    while (pg->fresh.len) {
        uint32_t index = pg->fresh.at[pg->fresh.len - 1];
        if (look_at(pg, index) != CONFLICT) {
            pg->fresh.len--;
            continue;
        }
        uint32_t final = learn(pg, index);
        if (final != PUBGRUB_NONE) {
            *failed = final;
            return false;
        }
    }
    return true;
}

static bool look_at_changed(struct pubgrub *pg, uint32_t package, uint32_t *failed)
{
    for (size_t i = package_at(pg, package)->clauses.len; i-- > 0;) {
        uint32_t index = package_at(pg, package)->clauses.at[i];
        if (look_at(pg, index) != CONFLICT)
            continue;
        uint32_t final = learn(pg, index);
        if (final == PUBGRUB_NONE)
            return true; /* the learned clause is fresh, and all that changed is forgotten */
        *failed = final;
        return false;
    }
    return true;
}

bool pubgrub_propagate(struct pubgrub *pg, uint32_t *failed)
{
    for (;;) {
        if (!look_at_fresh(pg, failed))
            return false;
        if (!pg->changed.len)
            return true;
        uint32_t package = pg->changed.at[--pg->changed.len];
        package_at(pg, package)->queued = false;
        if (!look_at_changed(pg, package, failed))
            return false;
    }
}
