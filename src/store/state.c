#include "store/state.h"

struct state_row {
    struct str name, alias;
    enum state_group group;
};

static const struct state_row state_rows[STATE_COUNT] = {
#define STATE(NAME, name, group, alias)                                                            \
    [STATE_##NAME] = {STR_INIT(name), STR_INIT(alias), STATE_##group},
#include "tables/states.def"
};

static const bool state_steps[STATE_COUNT][STATE_COUNT] = {
#define STEP(FROM, TO) [STATE_##FROM][STATE_##TO] = true,
#include "tables/states.def"
};

static bool state_is_known(enum state state)
{
    return state > STATE_NONE && state < STATE_COUNT;
}

struct str state_name(enum state state)
{
    return state_is_known(state) ? state_rows[state].name : STR("");
}

struct str state_alias(enum state state)
{
    return state_is_known(state) ? state_rows[state].alias : STR("");
}

enum state_group state_group(enum state state)
{
    return state_is_known(state) ? state_rows[state].group : STATE_OPEN;
}

enum state state_parse(struct str name)
{
    for (enum state state = STATE_NONE + 1; state < STATE_COUNT; state++)
        if (str_eq(state_rows[state].name, name))
            return state;
    return STATE_NONE;
}

bool state_may_step(enum state from, enum state to)
{
    return state_is_known(from) && state_is_known(to) && state_steps[from][to];
}
