/* The sub-commands of `refinery hint` that are about the capability map. */
#ifndef REFINERY_CLI_HINT_MAP_H
#define REFINERY_CLI_HINT_MAP_H

#include "cli/command.h"

CHECKED command_fn hint_map_build;  /* build-map --output FILE */
CHECKED command_fn hint_map_lookup; /* lookup KIND NAME */

#endif
