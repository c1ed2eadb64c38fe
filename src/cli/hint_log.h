/* `refinery hint test LOG`: why a build failed, and what may be tried. */
#ifndef REFINERY_CLI_HINT_LOG_H
#define REFINERY_CLI_HINT_LOG_H

#include "cli/command.h"
#include "hint/classify.h"

/* COMMAND_FAILED when the log says nothing that is known. */
CHECKED command_fn hint_log_test;

/* What a log says, "-" for standard input; NAME.zst: as a cache seals it. */
CHECKED bool hint_log_read(const struct hint_catalogue *catalogue, struct str path,
                           struct arena *arena, struct hint_reading *reading, struct err *err);

#endif
