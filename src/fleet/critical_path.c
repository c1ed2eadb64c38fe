#include "fleet/critical_path.h"

/* Edges by the end that is needed: dependents of job i are dependents[first[i] .. first[i + 1]). */
struct critical_path_graph {
    size_t *first, *dependents;
    size_t *order; /* dependencies before dependents */
};

static bool critical_path_check(size_t count, const struct critical_path_edge *edges,
                                size_t edge_count, struct err *err)
{
    for (size_t i = 0; i < edge_count; i++)
        if (edges[i].job >= count || edges[i].needs >= count)
            return err_set(err, ERR_USAGE, "edge %zu names a job that is not there", i);
    return true;
}

static void critical_path_index(struct critical_path_graph *graph, size_t count,
                                const struct critical_path_edge *edges, size_t edge_count,
                                struct arena *arena)
{
    graph->first = ARENA_ARRAY(arena, size_t, count + 2);
    graph->dependents = ARENA_ARRAY(arena, size_t, edge_count + 1);
    /* first[i + 1] is where the next dependent of i goes; after the filling it is where they end.
     */
    for (size_t i = 0; i < edge_count; i++)
        graph->first[edges[i].needs + 2]++;
    for (size_t i = 2; i < count + 2; i++)
        graph->first[i] += graph->first[i - 1];
    for (size_t i = 0; i < edge_count; i++)
        graph->dependents[graph->first[edges[i].needs + 1]++] = edges[i].job;
}

/* A job leaves when its last unmet dependency has left; what never leaves hangs on a cycle. */
static bool critical_path_sort(struct critical_path_graph *graph, size_t count,
                               const struct critical_path_edge *edges, size_t edge_count,
                               struct arena *arena, struct err *err)
{
    size_t *unmet = ARENA_ARRAY(arena, size_t, count + 1), done = 0, known = 0;
    graph->order = ARENA_ARRAY(arena, size_t, count + 1);
    for (size_t i = 0; i < edge_count; i++)
        unmet[edges[i].job]++;
    for (size_t i = 0; i < count; i++)
        if (!unmet[i])
            graph->order[known++] = i;
    for (; done < known; done++) {
        size_t job = graph->order[done];
        for (size_t i = graph->first[job]; i < graph->first[job + 1]; i++)
            if (--unmet[graph->dependents[i]] == 0)
                graph->order[known++] = graph->dependents[i];
    }
    if (known == count)
        return true;
    size_t stuck = 0;
    while (!unmet[stuck])
        stuck++;
    return err_set(err, ERR_USAGE, "job %zu waits for itself: the edges have a cycle", stuck);
}

bool critical_path_compute(const int64_t *duration_ms, size_t count,
                           const struct critical_path_edge *edges, size_t edge_count,
                           int64_t *path_ms, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct critical_path_graph graph;
    if (!critical_path_check(count, edges, edge_count, err))
        return false;
    critical_path_index(&graph, count, edges, edge_count, &scratch);
    if (!critical_path_sort(&graph, count, edges, edge_count, &scratch, err))
        return false;
    for (size_t at = count; at-- > 0;) {
        size_t job = graph.order[at];
        int64_t longest = 0;
        for (size_t i = graph.first[job]; i < graph.first[job + 1]; i++)
            if (path_ms[graph.dependents[i]] > longest)
                longest = path_ms[graph.dependents[i]];
        int64_t own = duration_ms[job] > 0 ? duration_ms[job] : 0;
        path_ms[job] = own > INT64_MAX - longest ? INT64_MAX : own + longest;
    }
    return true;
}

static const struct {
    struct str word;
    enum critical_path_schedule schedule;
} critical_path_words[] = {
    {STR_INIT("critical-path"), SCHEDULE_CRITICAL_PATH},
    {STR_INIT("shortest-first"), SCHEDULE_SHORTEST_FIRST},
    {STR_INIT("fifo"), SCHEDULE_FIFO},
};

bool critical_path_parse(struct str word, enum critical_path_schedule *schedule)
{
    for (size_t i = 0; i < sizeof critical_path_words / sizeof *critical_path_words; i++)
        if (str_eq(critical_path_words[i].word, word)) {
            *schedule = critical_path_words[i].schedule;
            return true;
        }
    return false;
}

bool critical_path_prioritize(enum critical_path_schedule schedule, const int64_t *duration_ms,
                              size_t count, const struct critical_path_edge *edges,
                              size_t edge_count, int64_t *priority, struct err *err)
{
    if (schedule == SCHEDULE_CRITICAL_PATH)
        return critical_path_compute(duration_ms, count, edges, edge_count, priority, err);
    if (!critical_path_check(count, edges, edge_count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        priority[i] = schedule == SCHEDULE_FIFO ? 0 : -duration_ms[i];
    return true;
}
