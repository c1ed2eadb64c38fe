/* What a plan is made from, out of the options: shared by `run` and `plan`. */
#ifndef REFINERY_CLI_PLAN_OPTIONS_H
#define REFINERY_CLI_PLAN_OPTIONS_H

#include "cli/command.h"
#include "run/plan.h"

CHECKED bool plan_options(const struct call *call, struct run_plan_config *config, struct err *err);

#endif
