/*
 * The states of a job, from tables/states.def. Pure: names, groups, and which
 * step is allowed. The store enforces the same table in the database.
 */
#ifndef REFINERY_STORE_STATE_H
#define REFINERY_STORE_STATE_H

#include "base/str.h"

enum state {
    STATE_NONE,
#define STATE(NAME, name, group, alias) STATE_##NAME,
#include "tables/states.def"
    STATE_COUNT
};

enum state_group { STATE_OPEN, STATE_LIVE, STATE_GOOD, STATE_END };

struct str state_name(enum state state);  /* "ready" */
struct str state_alias(enum state state); /* "needed", "delegated", "received" ...; may be empty */
enum state_group state_group(enum state state);
enum state state_parse(struct str name); /* STATE_NONE when unknown */
bool state_may_step(enum state from, enum state to);

#endif
