#include "place.h"

#include <stdio.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "store/history.h"
#include "store/store.h"

static struct err err;
static struct place *place;
static struct store *store;
static int64_t drone, now;

static int set_up(void **state)
{
    (void)state;
    place = place_make();
    now = 1000000;
    assert_ok(store_open(place->db, now, &store, &err));
    struct store_drone_new local = {.name = STR("local"), .kind = STR("local"), .cores = 2};
    assert_ok(store_drone_register(store, &local, now, &drone, NULL, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(&store);
    place_free(place);
    return 0;
}

static void reopen(void)
{
    store_close(&store);
    assert_ok(store_open(place->db, now, &store, &err));
}

static struct store_job_new a_job(const char *name, int64_t priority)
{
    return (struct store_job_new){.key = str_from(name),
                                  .kind = STR("build"),
                                  .name = str_from(name),
                                  .version = STR("1.0"),
                                  .target = STR("t"),
                                  .spec = STR("{}"),
                                  .priority = priority};
}

static int64_t a_run(const struct store_job_new *jobs, size_t job_count,
                     const struct store_edge *edges, size_t edge_count, int64_t *ids)
{
    struct store_run_new run = {.title = STR("test"), .target = STR("t")};
    struct store_graph graph = {jobs, job_count, edges, edge_count};
    int64_t id = 0;
    assert_ok(store_run_create(store, &run, &graph, now, &id, ids, &err));
    assert_true(id > 0);
    return id;
}

static struct store_lease claim(void)
{
    struct store_claim request = {.drone = drone};
    struct store_lease lease;
    assert_ok(store_claim(store, &request, now, &place->arena, &lease, &err));
    return lease;
}

static struct store_effect complete(const struct store_lease *lease, enum store_outcome outcome)
{
    struct store_completion completion = {.outcome = outcome};
    struct store_effect effect = {0};
    if (outcome == OUTCOME_AGAIN || outcome == OUTCOME_FAILED) {
        completion.class = STR("compile");
        completion.detail = STR("no such header: blas.h");
    }
    assert_ok(store_complete(store, lease->attempt, lease->epoch, &completion, now, &effect, &err));
    return effect;
}

static enum state state_of(int64_t job_id)
{
    struct store_job job;
    assert_ok(store_job_get(store, job_id, &place->arena, &job, &err));
    return job.state;
}

static void assert_why(int64_t job_id, const char *expected)
{
    struct str why;
    assert_ok(store_job_why(store, job_id, now, &place->arena, &why, &err));
    assert_str(why, expected);
}

/* c needs b needs a; d stands alone. */
static void chain(struct store_job_new *jobs, struct store_edge *edges)
{
    jobs[0] = a_job("a", 30);
    jobs[1] = a_job("b", 20);
    jobs[2] = a_job("c", 10);
    jobs[3] = a_job("d", 25);
    edges[0] = (struct store_edge){1, 0};
    edges[1] = (struct store_edge){2, 1};
}

static void test_a_run_from_start_to_end(void **state)
{
    (void)state;
    struct store_job_new jobs[4];
    struct store_edge edges[2];
    int64_t ids[4];
    const char *const order[] = {"a", "d", "b", "c"};
    chain(jobs, edges);
    int64_t run = a_run(jobs, 4, edges, 2, ids);
    assert_int_equal(state_of(ids[0]), STATE_READY);
    assert_int_equal(state_of(ids[1]), STATE_WAITING);
    assert_why(ids[2], "waits for a 1.0 (ready)");
    for (size_t i = 0; i < 4; i++) {
        /* a, then d while b is not ready: the last claim finds nothing. */
        struct store_lease lease = claim();
        assert_str(lease.job.name, order[i]);
        assert_int_equal(lease.number, 1);
        struct store_progress progress = {.state = STATE_BUILDING, .phase = STR("compile")};
        assert_ok(store_renew(store, lease.attempt, lease.epoch, &progress, now, &err));
        assert_int_equal(state_of(lease.job.id), STATE_BUILDING);
        struct store_effect effect = complete(&lease, OUTCOME_DONE);
        assert_int_equal(effect.woken, i == 0 || i == 2);
        reopen();
    }
    struct store_lease none = claim();
    assert_int_equal(none.attempt, 0);
    struct store_totals totals;
    assert_ok(store_run_totals(store, run, &totals, &err));
    assert_int_equal(totals.active, 0);
    assert_int_equal(totals.by_state[STATE_DONE], 4);
    assert_ok(store_run_finish(store, run, now, &err));
    assert_false(store_run_finish(store, run, now, &err));
}

static void test_records_of_an_attempt(void **state)
{
    (void)state;
    struct store_job_new job = a_job("a", 0);
    int64_t id;
    a_run(&job, 1, NULL, 0, &id);
    struct store_lease lease = claim();
    struct digest wheel = digest_of(STR("wheel")), key = digest_of(STR("key"));
    struct store_artifact artifacts[] = {
        {STR("a-1.0.whl"), STR("wheel"), wheel, 5, STR("{\"tags\":[]}")}};
    struct store_completion completion = {.outcome = OUTCOME_DONE,
                                          .duration_ms = 700,
                                          .peak_kib = 2048,
                                          .strategy = STR("cross"),
                                          .recipes = STR("[\"apt:x\"]"),
                                          .action_key = &key,
                                          .result = STR("{}"),
                                          .log = STR("logs/a-1.0/1.log.zst"),
                                          .log_bytes = 99,
                                          .artifacts = artifacts,
                                          .artifact_count = 1};
    assert_ok(store_complete(store, lease.attempt, lease.epoch, &completion, now, NULL, &err));
    struct store_job done;
    assert_ok(store_job_get(store, id, &place->arena, &done, &err));
    assert_true(done.has_content && digest_eq(&done.content, &wheel));
    assert_int_equal(done.ended_ms, now);
    assert_int_equal(done.drone, 0);
}

static void test_stale_completions_are_refused(void **state)
{
    (void)state;
    struct store_job_new job = a_job("a", 0);
    struct store_completion completion = {.outcome = OUTCOME_DONE};
    struct store_progress progress = {0};
    struct store_effect effect = {.woken = 77};
    int64_t id, reclaimed = 0;
    a_run(&job, 1, NULL, 0, &id);
    struct store_lease old = claim();
    now += 600001;
    assert_ok(store_reclaim(store, now, &reclaimed, &err));
    assert_int_equal(reclaimed, 1);
    assert_int_equal(state_of(id), STATE_READY);
    struct store_lease fresh = claim();
    assert_true(fresh.epoch > old.epoch && fresh.attempt != old.attempt);
    assert_false(store_complete(store, old.attempt, old.epoch, &completion, now, &effect, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(effect.woken, 77);
    assert_false(store_renew(store, old.attempt, old.epoch, &progress, now, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    /* Right attempt, wrong token; then a replay of the right one. */
    assert_false(
        store_complete(store, fresh.attempt, fresh.epoch + 1, &completion, now, NULL, &err));
    assert_ok(store_complete(store, fresh.attempt, fresh.epoch, &completion, now, NULL, &err));
    assert_false(store_complete(store, fresh.attempt, fresh.epoch, &completion, now, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(state_of(id), STATE_DONE);
}

static void test_a_drone_that_starts_anew_gives_back(void **state)
{
    (void)state;
    struct store_job_new jobs[] = {a_job("a", 2), a_job("b", 1)};
    struct store_drone_new local = {.name = STR("local"), .kind = STR("local")};
    struct store_drone_new other = {.name = STR("other"), .kind = STR("drone")};
    int64_t ids[2], again, second, reclaimed = 0;
    a_run(jobs, 2, NULL, 0, ids);
    (void)claim();
    assert_ok(store_drone_register(store, &other, now, &second, &reclaimed, &err));
    assert_int_equal(reclaimed, 0);
    assert_ok(store_drone_register(store, &local, now, &again, &reclaimed, &err));
    assert_int_equal(again, drone);
    assert_int_equal(reclaimed, 1);
    assert_int_equal(state_of(ids[0]), STATE_READY);
    struct store_lease lease = claim();
    assert_str(lease.job.name, "a");
    assert_int_equal(lease.number, 2);
    assert_int_equal(lease.job.failures, 0);
}

static void test_retry_backoff_and_failure(void **state)
{
    (void)state;
    struct store_job_new jobs[4];
    struct store_edge edges[2];
    int64_t ids[4];
    chain(jobs, edges);
    int64_t run = a_run(jobs, 3, edges, 2, ids);
    const int64_t waits[] = {5000, 10000};
    for (int i = 0; i < 2; i++) {
        struct store_lease lease = claim();
        struct store_effect effect = complete(&lease, OUTCOME_AGAIN);
        assert_int_equal(effect.state, STATE_RETRY);
        assert_int_equal(effect.not_before_ms, now + waits[i]);
        now += waits[i] - 1;
        lease = claim();
        assert_int_equal(lease.attempt, 0);
        assert_int_equal(lease.wake_ms, now + 1);
        now++;
    }
    struct store_lease last = claim();
    assert_int_equal(complete(&last, OUTCOME_AGAIN).state, STATE_FAILED);
    assert_why(ids[2], "waits for a 1.0, which has failed: no such header: blas.h");
    struct store_totals totals;
    assert_ok(store_run_totals(store, run, &totals, &err));
    assert_int_equal(totals.active, 0);
    assert_ok(store_run_finish(store, run, now, &err));
    assert_int_equal(state_of(ids[1]), STATE_SKIPPED);
    assert_int_equal(state_of(ids[2]), STATE_SKIPPED);
    assert_why(ids[2], "needs a 1.0, which has failed: no such header: blas.h");
    /* Opened again, everything can still be done. */
    assert_ok(store_run_reopen(store, run, now, &err));
    const char *const order[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        struct store_lease lease = claim();
        assert_str(lease.job.name, order[i]);
        complete(&lease, OUTCOME_DONE);
    }
}

static void test_new_recipes_are_a_new_chance(void **state)
{
    (void)state;
    struct store_job_new job = a_job("a", 0);
    int64_t id;
    a_run(&job, 1, NULL, 0, &id);
    for (int i = 0; i < 4; i++) {
        struct store_lease lease = claim();
        const char *recipes[] = {"[\"1\"]", "[\"2\"]", "[\"3\"]", "[\"4\"]"};
        struct store_completion completion = {.outcome = OUTCOME_AGAIN,
                                              .next_recipes = str_from(recipes[i])};
        struct store_effect effect;
        if (i)
            assert_str(lease.job.recipes, recipes[i - 1]);
        assert_ok(
            store_complete(store, lease.attempt, lease.epoch, &completion, now, &effect, &err));
        assert_int_equal(effect.state, STATE_RETRY);
        now = effect.not_before_ms;
    }
    /* The fifth counted failure blocks, whatever the recipes. */
    struct store_lease lease = claim();
    assert_int_equal(complete(&lease, OUTCOME_AGAIN).state, STATE_BLOCKED);
    assert_ok(store_job_control(store, id, CONTROL_UNBLOCK, now, &err));
    assert_int_equal(state_of(id), STATE_READY);
}

static bool see_hint(void *state, const struct store_hint_record *record, struct err *e)
{
    (void)e;
    buf_printf(state, "%.*s %d/%d ", STR_ARG(record->hint), (int)record->fixed,
               (int)record->applied);
    return true;
}

static bool see_inferred(void *state, const struct store_inferred *inferred, struct err *e)
{
    (void)e;
    buf_printf(state, "%.*s x%d %.*s: %.*s ", STR_ARG(inferred->rule.id), (int)inferred->count,
               STR_ARG(inferred->rule.recipe), STR_ARG(inferred->rule.example));
    return true;
}

static void test_hints_have_a_record(void **state)
{
    (void)state;
    struct store_job_new job = a_job("a", 0);
    int64_t id;
    BUF_AUTO struct buf seen = {0};
    a_run(&job, 1, NULL, 0, &id);
    for (int i = 0; i < 5; i++) {
        char example[] = {'e', (char)('0' + i), 0};
        const struct store_hint_outcome outcomes[] = {{STR("good"), true}, {STR("bad"), i == 4}};
        const struct store_inference rule = {STR("look-up:header:z.h"), STR("header"), STR("z.h"),
                                             STR("apt:z-dev"), str_from(example)};
        struct store_completion completion = {.outcome = OUTCOME_RETURNED,
                                              .hint_outcomes = outcomes,
                                              .hint_outcome_count = 2,
                                              .inferences = &rule,
                                              .inference_count = 1};
        struct store_lease lease = claim();
        assert_ok(store_complete(store, lease.attempt, lease.epoch, &completion, now, NULL, &err));
        /* A stale one leaves no trace. */
        assert_false(
            store_complete(store, lease.attempt, lease.epoch, &completion, now, NULL, &err));
    }
    assert_ok(store_hint_each(store, see_hint, &seen, &err));
    assert_string_equal(seen.ptr, "bad 1/5 good 5/5 ");
    seen.len = 0;
    assert_ok(store_inferred_each(store, see_inferred, &seen, &err));
    assert_string_equal(seen.ptr, "look-up:header:z.h x5 apt:z-dev: e0 ");
}

static void test_infrastructure_never_counts(void **state)
{
    (void)state;
    struct store_job_new job = a_job("a", 0);
    struct store_completion completion = {
        .outcome = OUTCOME_AGAIN, .class = STR("network"), .uncounted = true};
    struct store_effect effect;
    bool known = true;
    int64_t id;
    a_run(&job, 1, NULL, 0, &id);
    for (int i = 0; i < 9; i++) {
        struct store_lease lease = claim();
        assert_ok(
            store_complete(store, lease.attempt, lease.epoch, &completion, now, &effect, &err));
        assert_int_equal(effect.state, STATE_RETRY);
        now = effect.not_before_ms;
    }
    assert_ok(store_failure_known(store, STR("a"), STR("1.0"), STR("t"), &place->arena, &known,
                                  NULL, &err));
    assert_false(known);
    struct store_lease lease = claim();
    assert_int_equal(complete(&lease, OUTCOME_RETURNED).state, STATE_READY);
}

static enum store_admission admit_small(void *state, const struct store_job *job)
{
    (*(int *)state)++;
    return job->estimate_kib > 1000 ? ADMIT_PASS : ADMIT_TAKE;
}

static void test_admission_chooses(void **state)
{
    (void)state;
    struct store_job_new jobs[] = {a_job("large", 9), a_job("small", 1), a_job("urgent", 0)};
    int64_t ids[3];
    int asked = 0;
    jobs[0].estimate_kib = 5000;
    jobs[2].class = -1;
    jobs[2].estimate_kib = 5000;
    int64_t run = a_run(jobs, 3, NULL, 0, ids);
    struct store_claim request = {
        .drone = drone, .run = run, .admit = admit_small, .admit_state = &asked};
    struct store_lease lease;
    assert_ok(store_claim(store, &request, now, &place->arena, &lease, &err));
    assert_str(lease.job.name, "small");
    assert_int_equal(asked, 3);
    request.run = run + 1;
    assert_ok(store_claim(store, &request, now, &place->arena, &lease, &err));
    assert_int_equal(lease.attempt, 0);
    assert_str(claim().job.name, "urgent");
    assert_ok(store_setting_set(store, STR("paused"), STR("1"), &err));
    assert_int_equal(claim().attempt, 0);
}

static void test_cycles_and_doubles_are_refused(void **state)
{
    (void)state;
    struct store_job_new jobs[] = {a_job("a", 0), a_job("b", 0), a_job("a", 0)};
    const struct store_edge loop[] = {{0, 1}, {1, 0}}, out[] = {{0, 5}};
    struct store_run_new run = {.title = STR("test")};
    struct store_graph graphs[] = {{jobs, 2, loop, 2}, {jobs, 2, out, 1}, {jobs, 3, NULL, 0}};
    int64_t id;
    for (size_t i = 0; i < 3; i++) {
        assert_false(store_run_create(store, &run, &graphs[i], now, &id, NULL, &err));
        assert_int_equal(err.code, ERR_USAGE);
    }
    /* Nothing of them is left, and the store is usable. */
    assert_false(store_run_get(store, 1, &place->arena, &(struct store_run){0}, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    a_run(jobs, 2, loop, 1, NULL);
}

static void test_addendum(void **state)
{
    (void)state;
    struct store_job_new jobs[] = {a_job("requires", 0), a_job("build", 0)};
    const struct store_edge edge = {1, 0};
    int64_t ids[2], more[3];
    int64_t run = a_run(jobs, 2, &edge, 1, ids);
    struct store_job_new found[] = {a_job("setuptools", 0), a_job("wheel", 0), a_job("ready", 0)};
    found[1].ended = STATE_REUSED;
    const struct store_edge edges[] = {{STORE_JOB(ids[1]), 0}, {STORE_JOB(ids[1]), 1}, {0, 2}};
    struct store_graph graph = {found, 3, edges, 3};
    struct store_completion completion = {.outcome = OUTCOME_DONE, .addendum = &graph};
    struct store_lease lease = claim();
    struct store_effect effect;
    assert_ok(store_complete(store, lease.attempt, lease.epoch, &completion, now, &effect, &err));
    assert_int_equal(effect.woken, 0);
    struct store_job build;
    assert_ok(store_job_get(store, ids[1], &place->arena, &build, &err));
    assert_int_equal(build.unmet, 1);
    /* Again, as after a death between: nothing doubles. */
    assert_ok(store_run_extend(store, run, &graph, now, more, &err));
    assert_ok(store_job_get(store, ids[1], &place->arena, &build, &err));
    assert_int_equal(build.unmet, 1);
    const struct store_edge loop = {STORE_JOB(more[2]), STORE_JOB(ids[1])};
    struct store_graph cycle = {NULL, 0, &loop, 1};
    assert_false(store_run_extend(store, run, &cycle, now, NULL, &err));
    assert_int_equal(err.code, ERR_USAGE);
    const char *const order[] = {"ready", "setuptools", "build"};
    for (int i = 0; i < 3; i++) {
        lease = claim();
        assert_str(lease.job.name, order[i]);
        complete(&lease, OUTCOME_DONE);
    }
}

static void test_failure_memory_and_learning(void **state)
{
    (void)state;
    struct store_job_new job = a_job("a", 0);
    struct digest source = digest_of(STR("s")), environment = digest_of(STR("e"));
    struct digest recipes = digest_of(STR("r"));
    struct store_failure failure;
    bool found = true;
    a_run(&job, 1, NULL, 0, NULL);
    assert_ok(store_failure_find(store, &source, &environment, &recipes, &place->arena, &found,
                                 &failure, &err));
    assert_false(found);
    struct store_completion completion = {.outcome = OUTCOME_AGAIN,
                                          .class = STR("compile"),
                                          .detail = STR("boom"),
                                          .remember = true,
                                          .source = &source,
                                          .environment = &environment,
                                          .recipe_set = &recipes};
    struct store_effect effect;
    struct store_lease lease = claim();
    assert_ok(store_complete(store, lease.attempt, lease.epoch, &completion, now, &effect, &err));
    assert_ok(store_failure_find(store, &source, &environment, &recipes, &place->arena, &found,
                                 &failure, &err));
    assert_true(found);
    assert_str(failure.detail, "boom");
    assert_ok(store_failure_known(store, STR("a"), STR("1.0"), STR("t"), &place->arena, &found,
                                  &failure, &err));
    assert_true(found);
    now = effect.not_before_ms;
    lease = claim();
    completion = (struct store_completion){
        .outcome = OUTCOME_DONE, .duration_ms = 4000, .strategy = STR("hybrid")};
    assert_ok(store_complete(store, lease.attempt, lease.epoch, &completion, now, NULL, &err));
    assert_ok(store_failure_known(store, STR("a"), STR("1.0"), STR("t"), &place->arena, &found,
                                  &failure, &err));
    assert_false(found);
    assert_ok(store_failure_find(store, &source, &environment, &recipes, &place->arena, &found,
                                 &failure, &err));
    assert_true(found);
    assert_ok(store_failure_forget(store, STR("a"), &err));
    assert_ok(store_failure_find(store, &source, &environment, &recipes, &place->arena, &found,
                                 &failure, &err));
    assert_false(found);
}

static bool keep_learned(void *state, const struct store_learned *learned, struct err *e)
{
    (void)e;
    struct store_learned *kept = state;
    *kept = *learned;
    kept->strategy = arena_str(&place->arena, learned->strategy);
    return true;
}

static void test_durations_are_learned(void **state)
{
    (void)state;
    const int64_t durations[] = {4000, 2000};
    struct store_learned learned = {0};
    for (int i = 0; i < 2; i++) {
        struct store_job_new job = a_job("a", 0);
        a_run(&job, 1, NULL, 0, NULL);
        struct store_lease lease = claim();
        struct store_completion completion = {.outcome = OUTCOME_DONE,
                                              .duration_ms = durations[i],
                                              .peak_kib = 1000,
                                              .strategy = STR("cross")};
        assert_ok(store_complete(store, lease.attempt, lease.epoch, &completion, now, NULL, &err));
    }
    assert_ok(store_learned_each(store, keep_learned, &learned, &err));
    assert_int_equal(learned.samples, 2);
    assert_int_equal(learned.duration_ms, 3000);
    assert_str(learned.strategy, "cross");
}

static void test_cancel_and_resume(void **state)
{
    (void)state;
    struct store_job_new jobs[4];
    struct store_edge edges[2];
    int64_t ids[4], found = 7;
    struct digest plan = digest_of(STR("plan"));
    chain(jobs, edges);
    struct store_run_new run = {.plan = &plan, .title = STR("test")};
    struct store_graph graph = {jobs, 4, edges, 2};
    int64_t id;
    assert_ok(store_run_find(store, &plan, &found, &err));
    assert_int_equal(found, 0);
    assert_ok(store_run_create(store, &run, &graph, now, &id, ids, &err));
    assert_ok(store_run_find(store, &plan, &found, &err));
    assert_int_equal(found, id);
    struct store_lease lease = claim();
    assert_ok(store_run_cancel(store, id, now, &err));
    assert_ok(store_run_find(store, &plan, &found, &err));
    assert_int_equal(found, 0);
    struct store_completion completion = {.outcome = OUTCOME_DONE};
    assert_false(store_complete(store, lease.attempt, lease.epoch, &completion, now, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_ok(store_run_reopen(store, id, now, &err));
    assert_int_equal(state_of(ids[0]), STATE_READY);
    assert_int_equal(state_of(ids[1]), STATE_WAITING);
}

static void test_control(void **state)
{
    (void)state;
    struct store_job_new jobs[4];
    struct store_edge edges[2];
    int64_t ids[4];
    chain(jobs, edges);
    int64_t run = a_run(jobs, 3, edges, 2, ids);
    struct store_lease lease = claim();
    assert_ok(store_job_control(store, ids[0], CONTROL_RECLAIM, now, &err));
    struct store_progress progress = {0};
    assert_false(store_renew(store, lease.attempt, lease.epoch, &progress, now, &err));
    assert_ok(store_job_control(store, ids[0], CONTROL_BLOCK, now, &err));
    assert_why(ids[1], "waits for a 1.0, which was blocked: blocked by hand");
    assert_ok(store_run_finish(store, run, now, &err));
    assert_int_equal(state_of(ids[2]), STATE_SKIPPED);
    assert_ok(store_job_control(store, ids[0], CONTROL_RETRY, now, &err));
    assert_int_equal(state_of(ids[0]), STATE_READY);
    assert_int_equal(state_of(ids[2]), STATE_WAITING);
    assert_false(store_job_control(store, ids[0], CONTROL_UNBLOCK, now, &err));
    assert_int_equal(err.code, ERR_USAGE);
}

static void test_jobs_that_begin_ended(void **state)
{
    (void)state;
    struct store_job_new jobs[] = {a_job("reused", 0), a_job("build", 0), a_job("known", 0),
                                   a_job("hangs", 0)};
    const struct store_edge edges[] = {{1, 0}, {3, 2}};
    int64_t ids[4];
    jobs[0].ended = STATE_REUSED;
    jobs[2].ended = STATE_SKIPPED;
    jobs[2].why = STR("it failed before");
    int64_t run = a_run(jobs, 4, edges, 2, ids);
    struct store_lease lease = claim();
    assert_str(lease.job.name, "build");
    complete(&lease, OUTCOME_DONE);
    assert_ok(store_run_finish(store, run, now, &err));
    assert_why(ids[3], "needs known 1.0, which was skipped: it failed before");
}

static void test_other_files_are_left_alone(void **state)
{
    (void)state;
    const char *text = file_join(&place->arena, str_from(place->dir), STR("text.db")).ptr;
    struct store *other = NULL;
    struct str bytes;
    assert_ok(file_write(AT_FDCWD, text, 0644,
                         STR("This is a long enough text that is no database at all, and it "
                             "has to be longer than the header of one: 100 bytes or more."),
                         &err));
    assert_false(store_open(text, now, &other, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    assert_ok(file_read(AT_FDCWD, text, 1000, &place->arena, &bytes, &err));
    assert_true(str_starts(bytes, STR("This is")));
}

/* Opens a store of its own, claims and completes until nothing is left. */
static int work_alone(const char *db, int at)
{
    struct store *own = NULL;
    struct store_drone_new worker = {.name = arena_printf(&place->arena, "worker-%d", at)};
    struct store_claim request = {0};
    struct store_lease lease;
    if (!store_open(db, now, &own, &err) ||
        !store_drone_register(own, &worker, now, &request.drone, NULL, &err))
        return 1;
    for (;;) {
        struct store_completion completion = {.outcome = OUTCOME_DONE};
        if (!store_claim(own, &request, now, &place->arena, &lease, &err))
            return 1;
        if (!lease.attempt)
            break;
        if (!store_complete(own, lease.attempt, lease.epoch, &completion, now, NULL, &err))
            return 1;
    }
    store_close(&own);
    return 0;
}

static void test_processes_share_the_work(void **state)
{
    (void)state;
    enum { WORKERS = 4, JOBS = 60 };
    struct store_job_new jobs[JOBS];
    pid_t workers[WORKERS];
    struct store_totals totals;
    for (int i = 0; i < JOBS; i++)
        jobs[i] = a_job(arena_printf(&place->arena, "j%d", i).ptr, i % 3);
    int64_t run = a_run(jobs, JOBS, NULL, 0, NULL);
    store_close(&store);
    for (int i = 0; i < WORKERS; i++)
        if ((workers[i] = fork()) == 0) {
            int failed = work_alone(place->db, i);
            if (failed)
                fprintf(stderr, "worker %d: %s\n", i, err.text);
            _exit(failed);
        }
    for (int i = 0; i < WORKERS; i++) {
        int status = -1;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        assert_int_equal(status, 0);
    }
    reopen();
    assert_ok(store_check(store, &err));
    assert_ok(store_run_totals(store, run, &totals, &err));
    assert_int_equal(totals.by_state[STATE_DONE], JOBS);
}

static void test_many_make_the_database_at_once(void **state)
{
    (void)state;
    enum { OPENERS = 4 };
    pid_t openers[OPENERS];
    const char *fresh = file_join(&place->arena, str_from(place->dir), STR("fresh.db")).ptr;
    for (int i = 0; i < OPENERS; i++)
        if ((openers[i] = fork()) == 0) {
            int failed = work_alone(fresh, i);
            if (failed)
                fprintf(stderr, "opener %d: %s\n", i, err.text);
            _exit(failed);
        }
    for (int i = 0; i < OPENERS; i++) {
        int status = -1;
        assert_int_equal(waitpid(openers[i], &status, 0), openers[i]);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_run_from_start_to_end),
        TEST(test_records_of_an_attempt),
        TEST(test_stale_completions_are_refused),
        TEST(test_a_drone_that_starts_anew_gives_back),
        TEST(test_retry_backoff_and_failure),
        TEST(test_new_recipes_are_a_new_chance),
        TEST(test_hints_have_a_record),
        TEST(test_infrastructure_never_counts),
        TEST(test_admission_chooses),
        TEST(test_cycles_and_doubles_are_refused),
        TEST(test_addendum),
        TEST(test_failure_memory_and_learning),
        TEST(test_durations_are_learned),
        TEST(test_cancel_and_resume),
        TEST(test_control),
        TEST(test_jobs_that_begin_ended),
        TEST(test_other_files_are_left_alone),
        TEST(test_processes_share_the_work),
        TEST(test_many_make_the_database_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
