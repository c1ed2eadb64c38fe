/*
 * The image of a run: the name that was given is asked for once, and everything after
 * that (plan, attempts, action keys) knows it by the digest it had then. It is brought in
 * and looked at before any work starts that needs it.
 */
#ifndef REFINERY_RUN_PIN_H
#define REFINERY_RUN_PIN_H

#include "image/layout.h"
#include "run/plan.h"

/*
 * config->image -> the pinned reference, which is logged. ERR_USAGE says what the image
 * lacks for its use. Of the configuration what concerns images and networks is read.
 */
CHECKED bool pin_image(const struct run_plan_config *config, enum layout_use use,
                       struct arena *arena, struct str *pinned, struct err *err);

#endif
