#include "store/verdict.h"

int64_t verdict_backoff_ms(const struct verdict_policy *policy, int64_t failure)
{
    int64_t delay = policy->backoff_base_ms;
    for (int64_t i = 1; i < failure && delay < policy->backoff_max_ms; i++)
        delay = delay > INT64_MAX / 2 ? INT64_MAX : delay * 2;
    return delay < policy->backoff_max_ms ? delay : policy->backoff_max_ms;
}

/* Failed, but may pass another time. */
static struct verdict verdict_again(const struct verdict_policy *policy,
                                    const struct verdict_case *facts)
{
    struct verdict verdict = {STATE_RETRY, facts->tries, facts->failures, 0};
    if (!facts->counted) {
        verdict.delay_ms = verdict_backoff_ms(policy, facts->number);
        return verdict;
    }
    verdict.failures++;
    verdict.tries = facts->new_recipes ? 0 : facts->tries + 1;
    if (verdict.failures >= policy->block_failures || facts->failing_drones >= policy->block_drones)
        verdict.state = STATE_BLOCKED;
    else if (verdict.tries >= policy->max_attempts)
        verdict.state = STATE_FAILED;
    else
        verdict.delay_ms = verdict_backoff_ms(policy, verdict.failures);
    return verdict;
}

static const enum state verdict_states[] = {
    [OUTCOME_DONE] = STATE_DONE,      [OUTCOME_CACHED] = STATE_CACHED,
    [OUTCOME_REUSED] = STATE_REUSED,  [OUTCOME_SKIPPED] = STATE_SKIPPED,
    [OUTCOME_AGAIN] = STATE_RETRY,    [OUTCOME_FAILED] = STATE_FAILED,
    [OUTCOME_RETURNED] = STATE_READY, [OUTCOME_CANCELLED] = STATE_CANCELLED,
};

struct verdict verdict_of(const struct verdict_policy *policy, const struct verdict_case *facts)
{
    if (facts->outcome == OUTCOME_AGAIN)
        return verdict_again(policy, facts);
    struct verdict verdict = {verdict_states[facts->outcome], facts->tries, facts->failures, 0};
    if (facts->outcome == OUTCOME_FAILED && facts->counted) {
        verdict.tries++;
        verdict.failures++;
    }
    return verdict;
}

bool verdict_is_failure(enum store_outcome outcome)
{
    return outcome == OUTCOME_AGAIN || outcome == OUTCOME_FAILED;
}

static const struct {
    struct str class, status;
} verdict_special[] = {
    {STR_INIT("missing"), STR_INIT("missing")},
    {STR_INIT("system-recipe"), STR_INIT("system_recipe_failed")},
};

struct str verdict_status(enum store_outcome outcome, enum state state, struct str class)
{
    static const struct str words[] = {
        [OUTCOME_DONE] = STR_INIT("built"),
        [OUTCOME_CACHED] = STR_INIT("cached"),
        [OUTCOME_REUSED] = STR_INIT("reused"),
        [OUTCOME_SKIPPED] = STR_INIT("skipped_known_failure"),
        [OUTCOME_AGAIN] = STR_INIT("retry"),
        [OUTCOME_FAILED] = STR_INIT("failed"),
        [OUTCOME_RETURNED] = STR_INIT("returned"),
        [OUTCOME_CANCELLED] = STR_INIT("cancelled"),
    };
    if (verdict_is_failure(outcome) && state != STATE_RETRY) {
        for (size_t i = 0; i < sizeof verdict_special / sizeof *verdict_special; i++)
            if (str_eq(class, verdict_special[i].class))
                return verdict_special[i].status;
        return state_name(state);
    }
    return words[outcome];
}
