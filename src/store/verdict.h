/*
 * What an attempt's outcome makes of its job: the policy of product.md 6, pure. Kept
 * apart from the statements so that it can be read and tested alone.
 */
#ifndef REFINERY_STORE_VERDICT_H
#define REFINERY_STORE_VERDICT_H

#include "store/store.h"

struct verdict_policy {
    int64_t max_attempts, backoff_base_ms, backoff_max_ms, block_failures, block_drones;
};

struct verdict_case {
    enum store_outcome outcome;
    bool counted;           /* a failure of the package, not of the infrastructure */
    bool new_recipes;       /* the next attempt is another one */
    int64_t tries;          /* counted failures on this recipe set, before this one */
    int64_t failures;       /* on all */
    int64_t failing_drones; /* distinct ones, this one included */
    int64_t number;         /* of this attempt */
};

struct verdict {
    enum state state;
    int64_t tries, failures;
    int64_t delay_ms; /* of retry */
};

struct verdict verdict_of(const struct verdict_policy *policy, const struct verdict_case *facts);

/* base, 2 base, 4 base ... never more than max; `failure` counts from 1. */
int64_t verdict_backoff_ms(const struct verdict_policy *policy, int64_t failure);

/* The word for history and manifests: "built", "skipped_known_failure" ... */
struct str verdict_status(enum store_outcome outcome, enum state state, struct str class);
bool verdict_is_failure(enum store_outcome outcome);

#endif
