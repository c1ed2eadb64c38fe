/*
 * The ways to build for a target, cheapest first, and which comes after which when one does not
 * lead there. Pure.
 *
 *   native   this machine is the target
 *   cross    the build machine's Python pretends to be the target's, the compiler is native
 *   hybrid   the target's Python under qemu-user, the compiler is native
 *   emulate  everything under qemu-user, the compiler too
 */
#ifndef REFINERY_RUN_STRATEGY_H
#define REFINERY_RUN_STRATEGY_H

#include "build/spec.h"

/* ERR_USAGE: `asked` (a row above, or "auto") cannot be had; `at_home`: this machine is the target.
 */
CHECKED bool strategy_check(struct str asked, bool at_home, struct err *err);

/* What "auto" begins with: what worked for the package before (empty: unknown), else the cheapest.
 */
struct str strategy_first(struct str learned, bool at_home);

/* What "auto" tries after an attempt that ended so; empty: nothing else can help. */
struct str strategy_next(struct str now, const struct spec_result *result);

/* Whether its build environment is the target's own, not the build machine's. */
bool strategy_is_on_target(struct str strategy);

#endif
