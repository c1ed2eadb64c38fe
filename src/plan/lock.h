/*
 * The target's part of a plan as a lock file (pkg/pylock.h), or as requirements with hashes: each
 * package with the one file that the plan takes for it, the wheel that is reused or the source that
 * is built. For the plan's environment alone, said by `environments` and `requires-python`. The
 * same plan gives the same lock: packages by name, no time but that of uploads. Passwords in URLs
 * stay out.
 */
#ifndef REFINERY_PLAN_LOCK_H
#define REFINERY_PLAN_LOCK_H

#include "pkg/pylock.h"
#include "plan/graph.h"

/*
 * `dir` is where the lock will lie: paths below it become relative to it. Every source of a target
 * node has its SHA-256. ERR_UNSAT names a package that the plan could not find a file for.
 */
CHECKED bool lock_make(const struct graph *graph, const struct solve_env *env, struct str dir,
                       struct arena *arena, struct pylock *lock, struct err *err);

/* "name==version \ --hash=sha256:..." a package; ERR_USAGE: trees and repositories have no hash. */
CHECKED bool lock_requirements(const struct graph *graph, struct buf *out, struct err *err);

#endif
