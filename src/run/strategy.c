#include "run/strategy.h"

/* `cures` holds what another strategy may do better with: bits of spec_outcome. */
static const struct strategy_row {
    struct str name, next;
    unsigned cures;
    bool at_home, on_target;
} strategy_rows[] = {
    {STR_INIT("native"), {0}, 0, true, false},
    {STR_INIT("cross"), STR_INIT("hybrid"),
     1u << SPEC_FACTS | 1u << SPEC_BUILD_FAILED | 1u << SPEC_NO_WHEEL | 1u << SPEC_SILENT_FALLBACK,
     false, false},
    {STR_INIT("hybrid"), STR_INIT("emulate"),
     1u << SPEC_BUILD_FAILED | 1u << SPEC_NO_WHEEL | 1u << SPEC_SILENT_FALLBACK, false, true},
    {STR_INIT("emulate"), {0}, 0, false, true},
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

struct str strategy_first(struct str learned, bool at_home)
{
    const struct strategy_row *row = strategy_find(learned);
    if (row && row->at_home == at_home)
        return row->name;
    return at_home ? STR("native") : STR("cross");
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

struct str strategy_next(struct str now, const struct spec_result *result)
{
    const struct strategy_row *row = strategy_find(now);
    if (!row || !(row->cures & 1u << result->outcome))
        return STR("");
    for (size_t i = 0; i < sizeof strategy_hopeless / sizeof *strategy_hopeless; i++)
        if (result->outcome == SPEC_BUILD_FAILED &&
            strategy_says(result, strategy_hopeless[i].sign, strategy_hopeless[i].and))
            return STR("");
    return row->next;
}

bool strategy_is_on_target(struct str strategy)
{
    const struct strategy_row *row = strategy_find(strategy);
    return row && row->on_target;
}
