/*
 * --locked FILE: the packages of a lock file (of this program, uv, pip, pdm, ...) that are for the
 * target, as the only ones there are. Requirements still say what is wanted; where there are none,
 * it is all that the lock has for the target. A requirement that the lock does not satisfy leaves
 * nothing to choose from, and the resolver's explanation names both lines.
 */
#ifndef REFINERY_RUN_LOCKED_H
#define REFINERY_RUN_LOCKED_H

#include "index/locked.h"
#include "run/inputs.h"

/* ERR_UNSAT: made for another Python or environment, or without a file for the target. */
CHECKED bool locked_read(struct str path, const struct solve_env *env, struct arena *arena,
                         struct index_locked *locked, struct err *err);

/*
 * Constrains the inputs to the lock's versions, hashes, commits and directories, and makes
 * requirements of its packages where the inputs have none. ERR_UNSAT: a requirement names another
 * URL than the lock has.
 */
CHECKED bool locked_apply(const struct index_locked *locked, struct inputs *inputs,
                          struct err *err);

#endif
