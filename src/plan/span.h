/*
 * Sets of small integers as ascending, disjoint, non-adjacent ranges [from, to).
 * The solver keeps for each project the set of its candidates that are still
 * possible; such sets are nearly always one or two ranges. Values are immutable
 * and live in the arena; nothing is freed singly.
 */
#ifndef REFINERY_PLAN_SPAN_H
#define REFINERY_PLAN_SPAN_H

#include "base/arena.h"

struct span_range {
    uint32_t from, to;
};

struct span {
    const struct span_range *at;
    uint32_t len;
};

struct span span_one(uint32_t value, struct arena *arena);
struct span span_all(uint32_t size, struct arena *arena); /* [0, size) */

struct span span_and(struct span a, struct span b, struct arena *arena);
struct span span_or(struct span a, struct span b, struct arena *arena);
struct span span_not(struct span a, uint32_t size, struct arena *arena); /* within [0, size) */

bool span_empty(struct span a);
bool span_is_all(struct span a, uint32_t size);
bool span_has(struct span a, uint32_t value);
bool span_within(struct span a, struct span b); /* a is a subset of b */
bool span_apart(struct span a, struct span b);  /* nothing in common */
bool span_eq(struct span a, struct span b);
uint32_t span_count(struct span a);

/* Building one in ascending order: add values or ranges, then read `set`. */
struct span_builder {
    struct span_range *at;
    size_t len, cap;
};
void span_add(struct span_builder *builder, struct arena *arena, uint32_t from, uint32_t to);
struct span span_built(const struct span_builder *builder);

#endif
