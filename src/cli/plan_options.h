/* What a plan is made from, out of the options: shared by `run`, `plan` and others. */
#ifndef REFINERY_CLI_PLAN_OPTIONS_H
#define REFINERY_CLI_PLAN_OPTIONS_H

#include "cli/command.h"
#include "run/plan.h"

/* Machine and platform tag, of which either gives the other. */
CHECKED bool plan_options_target(const struct call *call, struct run_plan_config *config,
                                 struct err *err);
/* The part of it that says where things run: target, images, networks. */
CHECKED bool plan_options_place(const struct call *call, struct run_plan_config *config,
                                struct err *err);
CHECKED bool plan_options(const struct call *call, struct run_plan_config *config, struct err *err);

/* Prints why there is no plan (empty: nothing), so that `err` need not say it again. False. */
CHECKED bool plan_options_unsat(struct str explanation, struct err *err);

#endif
