/*
 * The search of PubGrub, free of what packages and versions are. A package is a
 * number with a universe of choices 0..size: 0 is "not chosen", 1..size are its
 * candidates. What cannot be is written down as incompatibilities: sets of
 * (package, choices) that must not all hold. "a 2 needs b 1 to 3" is the
 * incompatibility {a: {2}, b: everything but 1..3}.
 *
 * The owner adds packages and incompatibilities as it learns them, and loops:
 * pubgrub_propagate, pubgrub_next, decide. Package 0 is the root with one
 * candidate, chosen from the start. Each incompatibility that follows from two
 * others remembers them, so that a failure can be explained from its facts.
 */
#ifndef REFINERY_PLAN_PUBGRUB_H
#define REFINERY_PLAN_PUBGRUB_H

#include "base/vec.h"
#include "plan/span.h"

#define PUBGRUB_NONE UINT32_MAX
enum { PUBGRUB_PATIENCE = 5 }; /* failures before the order of decisions is changed */

struct pubgrub_term {
    uint32_t package;
    struct span set;
};

struct pubgrub_clause {
    const struct pubgrub_term *terms;
    uint32_t len;
    const void *fact;     /* the owner's, for one it added; NULL for a derived one */
    uint32_t left, right; /* of a derived one */
};

struct pubgrub_package {
    uint32_t size;     /* candidates; the universe is [0, size] */
    uint32_t last;     /* newest assignment, or PUBGRUB_NONE */
    uint32_t failures; /* candidates that an earlier decision excluded */
    bool in_the_way;   /* its decision made another package fail again and again */
    bool decided, queued;
    VEC(uint32_t) clauses;
    struct span all;
};

struct pubgrub_assign {
    uint32_t package, level;
    uint32_t cause;  /* clause, or PUBGRUB_NONE for a decision */
    uint32_t before; /* the package's assignment before this one */
    struct span set; /* what is possible from here on */
};

struct pubgrub_wish {
    uint64_t order;
    uint32_t package;
};

struct pubgrub {
    struct arena *arena;
    VEC(struct pubgrub_package) packages;
    VEC(struct pubgrub_clause) clauses;
    VEC(struct pubgrub_assign) trail;
    VEC(uint32_t) changed;           /* packages whose clauses are to be looked at */
    VEC(uint32_t) fresh;             /* clauses not yet looked at */
    VEC(struct pubgrub_wish) wishes; /* heap: packages to decide */
    uint32_t level;
    size_t decisions, conflicts;
};

void pubgrub_start(struct pubgrub *pg, struct arena *arena); /* makes and chooses the root, 0 */
uint32_t pubgrub_add(struct pubgrub *pg, uint32_t candidates);

/* Terms of a package at most once. Terms that always hold are dropped. */
void pubgrub_forbid(struct pubgrub *pg, const struct pubgrub_term *terms, uint32_t len,
                    const void *fact);

/* False: nothing fits, and `failed` is the clause that follows from the facts alone. */
bool pubgrub_propagate(struct pubgrub *pg, uint32_t *failed);

/* A package that must be chosen and is not, or PUBGRUB_NONE. */
uint32_t pubgrub_next(struct pubgrub *pg);
/* Puts a package from pubgrub_next back when it was not decided. */
void pubgrub_again(struct pubgrub *pg, uint32_t package);

/* What is still possible; includes 0 unless it must be chosen. */
struct span pubgrub_possible(const struct pubgrub *pg, uint32_t package);
bool pubgrub_decided(const struct pubgrub *pg, uint32_t package);

/*
 * Decides for a candidate, unless a clause already excludes it under what is
 * decided: then false, and pubgrub_propagate removes it.
 */
bool pubgrub_try(struct pubgrub *pg, uint32_t package, uint32_t candidate);

#endif
