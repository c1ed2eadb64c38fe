/*
 * The versions that a specifier set holds, as intervals of the total order of PEP 440, so that sets
 * can be compared without trying versions: one inside another, nothing in common, nothing at all.
 *
 * An end of an interval is a point between versions. A version has at most one version right behind
 * it (1.0.dev1 has 1.0.dev2, 1.0 has 1.0.post0.dev0 behind its local versions): such ends are kept
 * in front of that one, so that an interval is empty when its ends are not in order. Pre-releases
 * count as any other version. Everything lives in the arena.
 */
#ifndef REFINERY_PKG_RANGE_H
#define REFINERY_PKG_RANGE_H

#include "pkg/specifier.h"

enum range_edge {
    RANGE_BEFORE,      /* right in front of the version */
    RANGE_AFTER,       /* right behind it: of a version with a local part */
    RANGE_AFTER_POSTS, /* behind it, its local versions and its post-releases: of a final version */
    RANGE_INFINITE,    /* behind every version */
};

struct range_point {
    enum range_edge edge;
    struct version version; /* unless infinite */
};

/* Versions from the one point to the other; never empty. */
struct range {
    struct range_point from, to;
};

struct ranges {
    const struct range *at; /* in order, not touching */
    size_t len;
};

/* ERR_USAGE for a set with ===, which is about texts and no interval. */
CHECKED bool range_make(const struct specifier_set *set, struct arena *arena, struct ranges *ranges,
                        struct err *err);

/* The same answer as specifier_set_match of the set. */
bool range_contains(const struct ranges *ranges, const struct version *version);
/* Every version of a is in b; no version is in both. */
bool range_is_subset(const struct ranges *a, const struct ranges *b, struct arena *arena);
bool range_is_disjoint(const struct ranges *a, const struct ranges *b, struct arena *arena);

/* A version that is no pre-release and no development release is among them. */
bool range_has_final(const struct ranges *ranges, struct arena *arena);

#endif
