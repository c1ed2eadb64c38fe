/*
 * Properties: whatever is done to a store, in whatever order, by several drones, with deaths in
 * between (the store is closed without a word and opened again), its rows agree with each other,
 * every step of a job is in the table, and what was completed stays completed.
 */
#include "place.h"

#include "store/store.h"
#include "store/verdict.h"

enum { DRONES = 3, HELD = 8, KNOWN = 512, SEEDS = 4, STEPS = 250, CHECK_EVERY = 25 };

struct world {
    struct place *place;
    struct store *store;
    uint64_t random;
    int64_t now, drones[DRONES];
    struct store_lease held[HELD]; /* live and stale ones alike */
    size_t held_count, newest;
    int64_t run;
    enum state last[KNOWN]; /* by job id */
    size_t completed, refused;
};

static struct err err;

static uint64_t pick(struct world *w, uint64_t below)
{
    w->random = w->random * 6364136223846793005U + 1442695040888963407U;
    return (w->random >> 33) % below;
}

static void open_store(struct world *w)
{
    store_close(&w->store);
    assert_ok(store_open(w->place->db, w->now, &w->store, &err));
}

static void make_run(struct world *w)
{
    struct store_job_new jobs[12];
    struct store_edge edges[20];
    size_t job_count = 1 + pick(w, 12), edge_count = 0;
    for (size_t i = 0; i < job_count; i++) {
        struct str name = arena_printf(&w->place->arena, "p%zu", i);
        jobs[i] =
            (struct store_job_new){.key = name, .name = name, .priority = (int64_t)pick(w, 5)};
        if (pick(w, 8) == 0)
            jobs[i].ended = STATE_REUSED;
        else if (pick(w, 12) == 0)
            jobs[i].ended = STATE_SKIPPED;
        for (size_t e = pick(w, 3); i && e && edge_count < 20; e--)
            edges[edge_count++] = (struct store_edge){(int64_t)i, (int64_t)pick(w, i)};
    }
    struct store_run_new run = {.max_attempts = 2, .backoff_base_ms = 100, .block_failures = 4};
    struct store_graph graph = {jobs, job_count, edges, edge_count};
    assert_ok(store_run_create(w->store, &run, &graph, w->now, &w->run, NULL, &err));
}

static void extend_run(struct world *w)
{
    struct str name = arena_printf(&w->place->arena, "x%llu", (unsigned long long)pick(w, 6));
    struct store_job_new job = {.key = name, .name = name};
    struct store_edge edge = {STORE_JOB(1 + pick(w, KNOWN / 4)), 0};
    struct store_graph graph = {&job, 1, &edge, pick(w, 2)};
    /* The job may have started, be of another run or not be there: refused as a whole. */
    if (w->run && !store_run_extend(w->store, w->run, &graph, w->now, NULL, &err))
        assert_int_equal(err.code, ERR_USAGE);
}

static enum store_admission admit(void *state, const struct store_job *job)
{
    (void)job;
    return pick(state, 4) ? ADMIT_TAKE : ADMIT_PASS;
}

static void claim(struct world *w)
{
    struct store_claim request = {.drone = w->drones[pick(w, DRONES)],
                                  .lease_ms = 50 + (int64_t)pick(w, 500),
                                  .admit = admit,
                                  .admit_state = w};
    struct store_lease lease;
    assert_ok(store_claim(w->store, &request, w->now, &w->place->arena, &lease, &err));
    if (!lease.attempt)
        return;
    size_t at = w->held_count < HELD ? w->held_count++ : pick(w, HELD);
    w->held[at] = lease;
    w->newest = at;
}

static void renew(struct world *w)
{
    static const enum state states[] = {STATE_NONE, STATE_BUILDING, STATE_UPLOADING};
    if (!w->held_count)
        return;
    const struct store_lease *lease = &w->held[pick(w, w->held_count)];
    struct store_progress progress = {.state = states[pick(w, 3)], .lease_ms = 300};
    /* Back from uploading to building is a step that the table does not have. */
    if (!store_renew(w->store, lease->attempt, lease->epoch, &progress, w->now, &err))
        assert_true(err.code == ERR_CONFLICT || err.code == ERR_USAGE);
}

static void complete(struct world *w)
{
    if (!w->held_count)
        return;
    /* Mostly a fresh one: the stale ones are there to be refused. */
    size_t at = pick(w, 3) ? w->newest : pick(w, w->held_count);
    const struct store_lease *lease = &w->held[at];
    struct digest digest = digest_of(lease->job.name);
    struct store_artifact artifact = {.name = lease->job.name, .digest = digest};
    struct store_completion completion = {.outcome = (enum store_outcome)pick(w, 8),
                                          .uncounted = pick(w, 5) == 0};
    if (completion.outcome == OUTCOME_DONE) {
        completion.artifacts = &artifact;
        completion.artifact_count = 1;
    }
    if (pick(w, 6) == 0)
        completion.next_recipes = STR("[\"apt:other\"]");
    int64_t epoch = lease->epoch + (pick(w, 10) == 0);
    if (store_complete(w->store, lease->attempt, epoch, &completion, w->now, NULL, &err)) {
        assert_int_equal(epoch, lease->epoch);
        w->completed++;
    } else {
        assert_true(err.code == ERR_CONFLICT || err.code == ERR_USAGE);
        w->refused++;
    }
}

static void control(struct world *w)
{
    if (!store_job_control(w->store, 1 + (int64_t)pick(w, 60), (enum store_control)pick(w, 5),
                           w->now, &err))
        assert_true(err.code == ERR_USAGE || err.code == ERR_NOT_FOUND);
}

static void end_run(struct world *w)
{
    bool good = true;
    if (!w->run)
        return;
    switch (pick(w, 4)) {
    case 0:
        good = store_run_cancel(w->store, w->run, w->now, &err);
        break;
    case 1:
        good = store_run_reopen(w->store, w->run, w->now, &err);
        break;
    default:
        good = store_run_finish(w->store, w->run, w->now, &err);
    }
    if (!good)
        assert_int_equal(err.code, ERR_USAGE);
}

static void start_drone(struct world *w)
{
    size_t at = pick(w, DRONES);
    struct store_drone_new drone = {.name = arena_printf(&w->place->arena, "drone-%zu", at),
                                    .kind = STR("drone")};
    assert_ok(store_drone_register(w->store, &drone, w->now, &w->drones[at], NULL, &err));
}

/* What is done stays done: only ends without a result may be opened again. */
static bool look_at_job(void *state, const struct store_job *job, struct err *e)
{
    (void)e;
    struct world *w = state;
    if (job->id >= KNOWN)
        return true;
    enum state before = w->last[job->id];
    if (state_group(before) == STATE_GOOD && before != STATE_NONE)
        assert_int_equal(job->state, before);
    w->last[job->id] = job->state;
    return true;
}

static void step(struct world *w)
{
    w->now += (int64_t)pick(w, 60);
    uint64_t what = pick(w, 100);
    if (what < 8)
        make_run(w);
    else if (what < 34)
        claim(w);
    else if (what < 44)
        renew(w);
    else if (what < 72)
        complete(w);
    else if (what < 77)
        assert_ok(store_reclaim(w->store, w->now, NULL, &err));
    else if (what < 84)
        control(w);
    else if (what < 88)
        extend_run(w);
    else if (what < 92)
        end_run(w);
    else if (what < 95)
        start_drone(w);
    else
        open_store(w);
}

static void test_random_lives(void **state)
{
    (void)state;
    size_t completed = 0, refused = 0;
    const char *more = getenv("STATES_SEEDS");
    uint64_t seeds = more ? strtoull(more, NULL, 10) : SEEDS;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct world w = {.place = place_make(), .random = seed * 977, .now = 1000};
        open_store(&w);
        for (size_t i = 0; i < DRONES; i++)
            while (!w.drones[i])
                start_drone(&w);
        make_run(&w);
        for (int i = 0; i < STEPS; i++) {
            step(&w);
            assert_ok(store_job_each(w.store, 1 + (int64_t)pick(&w, (uint64_t)w.run), look_at_job,
                                     &w, &err));
            if (i % CHECK_EVERY == 0)
                assert_ok(store_check(w.store, &err));
        }
        assert_ok(store_check(w.store, &err));
        completed += w.completed;
        refused += w.refused;
        store_close(&w.store);
        place_free(w.place);
    }
    /* The lives were eventful. */
    assert_in_range(completed, 15 * seeds, SIZE_MAX);
    assert_in_range(refused, 15 * seeds, SIZE_MAX);
}

static void test_table_of_states(void **state)
{
    (void)state;
    for (enum state from = STATE_NONE + 1; from < STATE_COUNT; from++) {
        assert_int_equal(state_parse(state_name(from)), from);
        for (enum state to = STATE_NONE + 1; to < STATE_COUNT; to++) {
            /* Nothing leaves a good end; a lease begins only at ready. */
            if (state_group(from) == STATE_GOOD)
                assert_false(state_may_step(from, to));
            if (to == STATE_LEASED && from != STATE_READY)
                assert_false(state_may_step(from, to));
        }
    }
    assert_int_equal(state_parse(STR("nonsense")), STATE_NONE);
    assert_str(state_alias(STATE_RETRY), "needed");
    assert_str(state_alias(STATE_UPLOADING), "delegated");
    assert_str(state_alias(STATE_CACHED), "received");
    assert_false(state_may_step(STATE_WAITING, STATE_DONE));
}

static void test_verdicts(void **state)
{
    (void)state;
    const struct verdict_policy policy = {3, 5000, 60000, 5, 2};
    const int64_t waits[] = {5000, 10000, 20000, 40000, 60000, 60000};
    for (int64_t i = 0; i < 6; i++)
        assert_int_equal(verdict_backoff_ms(&policy, i + 1), waits[i]);
    assert_int_equal(verdict_backoff_ms(&policy, INT64_MAX), 60000);
    static const struct {
        struct verdict_case facts;
        enum state state;
        int64_t tries, failures;
    } cases[] = {
        {{.outcome = OUTCOME_AGAIN, .counted = true}, STATE_RETRY, 1, 1},
        {{.outcome = OUTCOME_AGAIN, .counted = true, .tries = 2, .failures = 2},
         STATE_FAILED,
         3,
         3},
        {{.outcome = OUTCOME_AGAIN,
          .counted = true,
          .tries = 2,
          .failures = 2,
          .new_recipes = true},
         STATE_RETRY,
         0,
         3},
        {{.outcome = OUTCOME_AGAIN, .counted = true, .failures = 4}, STATE_BLOCKED, 1, 5},
        {{.outcome = OUTCOME_AGAIN, .counted = true, .failing_drones = 2}, STATE_BLOCKED, 1, 1},
        {{.outcome = OUTCOME_AGAIN, .tries = 2, .failures = 4}, STATE_RETRY, 2, 4},
        {{.outcome = OUTCOME_RETURNED, .tries = 2}, STATE_READY, 2, 0},
        {{.outcome = OUTCOME_DONE, .tries = 2}, STATE_DONE, 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verdict verdict = verdict_of(&policy, &cases[i].facts);
        assert_int_equal(verdict.state, cases[i].state);
        assert_int_equal(verdict.tries, cases[i].tries);
        assert_int_equal(verdict.failures, cases[i].failures);
    }
    assert_str(verdict_status(OUTCOME_AGAIN, STATE_FAILED, STR("missing")), "missing");
    assert_str(verdict_status(OUTCOME_AGAIN, STATE_BLOCKED, STR("compile")), "blocked");
    assert_str(verdict_status(OUTCOME_AGAIN, STATE_RETRY, STR("missing")), "retry");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_of_states),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_random_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
