/*
 * The agent's source over the store of this process: claims become specs, phases
 * become heartbeats, output becomes the attempt's log, ends are settled.
 */
#include "run/run.h"

#include "base/buf.h"
#include "base/log.h"
#include "drone/agent.h"
#include "store/buildlog.h"

enum { RUN_LEASE_MS = 600000, RUN_RENEW_MS = 30000, RUN_LOG_MAX = 260 << 20 };
/* More than the jail lets a build write (256 MiB): the slot's own lines, and its verdict, follow.
 */

static int64_t run_now(const struct run *run)
{
    return clock_wall_ms(run->config->clock);
}

static struct buildlog_id run_log_id(const struct run_job *job, int64_t attempt)
{
    return (struct buildlog_id){.name = job->kind == SPEC_TEST ? job->key : job->name,
                                .version = job->version.len ? job->version : STR("0"),
                                .attempt = attempt};
}

static const char *run_log_dir(const struct run *run, struct arena *arena)
{
    return arena_printf(arena, STR_FMT "/logs", STR_ARG(run->config->cache)).ptr;
}

static struct run_job *run_job_of(struct run *run, const struct agent_work *work)
{
    return &run->jobs.at[work->mark];
}

static struct proc_limits run_limits(const struct run *run, const struct run_job *job)
{
    /* Images are downloads of ours, not attempts of a package: they have no time limit. The jail
     * keeps the attempt's own limits; these are for the slot around it. */
    int64_t slack_ms = 600000;
    int64_t timeout = run->config->attempt_timeout_ms;
    return (struct proc_limits){.timeout_ms =
                                    job->kind == SPEC_IMAGE || !timeout ? 0 : timeout + slack_ms,
                                .output_max = RUN_LOG_MAX};
}

static bool run_claim(void *state, size_t slot, struct arena *arena, struct agent_work *work,
                      struct err *err)
{
    struct run *run = state;
    struct store_claim claim = {.drone = run->drone, .run = run->id, .lease_ms = RUN_LEASE_MS};
    struct store_lease lease = {0};
    BUF_AUTO struct buf text = {0};
    struct spec spec;
    if (!store_claim(run->store, &claim, run_now(run), arena, &lease, err))
        return false;
    run->nothing_ready = !lease.attempt;
    run->wake_ms = lease.wake_ms;
    if (!lease.attempt)
        return err_set(err, ERR_NOT_FOUND, "nothing is ready");
    uintptr_t index = (uintptr_t)map_get(&run->by_key, lease.job.key);
    if (!index)
        return err_set(err, ERR_SYSTEM, "the store handed out the unknown job " STR_FMT,
                       STR_ARG(lease.job.key));
    struct run_job *job = &run->jobs.at[index - 1];
    struct buildlog_id log = run_log_id(job, lease.attempt);
    if (!buildlog_forget(run_log_dir(run, arena), &log, err))
        return false;
    bool heard = (job->kind == SPEC_WHEEL || job->kind == SPEC_REQUIRES) && !run->config->gather;
    if (heard && !remedy_listen(run->remedies, &job->course, err))
        return false;
    job->attempt = lease.attempt;
    job->claimed_ms = run_now(run);
    job->slot = slot;
    run_spec(run, job, arena, &spec);
    spec_write(&spec, &text);
    *work = (struct agent_work){.attempt = lease.attempt,
                                .epoch = lease.epoch,
                                .spec = arena_str(arena, buf_str(&text)),
                                .limits = run_limits(run, job),
                                .mark = index - 1};
    if (run->watch->start)
        run->watch->start(run->watch->state, slot, job->name, job->version, job->strategy,
                          (unsigned)lease.number);
    return true;
}

static bool run_finished(void *state)
{
    struct run *run = state;
    struct store_totals totals;
    struct err err = {0};
    if (!store_run_totals(run->store, run->id, &totals, &err)) {
        log_error("%s", err.text);
        return true;
    }
    return totals.active == 0;
}

static int64_t run_next_ready_ms(void *state)
{
    struct run *run = state;
    if (!run->nothing_ready || !run->wake_ms)
        return -1;
    int64_t left = run->wake_ms - run_now(run);
    return left > 0 ? left : 0;
}

static void run_phase(void *state, size_t slot, const struct agent_work *work, struct str phase)
{
    struct run *run = state;
    struct store_progress progress = {
        .state = STATE_BUILDING, .phase = phase, .lease_ms = RUN_LEASE_MS};
    struct err err = {0};
    if (!store_renew(run->store, work->attempt, work->epoch, &progress, run_now(run), &err))
        log_debug("%s", err.text);
    remedy_phase(&run_job_of(run, work)->course, phase);
    if (run->watch->phase)
        run->watch->phase(run->watch->state, slot, phase);
}

static bool run_renew(void *state, const struct agent_work *work, struct err *err)
{
    struct run *run = state;
    struct store_progress progress = {.lease_ms = RUN_LEASE_MS};
    return store_renew(run->store, work->attempt, work->epoch, &progress, run_now(run), err);
}

static bool run_open_log(struct run *run, struct run_job *job, int64_t attempt, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct buildlog_id id = run_log_id(job, attempt);
    return job->log || buildlog_open(run_log_dir(run, &scratch), &id, RUN_LOG_MAX, &job->log, err);
}

static bool run_log(void *state, const struct agent_work *work, uint64_t offset, struct str chunk,
                    struct err *err)
{
    struct run *run = state;
    struct run_job *job = run_job_of(run, work);
    remedy_hear(&job->course, chunk);
    return run_open_log(run, job, work->attempt, err) &&
           buildlog_append(job->log, (int64_t)offset, chunk, err);
}

/* How a job ended, in the words of the progress display. */
static const char *run_how(const struct run_job *job)
{
    static const char *const done[] = {
        [SPEC_FETCH] = "reused", [SPEC_REQUIRES] = "ready", [SPEC_METADATA] = "ready",
        [SPEC_WHEEL] = "built",  [SPEC_TEST] = "tested",    [SPEC_IMAGE] = "ready"};
    if (!job->ended)
        return "retry";
    if (!job->good)
        return "failed";
    return job->kind == SPEC_WHEEL && job->result.cached ? "cached" : done[job->kind];
}

static bool run_end(void *state, size_t slot, const struct agent_work *work,
                    const struct agent_end *end, struct err *err)
{
    struct run *run = state;
    struct run_job *job = run_job_of(run, work);
    struct buildlog_sealed sealed = {0};
    if (!run_open_log(run, job, work->attempt, err) ||
        !buildlog_seal(&job->log, run->arena, &sealed, err))
        return false;
    struct str log = arena_printf(run->arena, "logs/" STR_FMT, STR_ARG(sealed.path));
    size_t index = (size_t)(job - run->jobs.at);
    job->attempt = 0;
    if (!run_settle(run, index, work->attempt, work->epoch, end, log, sealed.bytes, err))
        return false;
    job = &run->jobs.at[index];
    if (run->watch->stop && !end->cancelled)
        run->watch->stop(run->watch->state, slot, run_how(job), job->result.why);
    return true;
}

static void run_tick(void *state)
{
    struct run *run = state;
    if (run->watch->tick)
        run->watch->tick(run->watch->state);
}

struct agent_source run_source(struct run *run)
{
    return (struct agent_source){.claim = run_claim,
                                 .finished = run_finished,
                                 .next_ready_ms = run_next_ready_ms,
                                 .phase = run_phase,
                                 .log = run_log,
                                 .end = run_end,
                                 .renew = run_renew,
                                 .tick = run_tick,
                                 .state = run,
                                 .renew_ms = RUN_RENEW_MS,
                                 .tick_ms = run->watch->tick_ms};
}
