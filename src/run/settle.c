/*
 * What the end of an attempt means: done, another try (with another strategy where
 * the machine's facts were read), or failed for good. The decision is data for the
 * store, which makes it in one transaction.
 */
#include "run/run.h"

#include "base/buf.h"
#include "base/log.h"
#include "build/recipe.h"
#include "drone/agent.h"
#include "run/strategy.h"

/*
 * Outcomes that another attempt of the same kind may cure. The store does not count
 * what was the machine's fault, but here is no other machine that could take the job:
 * a full disk must not be tried for ever.
 */
static bool run_may_pass_later(const struct run *run, const struct run_job *job,
                               enum spec_outcome outcome)
{
    if (outcome == SPEC_ENVIRONMENT)
        return (int64_t)job->attempts.len + 1 < run->config->max_attempts;
    return outcome == SPEC_FETCH_FAILED;
}

/* A slot that died without a result: its process tells what there is to tell. */
static void run_no_result(struct run *run, const struct agent_end *end, struct spec_result *result)
{
    static const enum spec_outcome outcomes[] = {[PROC_EXITED] = SPEC_ENVIRONMENT,
                                                 [PROC_SIGNALED] = SPEC_ENVIRONMENT,
                                                 [PROC_TIMEOUT] = SPEC_TIMEOUT,
                                                 [PROC_SILENT] = SPEC_TIMEOUT,
                                                 [PROC_FLOODED] = SPEC_BUILD_FAILED};
    *result = (struct spec_result){.outcome = outcomes[end->process.end]};
    if (end->cancelled) {
        result->why = STR("stopped with the run");
        return;
    }
    struct str what = proc_describe(&end->process, run->arena);
    result->why = arena_printf(
        run->arena, "the attempt ended without a result (" STR_FMT "); its log has the reason",
        STR_ARG(what));
}

/* What the next build of the package begins with when this one is done. */
static struct str run_learned_words(struct run *run, const struct run_job *job)
{
    const struct run_retry *retry = run_retry_of(run->config, job->name);
    VEC(struct str) words = {0};
    for (size_t i = 0; i < job->course.recipes.len; i++)
        *vec_push(&words, run->arena) = job->course.recipes.at[i];
    for (size_t i = 0; retry && i < retry->recipes.len; i++)
        if (!recipe_has((struct spec_list){words.at, words.len}, retry->recipes.at[i]))
            *vec_push(&words, run->arena) = retry->recipes.at[i];
    return spec_list_json((struct spec_list){words.at, words.len}, run->arena);
}

static struct str run_result_text(struct run *run, const struct spec_result *result)
{
    BUF_AUTO struct buf text = {0};
    spec_result_write(result, &text);
    return arena_str(run->arena, buf_str(&text));
}

/*
 * The environment of a build after its backend answered, or for another strategy.
 * New jobs and edges come behind the present ones. False: it cannot be had, and
 * `why` says so.
 */
static bool run_reenvironment(struct run *run, size_t wheel, bool on_target,
                              struct spec_list requires, struct str *why, struct err *err)
{
    struct graph_extension extension;
    struct str explanation = {0};
    struct err failed = {0};
    struct run_job *job = &run->jobs.at[wheel];
    if (!run_plan_extend(run->plan, &run->graph, job->node, on_target, requires, &extension,
                         &explanation, &failed)) {
        if (failed.code == ERR_SYSTEM || failed.code == ERR_CANCELLED)
            return err_set(err, failed.code, "%s", failed.text);
        *why = arena_printf(run->arena, "its build requirements cannot be had: " STR_FMT,
                            STR_ARG(explanation.len ? explanation : str_from(failed.text)));
        return true;
    }
    run->graph = extension.graph;
    if (!run_add_nodes(run, extension.first_new, err))
        return false;
    run_set_env(run, wheel, extension.edges, extension.edges_len);
    return true;
}

/* The wheel job that waits for this requires job's answer. */
static size_t run_asker(const struct run *run, size_t requires)
{
    for (size_t i = 0; i < run->graph.nodes_len; i++) {
        const struct graph_node *node = &run->graph.nodes[i];
        if (node->kind != GRAPH_WHEEL || node->action != GRAPH_MAKE)
            continue;
        for (size_t e = 0; e < node->edges_len; e++)
            if (node->edges[e].to == run->jobs.at[requires].node)
                return run->wheel_of.at[i];
    }
    return RUN_NO_NODE;
}

/* The strategy of a wheel whose backend answered: what it read of the machine decides. */
static struct str run_strategy_after(const struct run *run, const struct run_job *wheel,
                                     const struct spec_result *answer)
{
    const struct spec_result read = {.outcome = SPEC_FACTS};
    struct str next = strategy_next(wheel->strategy, &wheel->order, &read);
    return answer->facts.len && next.len &&
                   str_eq(run_strategy_of(run->config, wheel->name), STR("auto"))
               ? next
               : wheel->strategy;
}

/* A backend answered: the wheel's environment and strategy are known now. */
static bool run_take_answer(struct run *run, size_t requires, struct spec_result *answer,
                            struct err *err)
{
    struct str why = {0};
    size_t wheel = run_asker(run, requires);
    if (wheel == RUN_NO_NODE)
        return true;
    struct str strategy = run_strategy_after(run, &run->jobs.at[wheel], answer);
    if (!run_reenvironment(run, wheel, strategy_is_on_target(strategy), answer->requires, &why,
                           err))
        return false;
    if (!str_eq(strategy, run->jobs.at[wheel].strategy))
        run->jobs.at[wheel].fact = answer->facts.at[0];
    run->jobs.at[wheel].strategy = strategy;
    run->jobs.at[wheel].asked = answer->requires;
    if (why.len) {
        answer->outcome = SPEC_BUILD_FAILED;
        answer->why = why;
    }
    return true;
}

/* Whether the jobs from `first` on hold a build: the environment cannot be had at once then. */
static bool run_must_build(const struct run *run, size_t first)
{
    for (size_t i = first; i < run->jobs.len; i++)
        if (run->jobs.at[i].kind == SPEC_WHEEL && !run->jobs.at[i].ended)
            return true;
    return false;
}

/* Another environment for a job that is handed back and taken again at once: it waits for nothing.
 */
static bool run_move(struct run *run, size_t index, bool on_target, struct spec_list requires,
                     struct str *why, struct err *err)
{
    size_t first_job = run->jobs.len, kept = run->needs.len;
    if (!run_reenvironment(run, index, on_target, requires, why, err))
        return false;
    for (size_t i = kept; i < run->needs.len; i++)
        if ((size_t)run->needs.at[i].job != index)
            run->needs.at[kept++] = run->needs.at[i];
    run->needs.len = kept;
    if (!why->len && run_must_build(run, first_job))
        *why = STR("its build requirements must be built for the target first; name them in the "
                   "requirements and run again");
    return true;
}

/*
 * A build that read facts of the machine, or failed: once more by the next strategy, if that can
 * help. The attempt is handed back and taken again at once; what is new in its environment it
 * fetches itself, so that nothing has to wait.
 */
static bool run_go_on(struct run *run, size_t index, struct spec_result *result, struct err *err)
{
    struct str why = {0}, now = run->jobs.at[index].strategy;
    struct str next = strategy_next(now, &run->jobs.at[index].order, result);
    if (!next.len || !str_eq(run_strategy_of(run->config, run->jobs.at[index].name), STR("auto")))
        return true;
    if (strategy_is_on_target(next) && !strategy_is_on_target(now) &&
        !run_move(run, index, true, run->jobs.at[index].asked, &why, err))
        return false;
    if (why.len) {
        result->why =
            arena_printf(run->arena, STR_FMT "; " STR_FMT, STR_ARG(result->why), STR_ARG(why));
        return true;
    }
    struct run_job *job = &run->jobs.at[index];
    job->strategy = next;
    job->fact = result->outcome == SPEC_FACTS
                    ? (result->facts.len ? result->facts.at[0] : STR("it reads machine facts"))
                    : arena_printf(run->arena, STR_FMT " failed: " STR_FMT, STR_ARG(now),
                                   STR_ARG(result->why));
    return true;
}

/*
 * For a bundle: which strategy a build ends with is known when it runs, so what each of them takes
 * is brought, one after the other.
 */
static bool run_gather_next(struct run *run, size_t index, const struct spec_result *result,
                            struct err *err)
{
    struct spec_result as_if = *result;
    as_if.outcome = SPEC_BUILD_FAILED;
    if (!run_go_on(run, index, &as_if, err))
        return false;
    if (!str_eq(as_if.why, result->why))
        log_warn(STR_FMT ": from this bundle by " STR_FMT " alone: " STR_FMT,
                 STR_ARG(run->jobs.at[index].name), STR_ARG(run->jobs.at[index].strategy),
                 STR_ARG(as_if.why));
    return true;
}

/* The requirements of the build with what "pip:" recipes among the words add. */
static struct spec_list run_asked_with(struct run *run, const struct run_job *job,
                                       struct spec_list words)
{
    struct spec_list pip = recipe_values(words, STR("pip"), run->arena);
    VEC(struct str) all = {0};
    for (size_t i = 0; i < job->asked.len; i++)
        *vec_push(&all, run->arena) = job->asked.at[i];
    for (size_t i = 0; i < pip.len; i++)
        *vec_push(&all, run->arena) = pip.at[i];
    return (struct spec_list){all.at, all.len};
}

/* Adds what a hint is tried with to the job's recipes; false in `done`: it cannot be had. */
static bool run_apply(struct run *run, size_t index, const struct remedy *remedy, bool *done,
                      struct err *err)
{
    struct run_job *job = &run->jobs.at[index];
    struct spec_list asked = run_asked_with(run, job, remedy->trial.recipes);
    struct str why = {0};
    *done = false;
    if (asked.len > job->asked.len && job->kind == SPEC_WHEEL) {
        if (!run_move(run, index, strategy_is_on_target(job->strategy), asked, &why, err))
            return false;
        job = &run->jobs.at[index];
        if (why.len)
            return true;
        job->asked = asked;
    }
    remedy_take(run->remedies, &job->course, remedy);
    *done = true;
    return true;
}

/* What a requires job needed, the build that it asks for needs too. */
static void run_hand_on(struct run *run, size_t requires)
{
    size_t wheel = run_asker(run, requires);
    if (wheel == RUN_NO_NODE)
        return;
    const struct remedy_course *from = &run->jobs.at[requires].course;
    remedy_begin(run->remedies, &run->jobs.at[wheel].course,
                 (struct spec_list){from->recipes.at, from->recipes.len},
                 (struct spec_list){from->hints.at, from->hints.len});
}

/* A failed build, by what its log suggests: tried again with it, or said to people. */
static bool run_remedy(struct run *run, size_t index, const struct remedy *remedy, bool *again,
                       struct err *err)
{
    struct run_job *job = &run->jobs.at[index];
    struct str words = remedy_words(&remedy->trial, run->arena);
    size_t wheel = job->kind == SPEC_REQUIRES ? run_asker(run, index) : index;
    job->course.suggestion = remedy->suggestion;
    if (wheel != RUN_NO_NODE) /* people look there */
        run->jobs.at[wheel].course.suggestion = remedy->suggestion;
    *again = false;
    if (!remedy->trial.recipes.len)
        return true;
    if (run_plan_config(run->plan)->dry_run_recipes) {
        log_info(STR_FMT ": would be tried again with " STR_FMT ": " STR_FMT, STR_ARG(job->name),
                 STR_ARG(words), STR_ARG(remedy->why));
        return true;
    }
    if (!run_apply(run, index, remedy, again, err))
        return false;
    if (*again) {
        run->jobs.at[index].course.suggestion = STR("");
        if (wheel != RUN_NO_NODE)
            run->jobs.at[wheel].course.suggestion = STR("");
        log_info(STR_FMT ": tried again with " STR_FMT ": " STR_FMT, STR_ARG(job->name),
                 STR_ARG(words), STR_ARG(remedy->why));
    }
    return true;
}

static enum store_outcome run_outcome(const struct run *run, const struct run_job *job,
                                      const struct spec_result *result, const struct agent_end *end,
                                      bool again)
{
    if (end->cancelled || again)
        return OUTCOME_RETURNED;
    if (result->outcome == SPEC_OK)
        return job->kind == SPEC_FETCH ? OUTCOME_REUSED
               : result->cached        ? OUTCOME_CACHED
                                       : OUTCOME_DONE;
    return run_may_pass_later(run, job, result->outcome) ? OUTCOME_AGAIN : OUTCOME_FAILED;
}

static void run_note_attempt(struct run *run, struct run_job *job, const struct agent_end *end,
                             const struct spec_result *result, struct str strategy, struct str log)
{
    struct manifest_attempt *attempt = vec_push(&job->attempts, run->arena);
    attempt->number = (unsigned)job->attempts.len;
    attempt->slot = (unsigned)job->slot;
    attempt->started_ms = job->claimed_ms - run->started_ms;
    attempt->duration_ms = end->process.wall_ms;
    attempt->succeeded = result->outcome == SPEC_OK;
    attempt->strategy = strategy;
    if (!attempt->succeeded)
        attempt->failure_class = str_from(spec_outcome_name(result->outcome));
    attempt->log = log;
}

/* What an end that nobody stopped means: the next step of the job, which may extend the run. */
static bool run_decide(struct run *run, size_t index, struct spec_result *result, struct err *err)
{
    const bool gather = run->config->gather, good = result->outcome == SPEC_OK;
    switch (run->jobs.at[index].kind) {
    case SPEC_REQUIRES:
        if (good)
            run_hand_on(run, index);
        return !good || run_take_answer(run, index, result, err);
    case SPEC_WHEEL:
        if (good)
            return !gather || run_gather_next(run, index, result, err);
        return gather || run_go_on(run, index, result, err);
    case SPEC_TEST:
        return !good || gather || run_deliver_wheel(run, &run->jobs.at[index], err);
    default:
        return true;
    }
}

/* Whether the package's own build failed, so that its log may say what would help. */
static bool run_is_the_builds(enum spec_outcome outcome)
{
    return outcome == SPEC_BUILD_FAILED || outcome == SPEC_NO_WHEEL ||
           outcome == SPEC_SILENT_FALLBACK || outcome == SPEC_IMPORT_FAILED;
}

/* The cause that the log tells; what gives way to another strategy is known by its outcome. */
static struct str run_class(const struct spec_result *result, const struct remedy *remedy,
                            bool gives_way)
{
    if (result->outcome == SPEC_OK)
        return STR("");
    bool told = remedy->class.len && !gives_way && run_is_the_builds(result->outcome);
    return told ? remedy->class : str_from(spec_outcome_name(result->outcome));
}

/* What the end of the attempt's log suggests. */
static void run_find_remedy(struct run *run, struct run_job *job, const struct spec_result *result,
                            enum remedy_end end, struct remedy *remedy)
{
    const struct remedy_subject subject = {
        .name = job->name,
        .version = job->version,
        .backend = job->node == RUN_NO_NODE ? STR("") : run->graph.nodes[job->node].backend};
    if (result
            ->cached) /* of an earlier run: the store has its telling lines, and no trial is new */
        job->course.trial = (struct remedy_trial){.recipes = {0}};
    for (size_t i = 0; result->cached && i < result->evidence.len; i++) {
        remedy_hear(&job->course, result->evidence.at[i]);
        remedy_hear(&job->course, STR("\n"));
    }
    remedy_find(run->remedies, &job->course, &subject, end, remedy);
}

bool run_settle(struct run *run, size_t index, int64_t attempt, int64_t epoch,
                const struct agent_end *end, struct str log, int64_t log_bytes, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct run_job *job = &run->jobs.at[index];
    struct spec_result result;
    struct err damaged = {0};
    struct spec spec;
    struct digest content, key;
    struct store_effect effect = {0};
    size_t first_job = run->jobs.len, first_need = run->needs.len;
    struct str strategy = job->strategy;
    struct remedy remedy;
    bool remedied = false;
    run_spec(run, job, &scratch, &spec);
    if (!end->result.len || !spec_result_read(end->result, run->arena, &result, &damaged))
        run_no_result(run, end, &result);
    bool failed = !end->cancelled && run_is_the_builds(result.outcome);
    bool good = !end->cancelled && result.outcome == SPEC_OK;
    run_find_remedy(run, job, &result,
                    failed ? REMEDY_FAILED
                    : good ? REMEDY_GOOD
                           : REMEDY_PASSED,
                    &remedy);
    if (failed && !run_remedy(run, index, &remedy, &remedied, err))
        return false;
    if (!end->cancelled && result.outcome == SPEC_ENVIRONMENT) {
        remedied = remedy_withdraw(run->remedies, &job->course);
        if (remedied)
            log_warn(STR_FMT ": tried again without the packs that hints brought: " STR_FMT,
                     STR_ARG(job->name), STR_ARG(result.why));
    }
    if (!end->cancelled && !remedied && !run_decide(run, index, &result, err))
        return false;
    job = &run->jobs.at[index]; /* the table may have grown */
    bool again = !end->cancelled && (remedied || !str_eq(strategy, job->strategy));
    struct store_graph addendum = run_store_graph(run, first_job, first_need);
    struct remedy_course *course = &job->course;
    struct str words = spec_list_json(spec.recipes, run->arena);
    struct str recipes =
        spec_list_json((struct spec_list){course->recipes.at, course->recipes.len}, run->arena);
    struct store_artifact artifact = {.name = result.file, .kind = STR("wheel")};
    struct store_completion completion = {
        .outcome = run_outcome(run, job, &result, end, again),
        .class = run_class(&result, &remedy, again && !remedied),
        .detail = result.why,
        .uncounted = result.outcome == SPEC_ENVIRONMENT,
        .exit_code = end->process.code,
        .duration_ms = end->process.wall_ms,
        .cpu_ms = result.cpu_ms,
        .peak_kib = result.peak_bytes / 1024,
        .strategy = strategy,
        .recipes = words,
        .learned = run_learned_words(run, job),
        .next_recipes = remedied ? recipes : STR(""),
        .hints =
            spec_list_json((struct spec_list){course->hints.at, course->hints.len}, run->arena),
        .suggestion = job->course.suggestion,
        .hint_outcomes = course->outcomes.at,
        .hint_outcome_count = course->outcomes.len,
        .inferences = course->inferences.at,
        .inference_count = course->inferences.len,
        .result = run_result_text(run, &result),
        .log = log,
        .log_bytes = log_bytes,
        .artifacts = &artifact,
        .addendum = addendum.job_count || addendum.edge_count ? &addendum : NULL};
    if (result.outcome == SPEC_OK && digest_from_hex(result.sha256, &content)) {
        artifact.digest = content;
        completion.artifact_count = 1;
    }
    if (digest_from_hex(result.key, &key))
        completion.action_key = &key;
    struct digest source, recipe_set = digest_of(words);
    if (completion.outcome == OUTCOME_FAILED && job->kind == SPEC_WHEEL && completion.action_key &&
        digest_from_hex(spec.source.sha256, &source)) {
        completion.remember = true;
        completion.source = &source;
        completion.environment = &key; /* the key names images, tools and build requirements */
        completion.recipe_set = &recipe_set;
    }
    if (!store_complete(run->store, attempt, epoch, &completion, clock_wall_ms(run->config->clock),
                        &effect, err))
        return false;
    course->outcomes.len = course->inferences.len = 0;
    if (!end->cancelled)
        run_note_attempt(run, job, end, &result, strategy, log);
    job->result = result;
    job->good = result.outcome == SPEC_OK && !end->cancelled;
    job->ended = state_group(effect.state) == STATE_GOOD || state_group(effect.state) == STATE_END;
    job->wake_ms = effect.not_before_ms;
    return run_number_jobs(run, first_job, err);
}
