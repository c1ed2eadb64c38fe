/* The history of a cache or of --db, for commands that only look. */
#ifndef REFINERY_CLI_HISTORY_OPEN_H
#define REFINERY_CLI_HISTORY_OPEN_H

#include "cli/command.h"
#include "store/store.h"

/*
 * The database that the options name. Another user's can be looked at; one of an earlier release is
 * brought up first. ERR_NOT_FOUND: there is none yet.
 */
CHECKED bool history_open(const struct call *call, struct store **store, struct err *err);

/* The same where there may be none yet: no store then. */
CHECKED bool history_open_any(const struct call *call, struct store **store, struct err *err);

#endif
