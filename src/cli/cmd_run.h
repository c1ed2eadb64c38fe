/* How wheels are made, out of the options of a command: `run`, and `worker` for what is due. */
#ifndef REFINERY_CLI_CMD_RUN_H
#define REFINERY_CLI_CMD_RUN_H

#include "cli/command.h"
#include "run/run.h"

/* What the options ask for, checked; both live as long as the call. */
CHECKED bool cmd_run_prepare(const struct call *call, struct run_plan_config *asked,
                             struct run_config *config, struct err *err);

/*
 * Plan and run, once, or with --fallback-latest in rounds; tables go to standard output unless
 * --json. `status` is COMMAND_FAILED when a package failed. ERR_UNSAT: nothing was begun;
 * `explanation` says why and was printed.
 */
CHECKED bool cmd_run_rounds(const struct call *call, struct run_plan_config *asked,
                            const struct run_config *config, struct manifest *manifest,
                            struct str *explanation, int *status, struct err *err);

#endif
