/* `refinery hint stats`: what came of hints, and what was looked up. */
#ifndef REFINERY_CLI_HINT_STATS_H
#define REFINERY_CLI_HINT_STATS_H

#include "cli/command.h"

CHECKED command_fn hint_stats;

#endif
