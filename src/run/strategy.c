#include "run/strategy.h"

/* Cheapest first. `cures` holds what another strategy may do better with: bits of spec_outcome. */
static const struct strategy_row {
    struct str name;
    unsigned cures;
    bool at_home, on_target;
} strategy_rows[STRATEGY_COUNT] = {
    {STR_INIT("native"), 0, true, false},
    {STR_INIT("cross"),
     1u << SPEC_FACTS | 1u << SPEC_BUILD_FAILED | 1u << SPEC_NO_WHEEL | 1u << SPEC_SILENT_FALLBACK,
     false, false},
    {STR_INIT("hybrid"), 1u << SPEC_BUILD_FAILED | 1u << SPEC_NO_WHEEL | 1u << SPEC_SILENT_FALLBACK,
     false, true},
    {STR_INIT("emulate"), 0, false, true},
};

/* What a build says when it would fail in the same way on every machine. */
static const struct {
    struct str sign, and;
} strategy_hopeless[] = {
    {STR_INIT("fatal error: "), STR_INIT("No such file or directory")},
    {STR_INIT("cannot find -l"), {0}},
    {STR_INIT("needs the network"), {0}},
    {STR_INIT("No module named"), {0}},
    {STR_INIT("SyntaxError"), {0}},
};

static const struct strategy_row *strategy_find(struct str name)
{
    for (size_t i = 0; i < sizeof strategy_rows / sizeof *strategy_rows; i++)
        if (str_eq(strategy_rows[i].name, name))
            return &strategy_rows[i];
    return NULL;
}

bool strategy_is_known(struct str name)
{
    return strategy_find(name) || str_eq(name, STR("auto"));
}

bool strategy_check(struct str asked, bool at_home, struct err *err)
{
    const struct strategy_row *row = strategy_find(asked);
    if (!row || row->at_home == at_home)
        return true;
    return err_set(err, ERR_USAGE,
                   at_home ? "--strategy " STR_FMT " is for a target that this machine is not; use "
                             "auto or native"
                           : "--strategy " STR_FMT " is for a machine that is the target itself, "
                             "which this one is not; use auto, cross, hybrid or emulate",
                   STR_ARG(asked));
}

/* Whether an end of this class is one of those that the row's cures name. */
static bool strategy_is_cured(const struct strategy_row *row, struct str class)
{
    for (unsigned i = 0; i < SPEC_OUTCOME_COUNT; i++)
        if (row->cures & 1u << i &&
            str_eq(class, str_from(spec_outcome_name((enum spec_outcome)i))))
            return true;
    return false;
}

void strategy_note(struct strategy_record *record, struct str strategy, struct str class,
                   int64_t count, int64_t last)
{
    const struct strategy_row *row = strategy_find(strategy);
    struct strategy_ended *ended = row ? &record->of[row - strategy_rows] : NULL;
    if (ended && !class.len) {
        ended->built += count;
        ended->last_built = last > ended->last_built ? last : ended->last_built;
    } else if (ended && strategy_is_cured(row, class)) {
        ended->gave_way += count;
        ended->last_gave_way = last > ended->last_gave_way ? last : ended->last_gave_way;
    }
}

enum strategy_standing { STRATEGY_BUILT, STRATEGY_UNKNOWN, STRATEGY_GAVE_WAY, STRATEGY_STANDINGS };

static enum strategy_standing strategy_standing(const struct strategy_ended *ended)
{
    if (ended->last_built == ended->last_gave_way) /* never, both */
        return STRATEGY_UNKNOWN;
    return ended->last_built > ended->last_gave_way ? STRATEGY_BUILT : STRATEGY_GAVE_WAY;
}

struct strategy_order strategy_order(const struct strategy_record *record, bool at_home)
{
    struct strategy_order order = {.len = 0};
    for (int standing = 0; standing < STRATEGY_STANDINGS; standing++)
        for (size_t i = 0; i < STRATEGY_COUNT; i++)
            if (strategy_rows[i].at_home == at_home &&
                (int)strategy_standing(&record->of[i]) == standing)
                order.at[order.len++] = strategy_rows[i].name;
    return order;
}

static bool strategy_says(const struct spec_result *result, struct str sign, struct str and)
{
    for (size_t i = 0; i <= result->evidence.len; i++) {
        struct str line = i < result->evidence.len ? result->evidence.at[i] : result->why;
        if (str_find(line, sign) < line.len && (!and.len || str_find(line, and) < line.len))
            return true;
    }
    return false;
}

struct str strategy_next(struct str now, const struct strategy_order *order,
                         const struct spec_result *result)
{
    const struct strategy_row *row = strategy_find(now);
    size_t at = 0;
    if (!row || !(row->cures & 1u << result->outcome))
        return STR("");
    for (size_t i = 0; i < sizeof strategy_hopeless / sizeof *strategy_hopeless; i++)
        if (result->outcome == SPEC_BUILD_FAILED &&
            strategy_says(result, strategy_hopeless[i].sign, strategy_hopeless[i].and))
            return STR("");
    while (at < order->len && !str_eq(order->at[at], now))
        at++;
    for (at++; at < order->len; at++)
        if (!row->on_target || strategy_is_on_target(order->at[at]))
            return order->at[at];
    return STR("");
}

bool strategy_is_on_target(struct str strategy)
{
    const struct strategy_row *row = strategy_find(strategy);
    return row && row->on_target;
}
