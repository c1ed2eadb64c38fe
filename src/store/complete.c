/* The end of an attempt, in one transaction that only its own lease can make. */
#include "store/jobgraph.h"
#include "store/tx.h"
#include "store/verdict.h"

struct complete {
    int64_t attempt, epoch, now_ms;
    const struct store_completion *completion;
    struct store_effect effect; /* out */

    /* Read from the job. */
    struct arena arena;
    struct store_job job; /* id, run, kind, name, version, target, recipes, tries, failures */
    struct str used;      /* recipes that the attempt used */
    int64_t number, drone, duration_ms;
    struct verdict_policy policy;
};

static const struct str complete_words[] = {
    [OUTCOME_DONE] = STR_INIT("done"),         [OUTCOME_CACHED] = STR_INIT("cached"),
    [OUTCOME_REUSED] = STR_INIT("reused"),     [OUTCOME_SKIPPED] = STR_INIT("skipped"),
    [OUTCOME_AGAIN] = STR_INIT("failed"),      [OUTCOME_FAILED] = STR_INIT("failed"),
    [OUTCOME_RETURNED] = STR_INIT("returned"), [OUTCOME_CANCELLED] = STR_INIT("cancelled"),
};

/* The gate: whoever does not change exactly this row changes nothing. */
static bool complete_attempt(struct sql *sql, const struct complete *c, struct err *err)
{
    const struct store_completion *f = c->completion;
    int64_t changed = 0;
    bool counted = verdict_is_failure(f->outcome) && !f->uncounted;
    if (!sql_run(
            sql, SQL_ATTEMPT_END,
            SQL_ARGS(sql_int(c->attempt), sql_int(c->epoch), sql_text(complete_words[f->outcome]),
                     sql_int(c->now_ms), sql_int(f->duration_ms), sql_int(f->exit_code),
                     sql_int(f->cpu_ms), sql_int(f->peak_kib), sql_int(counted), sql_text(f->class),
                     sql_text(f->detail), sql_text(f->strategy), sql_text(f->recipes),
                     sql_text(f->hints), sql_text(f->suggestion), sql_text(f->metadata),
                     sql_digest(f->action_key), sql_digest(f->source), sql_digest(f->environment),
                     sql_digest(f->recipe_set), sql_text(f->result), sql_text(f->log),
                     sql_digest(f->log_digest), sql_int(f->log_bytes)),
            &changed, err))
        return false;
    return changed == 1 ||
           err_set(err, ERR_CONFLICT,
                   "attempt %lld is not the one that holds the job: throw its work away",
                   (long long)c->attempt);
}

static bool complete_read(struct sql *sql, struct complete *c, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(sql, SQL_ATTEMPT_JOB, SQL_ARGS(sql_int(c->attempt)), &rows, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_CONFLICT, "attempt %lld no longer belongs to a job",
                       (long long)c->attempt);
    c->job = (struct store_job){
        .id = sql_get_int(&rows, 0),
        .run = sql_get_int(&rows, 1),
        .kind = arena_str(&c->arena, sql_get_text(&rows, 2)),
        .name = arena_str(&c->arena, sql_get_text(&rows, 3)),
        .version = arena_str(&c->arena, sql_get_text(&rows, 4)),
        .target = arena_str(&c->arena, sql_get_text(&rows, 5)),
        .recipes = arena_str(&c->arena, sql_get_text(&rows, 6)),
        .state = state_parse(sql_get_text(&rows, 7)),
        .tries = sql_get_int(&rows, 8),
        .failures = sql_get_int(&rows, 9),
    };
    c->number = sql_get_int(&rows, 10);
    c->drone = sql_get_int(&rows, 11);
    c->duration_ms = sql_get_int(&rows, 12);
    c->used = arena_str(&c->arena, sql_get_text(&rows, 13));
    c->policy = (struct verdict_policy){
        .max_attempts = sql_get_int(&rows, 14),
        .backoff_base_ms = sql_get_int(&rows, 15),
        .backoff_max_ms = sql_get_int(&rows, 16),
        .block_failures = sql_get_int(&rows, 17),
        .block_drones = sql_get_int(&rows, 18),
    };
    return true;
}

static bool complete_artifacts(struct sql *sql, const struct complete *c, struct err *err)
{
    const struct store_completion *f = c->completion;
    for (size_t i = 0; i < f->artifact_count; i++) {
        const struct store_artifact *artifact = &f->artifacts[i];
        if (!sql_run(sql, SQL_ARTIFACT_ADD,
                     SQL_ARGS(sql_int(c->attempt), sql_int((int64_t)i), sql_int(c->job.id),
                              sql_text(artifact->name), sql_text(artifact->kind),
                              sql_digest(&artifact->digest), sql_int(artifact->size),
                              sql_text(artifact->details)),
                     NULL, err))
            return false;
    }
    if (f->outcome != OUTCOME_DONE || !f->action_key || !f->artifact_count)
        return true;
    return sql_run(sql, SQL_RESULT_ADD,
                   SQL_ARGS(sql_digest(f->action_key), sql_digest(&f->artifacts[0].digest),
                            sql_text(f->result), sql_int(c->attempt), sql_int(c->now_ms)),
                   NULL, err);
}

static bool complete_job(struct sql *sql, struct complete *c, struct err *err)
{
    const struct store_completion *f = c->completion;
    struct verdict_case facts = {
        .outcome = f->outcome,
        .counted = !f->uncounted,
        .new_recipes = f->next_recipes.len && !str_eq(f->next_recipes, c->job.recipes),
        .tries = c->job.tries,
        .failures = c->job.failures,
        .number = c->number,
    };
    if (!sql_number(sql, SQL_JOB_FAILING_DRONES, SQL_ARGS(sql_int(c->job.id)), 0,
                    &facts.failing_drones, err))
        return false;
    struct verdict verdict = verdict_of(&c->policy, &facts);
    bool ended =
        state_group(verdict.state) == STATE_GOOD || state_group(verdict.state) == STATE_END;
    bool good = state_group(verdict.state) == STATE_GOOD;
    c->effect.state = verdict.state;
    c->effect.not_before_ms = verdict.state == STATE_RETRY ? c->now_ms + verdict.delay_ms : 0;
    return sql_run(sql, SQL_JOB_END,
                   SQL_ARGS(sql_int(c->job.id), sql_text(state_name(verdict.state)),
                            sql_text(f->detail),
                            sql_digest(good && f->artifact_count ? &f->artifacts[0].digest : NULL),
                            sql_int(verdict.tries), sql_int(verdict.failures),
                            sql_int(c->effect.not_before_ms),
                            sql_text(f->next_recipes.len ? f->next_recipes : c->job.recipes),
                            sql_int(ended ? c->now_ms : 0)),
                   NULL, err);
}

static bool complete_addendum(struct sql *sql, struct complete *c, struct err *err)
{
    const struct store_graph *graph = c->completion->addendum;
    if (!graph)
        return true;
    struct jobgraph to = {graph, c->job.run, c->now_ms,
                          ARENA_ARRAY(&c->arena, int64_t, graph->job_count + 1)};
    return jobgraph_extend(sql, &to, err) || err_wrap(err, "addendum");
}

static bool complete_dependents(struct sql *sql, struct complete *c, struct err *err)
{
    const struct sql_arg job = sql_int(c->job.id);
    if (state_group(c->effect.state) != STATE_GOOD)
        return true;
    return sql_run(sql, SQL_DEPENDENTS_LOWER, &job, 1, NULL, err) &&
           sql_run(sql, SQL_DEPENDENTS_READY, &job, 1, &c->effect.woken, err);
}

static bool complete_memory(struct sql *sql, const struct complete *c, struct err *err)
{
    const struct store_completion *f = c->completion;
    bool triple = f->source && f->environment && f->recipe_set;
    const struct sql_arg key[] = {sql_digest(f->source), sql_digest(f->environment),
                                  sql_digest(f->recipe_set)};
    if (f->outcome == OUTCOME_DONE)
        return (!triple || sql_run(sql, SQL_FAILURE_DROP, key, 3, NULL, err)) &&
               sql_run(
                   sql, SQL_LEARN,
                   SQL_ARGS(sql_text(c->job.kind), sql_text(c->job.name), sql_text(c->job.target),
                            sql_int(c->duration_ms), sql_int(f->peak_kib), sql_text(f->strategy),
                            sql_text(f->learned.ptr ? f->learned : c->used), sql_int(c->now_ms)),
                   NULL, err);
    if (!verdict_is_failure(f->outcome) || !f->remember)
        return true;
    if (!triple)
        return err_set(err, ERR_USAGE, "a failure to be remembered needs its three digests");
    return sql_run(sql, SQL_FAILURE_ADD,
                   SQL_ARGS(key[0], key[1], key[2], sql_text(c->job.name), sql_text(c->job.version),
                            sql_text(c->job.target), sql_text(f->class), sql_text(f->detail),
                            sql_int(c->attempt), sql_int(c->now_ms)),
                   NULL, err);
}

/* Hints live and sink by their own record; what was looked up is kept with what showed it. */
static bool complete_hints(struct sql *sql, const struct complete *c, struct err *err)
{
    const struct store_completion *f = c->completion;
    for (size_t i = 0; i < f->hint_outcome_count; i++)
        if (!sql_run(sql, SQL_HINT_OUTCOME_ADD,
                     SQL_ARGS(sql_text(f->hint_outcomes[i].hint), sql_int(c->attempt),
                              sql_text(c->job.name), sql_text(c->job.target),
                              sql_int(f->hint_outcomes[i].fixed), sql_int(c->now_ms)),
                     NULL, err))
            return false;
    for (size_t i = 0; i < f->inference_count; i++) {
        const struct store_inference *rule = &f->inferences[i];
        if (!sql_run(sql, SQL_INFERRED_ADD,
                     SQL_ARGS(sql_text(rule->id), sql_text(rule->need), sql_text(rule->name),
                              sql_text(rule->recipe), sql_int(c->now_ms)),
                     NULL, err) ||
            !sql_run(sql, SQL_INFERRED_EXAMPLE_ADD,
                     SQL_ARGS(sql_text(rule->id), sql_text(rule->example)), NULL, err))
            return false;
    }
    return true;
}

/* history.failed: 1 is the package's own failure, 2 one that says nothing about it. */
static int64_t complete_failed(const struct store_completion *f)
{
    if (!verdict_is_failure(f->outcome))
        return 0;
    return f->uncounted ? 2 : 1;
}

static bool complete_history(struct sql *sql, const struct complete *c, struct err *err)
{
    const struct store_completion *f = c->completion;
    struct tx_event event = {
        state_name(c->effect.state).ptr, c->job.run, c->job.id, c->attempt, c->drone, f->detail};
    return sql_run(sql, SQL_HISTORY_ADD,
                   SQL_ARGS(sql_int(c->now_ms), sql_int(c->job.run), sql_int(c->job.id),
                            sql_int(c->attempt), sql_int(c->number), sql_text(c->job.kind),
                            sql_text(c->job.name), sql_text(c->job.version),
                            sql_text(c->job.target),
                            sql_text(verdict_status(f->outcome, c->effect.state, f->class)),
                            sql_int(complete_failed(f)), sql_text(f->strategy), sql_text(f->class),
                            sql_text(f->detail), sql_text(c->used), sql_text(f->hints),
                            sql_text(f->log), sql_text(f->metadata), sql_int(c->duration_ms),
                            sql_int(f->peak_kib), sql_text(STR(""))),
                   NULL, err) &&
           tx_event(sql, c->now_ms, &event, err);
}

static bool complete_body(struct sql *sql, void *state, struct err *err)
{
    struct complete *c = state;
    return complete_attempt(sql, c, err) && complete_read(sql, c, err) &&
           complete_artifacts(sql, c, err) && complete_addendum(sql, c, err) &&
           complete_job(sql, c, err) && complete_dependents(sql, c, err) &&
           complete_memory(sql, c, err) && complete_hints(sql, c, err) &&
           complete_history(sql, c, err);
}

bool store_complete(struct store *store, int64_t attempt, int64_t epoch,
                    const struct store_completion *completion, int64_t now_ms,
                    struct store_effect *effect, struct err *err)
{
    struct complete c = {
        .attempt = attempt, .epoch = epoch, .now_ms = now_ms, .completion = completion};
    bool good = tx_do(store, complete_body, &c, err);
    if (good && effect)
        *effect = c.effect;
    arena_free(&c.arena);
    return good;
}
