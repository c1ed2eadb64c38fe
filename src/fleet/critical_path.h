/*
 * Order of work over a graph, pure. A job's critical path is its own duration plus the
 * longest of those that need it: started in that order, the run ends soonest (facts.md:
 * 1.00 of the lower bound with learned durations; first in first out 1.35, shortest
 * first 1.41).
 */
#ifndef REFINERY_FLEET_CRITICAL_PATH_H
#define REFINERY_FLEET_CRITICAL_PATH_H

#include "base/arena.h"
#include "base/err.h"

struct critical_path_edge {
    size_t job, needs; /* indices: `job` can start when `needs` has ended */
};

/*
 * Fills path_ms[0..count): milliseconds from the start of each job to the end of the last
 * that hangs on it. A cycle is ERR_USAGE and names the index of a job on it.
 */
CHECKED bool critical_path_compute(const int64_t *duration_ms, size_t count,
                                   const struct critical_path_edge *edges, size_t edge_count,
                                   int64_t *path_ms, struct err *err);

/* --schedule */
enum critical_path_schedule { SCHEDULE_CRITICAL_PATH, SCHEDULE_SHORTEST_FIRST, SCHEDULE_FIFO };
bool critical_path_parse(struct str word, enum critical_path_schedule *schedule);

/*
 * Priorities for the store (higher goes first) by the schedule asked for: the critical path,
 * or the shortest estimate first, or in order of index.
 */
CHECKED bool critical_path_prioritize(enum critical_path_schedule schedule,
                                      const int64_t *duration_ms, size_t count,
                                      const struct critical_path_edge *edges, size_t edge_count,
                                      int64_t *priority, struct err *err);

#endif
