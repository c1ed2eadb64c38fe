/*
 * The ways to build for a target, cheapest first, and which comes after which when one does not
 * lead there. Pure.
 *
 *   native   this machine is the target
 *   cross    the build machine's Python pretends to be the target's, the compiler is native
 *   hybrid   the target's Python under qemu-user, the compiler is native
 *   emulate  everything under qemu-user, the compiler too
 */
#ifndef REFINERY_RUN_STRATEGY_H
#define REFINERY_RUN_STRATEGY_H

#include "build/spec.h"

/* ERR_USAGE: `asked` (a row above, or "auto") cannot be had; `at_home`: this machine is the target.
 */
CHECKED bool strategy_check(struct str asked, bool at_home, struct err *err);

/* A row above, or "auto". */
bool strategy_is_known(struct str name);

enum { STRATEGY_COUNT = 4 };

/* What history says of a package's builds for a target, by strategy. Zeroed: nothing. */
struct strategy_record {
    struct strategy_ended {
        int64_t built, gave_way;           /* how often */
        int64_t last_built, last_gave_way; /* when, in any unit that grows; 0: never */
    } of[STRATEGY_COUNT];
};
/* Builds by `strategy` that ended with `class`, an outcome's name; "" when they were done. A class
 * that no other strategy could do better with says nothing about this one. */
void strategy_note(struct strategy_record *record, struct str strategy, struct str class,
                   int64_t count, int64_t last);

/*
 * What "auto" goes through: the strategies whose last word was a build, then those nothing is known
 * of, then those that gave way to another since they last built; among equals the cheaper one.
 */
struct strategy_order {
    struct str at[STRATEGY_COUNT];
    size_t len;
};
struct strategy_order strategy_order(const struct strategy_record *record, bool at_home);

/* What comes after an attempt that ended so; empty: nothing else can help. A build by the target's
 * own Python is not followed by one that only pretends to be it. */
struct str strategy_next(struct str now, const struct strategy_order *order,
                         const struct spec_result *result);

/* Whether its build environment is the target's own, not the build machine's. */
bool strategy_is_on_target(struct str strategy);

#endif
