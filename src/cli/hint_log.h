/* `refinery hint test LOG`: why a build failed, and what may be tried. */
#ifndef REFINERY_CLI_HINT_LOG_H
#define REFINERY_CLI_HINT_LOG_H

#include "cli/command.h"

/* COMMAND_FAILED when the log says nothing that is known. */
CHECKED command_fn hint_log_test;

#endif
