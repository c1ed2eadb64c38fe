/* The sub-commands of `refinery hint` that are about the capability map. */
#ifndef REFINERY_CLI_HINT_MAP_H
#define REFINERY_CLI_HINT_MAP_H

#include "cli/command.h"
#include "hint/packages.h"
#include "image/contents.h"

CHECKED command_fn hint_map_build;  /* build-map --output FILE */
CHECKED command_fn hint_map_lookup; /* lookup KIND NAME */

/* The map that the options ask for; `fetch`: made where it is not there, else what is at hand. */
CHECKED bool hint_map_open(const struct call *call, bool fetch, struct contents *contents,
                           struct err *err);

/*
 * The map at hand as a look-up; NULL: there is none, which is said. Both are the caller's, the
 * map to be closed.
 */
const struct hint_lookup *hint_map_at_hand(const struct call *call, struct contents *contents,
                                           struct hint_lookup *lookup);

#endif
