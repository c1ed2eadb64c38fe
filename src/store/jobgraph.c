#include "store/jobgraph.h"

#include <stdlib.h>

static bool jobgraph_check_job(const struct store_job_new *job, size_t at, struct err *err)
{
    bool ends = state_group(job->ended) == STATE_GOOD || job->ended == STATE_SKIPPED;
    if (!job->key.len || !job->name.len)
        return err_set(err, ERR_USAGE, "job %zu has no key or no name", at);
    if (job->ended != STATE_NONE && (!ends || job->ended == STATE_DONE))
        return err_set(err, ERR_USAGE, "job %.*s cannot begin as %s", STR_ARG(job->key),
                       state_name(job->ended).ptr);
    return true;
}

static bool jobgraph_add_job(struct sql *sql, const struct jobgraph *to, size_t at, int64_t id,
                             enum state state, int64_t unmet, int64_t *added, struct err *err)
{
    const struct store_job_new *job = &to->graph->jobs[at];
    if (!jobgraph_check_job(job, at, err))
        return false;
    return sql_run(sql, SQL_JOB_ADD,
                   SQL_ARGS(sql_int(id), sql_int(to->run), sql_text(job->key), sql_text(job->kind),
                            sql_text(job->name), sql_text(job->version), sql_text(job->target),
                            sql_text(job->spec), sql_text(job->recipes),
                            sql_text(state_name(state)), sql_int(job->class),
                            sql_int(job->priority), sql_int(job->estimate_ms),
                            sql_int(job->estimate_kib), sql_int(unmet), sql_text(job->why),
                            sql_digest(job->content), sql_int(to->now_ms),
                            sql_int(job->ended == STATE_NONE ? 0 : to->now_ms)),
                   added, err);
}

static int jobgraph_edge_cmp(const void *a, const void *b)
{
    const struct store_edge *left = a, *right = b;
    if (left->job != right->job)
        return left->job < right->job ? -1 : 1;
    return (left->needs > right->needs) - (left->needs < right->needs);
}

/* Sorted, without doubles; every end must be a job of the graph. */
static bool jobgraph_sort_edges(const struct store_graph *graph, struct arena *arena,
                                struct store_edge **edges, size_t *count, struct err *err)
{
    struct store_edge *sorted = ARENA_ARRAY(arena, struct store_edge, graph->edge_count + 1);
    size_t kept = 0;
    for (size_t i = 0; i < graph->edge_count; i++) {
        struct store_edge edge = graph->edges[i];
        if (edge.job < 0 || edge.needs < 0 || (size_t)edge.job >= graph->job_count ||
            (size_t)edge.needs >= graph->job_count)
            return err_set(err, ERR_USAGE, "edge %zu of a new run names a job that is not in it",
                           i);
        sorted[i] = edge;
    }
    if (graph->edge_count)
        qsort(sorted, graph->edge_count, sizeof *sorted, jobgraph_edge_cmp);
    for (size_t i = 0; i < graph->edge_count; i++)
        if (!kept || jobgraph_edge_cmp(&sorted[kept - 1], &sorted[i]) != 0)
            sorted[kept++] = sorted[i];
    *edges = sorted;
    *count = kept;
    return true;
}

/*
 * A job leaves when all it needs has left; what never leaves hangs on a cycle. A run with
 * one would never end, so it is refused here whatever the planner thinks.
 */
static bool jobgraph_check_cycle(const struct store_graph *graph, const struct store_edge *edges,
                                 size_t count, struct arena *arena, struct err *err)
{
    size_t jobs = graph->job_count, known = 0;
    size_t *first = ARENA_ARRAY(arena, size_t, jobs + 2);
    size_t *needs_left = ARENA_ARRAY(arena, size_t, jobs + 1);
    size_t *dependents = ARENA_ARRAY(arena, size_t, count + 1);
    size_t *order = ARENA_ARRAY(arena, size_t, jobs + 1);
    for (size_t i = 0; i < count; i++) {
        first[edges[i].needs + 2]++;
        needs_left[edges[i].job]++;
    }
    for (size_t i = 2; i < jobs + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < count; i++)
        dependents[first[edges[i].needs + 1]++] = (size_t)edges[i].job;
    for (size_t i = 0; i < jobs; i++)
        if (!needs_left[i])
            order[known++] = i;
    for (size_t done = 0; done < known; done++)
        for (size_t i = first[order[done]]; i < first[order[done] + 1]; i++)
            if (--needs_left[dependents[i]] == 0)
                order[known++] = dependents[i];
    for (size_t i = 0; i < jobs; i++)
        if (needs_left[i])
            return err_set(err, ERR_USAGE, "%.*s waits for itself: the edges have a cycle",
                           STR_ARG(graph->jobs[i].key));
    return true;
}

bool jobgraph_create(struct sql *sql, const struct jobgraph *to, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    const struct store_graph *graph = to->graph;
    struct store_edge *edges = NULL;
    size_t count = 0;
    int64_t first = 0, added = 0;
    if (!jobgraph_sort_edges(graph, &scratch, &edges, &count, err) ||
        !jobgraph_check_cycle(graph, edges, count, &scratch, err) ||
        !sql_number(sql, SQL_JOB_IDS, SQL_NO_ARGS, 1, &first, err))
        return false;
    int64_t *unmet = ARENA_ARRAY(&scratch, int64_t, graph->job_count + 1);
    for (size_t i = 0; i < count; i++)
        if (state_group(graph->jobs[edges[i].needs].ended) != STATE_GOOD)
            unmet[edges[i].job]++;
    for (size_t i = 0; i < graph->job_count; i++) {
        enum state state = graph->jobs[i].ended;
        if (state == STATE_NONE)
            state = unmet[i] ? STATE_WAITING : STATE_READY;
        to->ids[i] = first + (int64_t)i;
        if (!jobgraph_add_job(sql, to, i, to->ids[i], state, unmet[i], &added, err))
            return false;
        if (!added)
            return err_set(err, ERR_USAGE, "two jobs of a new run have the key %.*s",
                           STR_ARG(graph->jobs[i].key));
    }
    for (size_t i = 0; i < count; i++)
        if (!sql_run(sql, SQL_EDGE_ADD,
                     SQL_ARGS(sql_int(to->ids[edges[i].job]), sql_int(to->ids[edges[i].needs])),
                     NULL, err))
            return false;
    return true;
}

static bool jobgraph_end(const struct jobgraph *to, int64_t end, int64_t *id, struct err *err)
{
    if (end >= 0 && (size_t)end >= to->graph->job_count)
        return err_set(err, ERR_USAGE, "an edge names job %lld of %zu", (long long)end,
                       to->graph->job_count);
    *id = end < 0 ? -end : to->ids[end];
    return true;
}

static bool jobgraph_extend_edge(struct sql *sql, const struct jobgraph *to,
                                 const struct store_edge *edge, struct err *err)
{
    int64_t job = 0, needs = 0, changed = 0, good = 0, loops = 0;
    if (!jobgraph_end(to, edge->job, &job, err) || !jobgraph_end(to, edge->needs, &needs, err))
        return false;
    if (!sql_run(sql, SQL_EDGE_ADD, SQL_ARGS(sql_int(job), sql_int(needs)), &changed, err))
        return false;
    if (!changed)
        return true;
    if (!sql_number(sql, SQL_JOB_IS_GOOD, SQL_ARGS(sql_int(needs), sql_int(to->run)), -1, &good,
                    err) ||
        !sql_number(sql, SQL_EDGE_PATH, SQL_ARGS(sql_int(needs), sql_int(job)), 0, &loops, err))
        return false;
    if (good < 0)
        return err_set(err, ERR_USAGE, "job %lld is not in run %lld", (long long)needs,
                       (long long)to->run);
    if (loops || job == needs)
        return err_set(err, ERR_USAGE, "job %lld would wait for itself through job %lld",
                       (long long)job, (long long)needs);
    if (good)
        return true;
    if (!sql_run(sql, SQL_JOB_MORE_UNMET, SQL_ARGS(sql_int(job)), &changed, err))
        return false;
    return changed || err_set(err, ERR_USAGE, "job %lld has started: it cannot wait for another",
                              (long long)job);
}

bool jobgraph_extend(struct sql *sql, const struct jobgraph *to, struct err *err)
{
    const struct store_graph *graph = to->graph;
    int64_t next = 0, added = 0;
    if (!sql_number(sql, SQL_JOB_IDS, SQL_NO_ARGS, 1, &next, err))
        return false;
    int64_t first = next;
    for (size_t i = 0; i < graph->job_count; i++) {
        const struct store_job_new *job = &graph->jobs[i];
        enum state state = job->ended == STATE_NONE ? STATE_WAITING : job->ended;
        if (!jobgraph_add_job(sql, to, i, next, state, 0, &added, err))
            return false;
        if (added)
            to->ids[i] = next++;
        else if (!sql_number(sql, SQL_JOB_FIND, SQL_ARGS(sql_int(to->run), sql_text(job->key)), 0,
                             &to->ids[i], err))
            return false;
    }
    for (size_t i = 0; i < graph->edge_count; i++)
        if (!jobgraph_extend_edge(sql, to, &graph->edges[i], err))
            return false;
    for (int64_t id = first; id < next; id++)
        if (!sql_run(sql, SQL_JOB_READY, SQL_ARGS(sql_int(id)), NULL, err))
            return false;
    return true;
}
