/* Why a project is in the plan as it is: `refinery plan explain NAME`. */
#ifndef REFINERY_PLAN_EXPLAIN_H
#define REFINERY_PLAN_EXPLAIN_H

#include "plan/graph.h"

/*
 * Every node of the project: what is done, from which file, who asked for it,
 * what it needs, and each refused file tag by tag. ERR_NOT_FOUND names near
 * spellings that the plan does hold.
 */
CHECKED bool explain_name(const struct graph *graph, struct str name, struct buf *out,
                          struct err *err);

#endif
