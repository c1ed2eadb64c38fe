#include "run/run.h"

#include "base/log.h"
#include "drone/agent.h"
#include "elf/policy.h"
#include "index/sweep.h"
#include "os/fd.h"
#include "os/file.h"
#include "plan/write.h"
#include "publish/report.h"
#include "run/requeue.h"
#include "run/retry_import.h"
#include "store/buildlog.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* What a killed run left behind: half-written logs and work directories. Nothing in them counts. */
static bool run_clear_leftovers(struct run *run, struct err *err)
{
    int64_t sealed;
    const char *logs = arena_printf(run->arena, STR_FMT "/logs", STR_ARG(run->config->cache)).ptr;
    const char *work = arena_printf(run->arena, STR_FMT "/work", STR_ARG(run->config->cache)).ptr;
    const char *index = arena_printf(run->arena, STR_FMT "/index", STR_ARG(run->config->cache)).ptr;
    return file_mkdirs(AT_FDCWD, logs, 0755, err) && buildlog_recover(logs, &sealed, err) &&
           sweep_leftovers(index, err) && file_remove_tree(AT_FDCWD, work, err) &&
           file_mkdirs(AT_FDCWD, work, 0755, err);
}

/* A queue file that is damaged is not this run's matter: said, and left where it is. */
static void run_take_queue_file(struct run *run, int64_t now_ms)
{
    struct err why = {0};
    if (!run->config->gather && !retry_import_cache(run->store, run->config->cache, now_ms, &why))
        log_warn("%s", why.text);
}

static bool run_open(struct run *run, struct err *err)
{
    const struct run_config *config = run->config;
    int64_t now = clock_wall_ms(config->clock), reclaimed;
    struct store_drone_new drone = {.name = STR("local"), .kind = STR("local")};
    return (config->gather || file_mkdirs(AT_FDCWD, config->output.ptr, 0755, err)) &&
           cas_open(arena_printf(run->arena, STR_FMT "/cas", STR_ARG(config->cache)).ptr, &run->cas,
                    err) &&
           store_open(run_plan_config(run->plan)->history_db.ptr, now, &run->store, err) &&
           run_clear_leftovers(run, err) &&
           store_drone_register(run->store, &drone, now, &run->drone, &reclaimed, err) &&
           learned_read(run->store, run->arena, run->learned, err);
}

bool run_number_jobs(struct run *run, size_t first, struct err *err)
{
    for (size_t i = first; i < run->jobs.len; i++)
        if (!run->jobs.at[i].id &&
            !store_job_find(run->store, run->id, run->jobs.at[i].key, &run->jobs.at[i].id, err))
            return false;
    return true;
}

static bool run_write_plan(struct run *run, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    write_json(&run->graph, &text);
    const char *path =
        arena_printf(run->arena, STR_FMT "/plan.json", STR_ARG(run->config->cache)).ptr;
    /* URLs in it may hold a password: it is for its user alone. */
    return file_write(AT_FDCWD, path, 0600, buf_str(&text), err);
}

static bool run_work(struct run *run, struct err *err)
{
    struct agent_source source = run_source(run);
    struct agent_config config = {
        .program = run->config->program,
        .work_dir = arena_printf(run->arena, STR_FMT "/work", STR_ARG(run->config->cache)).ptr,
        .slots = run->config->jobs,
        .clock = run->config->clock};
    if (run->watch->total)
        run->watch->total(run->watch->state, run->jobs.len);
    return agent_run(&config, &source, err);
}

static void run_describe(struct run *run, struct manifest *manifest)
{
    const struct run_plan_config *asked = run_plan_config(run->plan);
    *manifest =
        (struct manifest){.version = STR("0.1.0"),
                          .run_id = arena_printf(run->arena, "%lld", (long long)run->id),
                          .command = run->config->command,
                          .target = arena_printf(run->arena, STR_FMT, STR_ARG(run->graph.target)),
                          .python = asked->python,
                          .platform_tag = asked->platform_tag,
                          .image = asked->image,
                          .max_machine = asked->max_machine,
                          .started_ms = run->started_ms,
                          .duration_ms = clock_wall_ms(run->config->clock) - run->started_ms,
                          .jobs = (unsigned)run->config->jobs};
    run_manifest(run, manifest);
}

static bool run_leave(struct run *run, struct manifest *manifest, struct err *err)
{
    const struct run_config *config = run->config;
    const char *report = arena_printf(run->arena, STR_FMT "/%s", STR_ARG(config->output),
                                      config->partial ? "retry-report.html" : "report.html")
                             .ptr;
    run_describe(run, manifest);
    if (config->gather)
        return true;
    return (config->partial ? manifest_merge : manifest_write)(manifest, config->manifest.ptr,
                                                               err) &&
           report_write(manifest, report, err);
}

static bool run_requeue(struct run *run, const struct manifest *manifest, struct err *err)
{
    size_t len;
    const struct store_retry_end *ends = requeue_ends(manifest, run->config, run->arena, &len);
    return run->config->gather ||
           store_retry_settle(run->store, run->graph.target, ends, len, &run->config->requeue,
                              clock_wall_ms(run->config->clock), err);
}

static void run_clear_work(struct run *run)
{
    struct err ignored = {0}; /* the next run clears it too */
    (void)!file_remove_tree(
        AT_FDCWD, arena_printf(run->arena, STR_FMT "/work", STR_ARG(run->config->cache)).ptr,
        &ignored);
}

static bool run_through(struct run *run, struct manifest *manifest, struct err *err)
{
    struct err late = {0};
    if (!run_open(run, err))
        return false;
    run_take_queue_file(run, run->started_ms);
    if (!run_write_plan(run, err) || !run_make_jobs(run, err))
        return false;
    bool worked = run_work(run, err);
    run_clear_work(run); /* attempts that were stopped could not tidy up */
    int64_t now = clock_wall_ms(run->config->clock);
    bool closed = worked ? store_run_finish(run->store, run->id, now, &late)
                         : store_run_cancel(run->store, run->id, now, &late);
    bool left = run_leave(run, manifest, &late) && run_requeue(run, manifest, &late);
    if (worked && (!closed || !left))
        return err_set(err, late.code, "%s", late.text);
    return worked;
}

bool run_execute(const struct run_config *config, const struct run_watch *watch,
                 struct run_plan *plan, struct arena *arena, struct manifest *manifest,
                 struct err *err)
{
    struct run run = {.config = config,
                      .watch = watch,
                      .arena = arena,
                      .plan = plan,
                      .graph = *run_plan_graph(plan),
                      .learned = run_plan_learned(plan),
                      .remedies = run_plan_remedies(plan),
                      .started_ms = clock_wall_ms(config->clock)};
    const char *lock_path = arena_printf(arena, STR_FMT "/lock", STR_ARG(config->cache)).ptr;
    FD_AUTO int lock = -1;
    if (!file_mkdirs(AT_FDCWD, config->cache.ptr, 0755, err))
        return false;
    if (!file_lock(AT_FDCWD, lock_path, false, &lock, err))
        return err->code == ERR_CONFLICT
                   ? err_set(err, ERR_CONFLICT,
                             "another run works in " STR_FMT
                             "; wait for its end, or give this one another --cache",
                             STR_ARG(config->cache))
                   : false;
    bool ok = run_through(&run, manifest, err);
    for (size_t i = 0; i < run.jobs.len; i++)
        classifier_close(&run.jobs.at[i].course.classifier);
    store_close(&run.store);
    cas_close(&run.cas);
    return ok;
}
