/* What users get: wheels in the output directory, and the facts for manifest and report. */
#include "run/run.h"

#include "base/buf.h"
#include "base/url.h"
#include "os/file.h"
#include "pkg/filename.h"
#include "run/strategy.h"

bool run_deliver_wheel(struct run *run, const struct run_job *test, struct err *err)
{
    const struct run_job *wheel = &run->jobs.at[run->wheel_of.at[test->node]];
    struct digest digest;
    if (!digest_from_hex(wheel->result.sha256, &digest))
        return err_set(err, ERR_SYSTEM, STR_FMT ": tested without a digest", STR_ARG(test->name));
    struct str path = arena_printf(run->arena, STR_FMT "/" STR_FMT, STR_ARG(run->config->output),
                                   STR_ARG(wheel->result.file));
    return cas_place(run->cas, &digest, CAS_COPY, AT_FDCWD, path.ptr, 0644, err);
}

static enum manifest_status run_status(const struct run_job *wheel, const struct run_job *test)
{
    if (wheel->known_failure)
        return MANIFEST_SKIPPED_KNOWN_FAILURE;
    if (!wheel->good || !test->good)
        return wheel->kind == SPEC_FETCH && !wheel->good ? MANIFEST_MISSING : MANIFEST_FAILED;
    if (wheel->kind == SPEC_FETCH)
        return MANIFEST_REUSED;
    return wheel->result.cached ? MANIFEST_CACHED : MANIFEST_BUILT;
}

static void run_manifest_tags(struct run *run, struct manifest_package *package,
                              const struct run_job *wheel)
{
    struct wheel_name name;
    struct err ignored = {0};
    if (!filename_parse_wheel(wheel->result.file, run->arena, &name, &ignored))
        return;
    package->python_tag = name.python;
    package->abi_tag = name.abi;
    package->platform_tag = name.platform;
}

static void run_manifest_grafts(struct run *run, struct manifest_package *package,
                                const struct spec_result *result)
{
    struct manifest_graft *grafts =
        ARENA_ARRAY(run->arena, struct manifest_graft, result->graft_count);
    for (size_t i = 0; i < result->graft_count; i++)
        grafts[i] = (struct manifest_graft){.name = result->grafts[i].name,
                                            .origin = result->grafts[i].origin,
                                            .digest = result->grafts[i].digest};
    package->grafts = grafts;
    package->graft_count = result->graft_count;
}

/* The job on this package's way that failed, or NULL. */
static const struct run_job *run_culprit(const struct run *run, const struct graph_node *node,
                                         const struct run_job *wheel, const struct run_job *test)
{
    if (wheel->ended && !wheel->good && wheel->attempts.len)
        return wheel;
    for (size_t i = 0; i < node->edges_len; i++) {
        const struct run_job *needed = &run->jobs.at[run->wheel_of.at[node->edges[i].to]];
        if (needed->kind == SPEC_REQUIRES && needed->ended && !needed->good)
            return needed;
    }
    return test->ended && !test->good && test->attempts.len ? test : NULL;
}

/* Name of a package that failed and that this one waits for. */
static struct str run_blocker(const struct run *run, const struct run_job *job)
{
    for (size_t i = 0; i < run->needs.len; i++) {
        if (&run->jobs.at[run->needs.at[i].job] != job)
            continue;
        const struct run_job *needed = &run->jobs.at[run->needs.at[i].needs];
        if (!needed->good && !str_eq(needed->name, job->name))
            return needed->name;
    }
    return STR("");
}

static bool run_is_missing(const struct run *run, struct str name)
{
    for (size_t i = 0; i < run->graph.nodes_len; i++)
        if (str_eq(run->graph.nodes[i].name, name) && run->graph.nodes[i].action == GRAPH_SKIP)
            return true;
    return false;
}

static void run_manifest_failure(struct run *run, struct manifest_package *package,
                                 const struct graph_node *node, const struct run_job *wheel,
                                 const struct run_job *test)
{
    const struct run_job *culprit = run_culprit(run, node, wheel, test);
    if (wheel->known_failure) {
        package->error = package->why = wheel->result.why;
        package->next_command = STR("run again without --skip-known-failures");
        return;
    }
    if (!culprit) {
        struct str blocker = run_blocker(run, wheel->good ? test : wheel);
        package->blocked_by = blocker;
        package->error =
            blocker.len
                ? arena_printf(run->arena, "waits for " STR_FMT ", which %s", STR_ARG(blocker),
                               run_is_missing(run, blocker) ? "cannot be had" : "failed")
                : STR("not started: the run was stopped");
        package->why = package->error;
        return;
    }
    package->error = package->why = culprit->result.why;
    package->failure_class = str_from(spec_outcome_name(culprit->result.outcome));
    package->evidence =
        (struct manifest_list){culprit->result.evidence.at, culprit->result.evidence.len};
    if (culprit->attempts.len)
        package->log = culprit->attempts.at[culprit->attempts.len - 1].log;
    package->next_command = arena_printf(run->arena, "zstdcat " STR_FMT "/" STR_FMT,
                                         STR_ARG(run->config->cache), STR_ARG(package->log));
}

static void run_manifest_attempts(struct run *run, struct manifest_package *package,
                                  const struct run_job *wheel, const struct run_job *test)
{
    VEC(struct manifest_attempt) all = {0};
    const struct run_job *const jobs[] = {wheel, test};
    for (size_t j = 0; j < 2; j++)
        for (size_t i = 0; i < jobs[j]->attempts.len; i++) {
            struct manifest_attempt *attempt = vec_push(&all, run->arena);
            *attempt = jobs[j]->attempts.at[i];
            attempt->number = (unsigned)all.len;
            package->duration_ms += attempt->duration_ms;
        }
    package->attempts = all.at;
    package->attempt_count = all.len;
    if (all.len)
        package->log = all.at[all.len - 1].log;
}

static struct str run_why(struct run *run, const struct graph_node *node,
                          const struct run_job *wheel)
{
    struct str way = STR("");
    if (wheel->kind == SPEC_FETCH)
        return node->why;
    if (wheel->result.facts.len)
        return wheel->result.why;
    if (wheel->fact.len)
        way = arena_printf(run->arena, "; by " STR_FMT ", since " STR_FMT, STR_ARG(wheel->strategy),
                           STR_ARG(wheel->fact));
    else if (strategy_is_on_target(wheel->strategy) &&
             str_eq(run_strategy_of(run->config, wheel->name), STR("auto")))
        way = arena_printf(run->arena, "; by " STR_FMT ", as an earlier run found necessary",
                           STR_ARG(wheel->strategy));
    return arena_printf(run->arena, STR_FMT STR_FMT "; " STR_FMT, STR_ARG(node->why), STR_ARG(way),
                        STR_ARG(wheel->result.why));
}

/*
 * A package that passed its own test is delivered although one that it needs failed: it says so
 * first, where a narrow table still shows it. (Without the other's wheel its test never begins.)
 */
static struct str run_why_needs(struct run *run, size_t index, struct str why)
{
    ARENA_AUTO struct arena scratch = {0};
    BUF_AUTO struct buf text = {0};
    size_t len;
    const size_t *needed = run_runtime(run, index, &scratch, &len);
    for (size_t i = 1; i < len; i++)
        if (!run->jobs.at[run->test_of.at[needed[i]]].good)
            buf_printf(&text, STR_FMT ", which it needs, failed; ",
                       STR_ARG(run->graph.nodes[needed[i]].name));
    buf_add(&text, why);
    return arena_str(run->arena, buf_str(&text));
}

/* A package that the plan found no way to have. */
static void run_manifest_missing(const struct run *run, const struct graph_node *node,
                                 struct manifest_package *package)
{
    const struct remedy_course *course = run_plan_course(run->plan, node->name, node->version);
    *package = (struct manifest_package){.name = node->name,
                                         .version = node->version,
                                         .status = MANIFEST_MISSING,
                                         .version_why = node->version_why,
                                         .why = node->why,
                                         .error = node->why};
    if (!course)
        return;
    package->recipes = (struct manifest_list){course->recipes.at, course->recipes.len};
    package->hint_ids = (struct manifest_list){course->hints.at, course->hints.len};
    package->suggestion = course->suggestion;
}

static void run_manifest_package(struct run *run, size_t index, struct manifest_package *package)
{
    const struct graph_node *node = &run->graph.nodes[index];
    const struct run_job *wheel = &run->jobs.at[run->wheel_of.at[index]];
    const struct run_job *test = &run->jobs.at[run->test_of.at[index]];
    const struct spec_result *result = &wheel->result;
    *package = (struct manifest_package){.name = node->name,
                                         .version = node->version,
                                         .status = run_status(wheel, test),
                                         .why = run_why(run, node, wheel),
                                         .version_why = node->version_why};
    run_manifest_attempts(run, package, wheel, test);
    if (wheel->good) {
        package->wheel = result->file;
        package->wheel_digest = result->sha256;
        package->floor = result->floor;
        package->policy = result->policy;
        run_manifest_tags(run, package, wheel);
        if (test->good && test->result.evidence.len) /* what its metadata leaves out */
            package->why = arena_printf(run->arena, STR_FMT "; " STR_FMT, STR_ARG(package->why),
                                        STR_ARG(test->result.evidence.at[0]));
        run_manifest_grafts(run, package, result);
        package->packs = (struct manifest_list){result->packs.at, result->packs.len};
    }
    if (wheel->kind == SPEC_FETCH) {
        package->wheel_url = url_redacted(node->source.url, run->arena);
    } else {
        struct spec spec;
        run_spec(run, wheel, run->arena, &spec);
        package->strategy = wheel->strategy;
        package->source = node->source.filename;
        package->source_url = url_redacted(node->source.url, run->arena);
        package->source_digest = node->source.sha256;
        package->commit = node->source.commit;
        package->recipes = (struct manifest_list){spec.recipes.at, spec.recipes.len};
        package->hint_ids = (struct manifest_list){wheel->course.hints.at, wheel->course.hints.len};
        package->suggestion = wheel->course.suggestion;
    }
    if (package->status == MANIFEST_FAILED || package->status == MANIFEST_MISSING ||
        package->status == MANIFEST_SKIPPED_KNOWN_FAILURE)
        run_manifest_failure(run, package, node, wheel, test);
    else
        package->why = run_why_needs(run, index, package->why);
}

void run_manifest(struct run *run, struct manifest *manifest)
{
    VEC(struct manifest_package) packages = {0};
    for (size_t i = 0; i < run->graph.nodes_len; i++)
        if (run->test_of.at[i] != RUN_NO_NODE)
            run_manifest_package(run, i, vec_push(&packages, run->arena));
        else if (run->graph.nodes[i].action == GRAPH_SKIP && run_is_output(run, i))
            run_manifest_missing(run, &run->graph.nodes[i], vec_push(&packages, run->arena));
    manifest->packages = packages.at;
    manifest->package_count = packages.len;
}
