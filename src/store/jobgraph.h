/* Jobs and edges on their way into a run, within the caller's transaction. */
#ifndef REFINERY_STORE_JOBGRAPH_H
#define REFINERY_STORE_JOBGRAPH_H

#include "store/sql.h"
#include "store/store.h"

struct jobgraph {
    const struct store_graph *graph;
    int64_t run, now_ms;
    int64_t *ids; /* out: graph->job_count numbers */
};

/* Into a new run: counters are worked out in memory, so that 20,000 jobs take no time. */
CHECKED bool jobgraph_create(struct sql *sql, const struct jobgraph *to, struct err *err);
/* Into a run that has jobs already; what is there is left as it is. */
CHECKED bool jobgraph_extend(struct sql *sql, const struct jobgraph *to, struct err *err);

#endif
