/* plan.json back into memory; the graph and its strings live in the arena. */
#ifndef REFINERY_PLAN_READ_H
#define REFINERY_PLAN_READ_H

#include "plan/graph.h"

/* Checks format, indices and order; `what` names the document in errors. */
CHECKED bool read_json(struct str text, const char *what, struct arena *arena, struct graph *graph,
                       struct err *err);

#endif
