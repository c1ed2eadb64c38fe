/*
 * A plan as bytes. All three forms depend on the graph alone and are the same
 * for the same input: no times, no machine names.
 */
#ifndef REFINERY_PLAN_WRITE_H
#define REFINERY_PLAN_WRITE_H

#include "plan/graph.h"

void write_json(const struct graph *graph, struct buf *out); /* plan.json, format 1 */
void write_dot(const struct graph *graph, struct buf *out);  /* Graphviz */
void write_tree(const struct graph *graph, struct buf *out); /* for people: direct ones as roots */

#endif
