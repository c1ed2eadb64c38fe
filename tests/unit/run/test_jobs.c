/* Jobs and edges of a graph made by hand, and what ends of attempts decide. The plan is this
 * test's own: it answers run/plan.h. */
#include "run/run.h"

#include <stdlib.h>
#include <string.h>

#include "../store/place.h"
#include "build/recipe.h"
#include "drone/agent.h"
#include "image/arch.h"
#include "unit.h"

struct run_plan {
    struct run_plan_config config;
    struct graph graph;
    struct pack_recipes packs;
    bool refuses; /* run_plan_extend finds no solution */
    size_t extended;
    bool hybrid;
    struct learned learned;
    struct remedies remedies;
    struct remedy_course asked; /* of a */
};

const struct graph *run_plan_graph(const struct run_plan *plan)
{
    return &plan->graph;
}

const struct run_plan_config *run_plan_config(const struct run_plan *plan)
{
    return &plan->config;
}

const struct pack_recipes *run_plan_packs(const struct run_plan *plan)
{
    return &plan->packs;
}

struct spec_list run_plan_recipes(const struct run_plan *plan, struct str name, struct arena *arena)
{
    (void)plan;
    (void)name;
    (void)arena;
    return (struct spec_list){0};
}

struct learned *run_plan_learned(struct run_plan *plan)
{
    return &plan->learned;
}

struct remedies *run_plan_remedies(struct run_plan *plan)
{
    return &plan->remedies;
}

const struct remedy_course *run_plan_course(const struct run_plan *plan, struct str name,
                                            struct str version)
{
    return str_eq(name, STR("a")) && str_eq(version, STR("1")) ? &plan->asked : NULL;
}

const struct spec_net *run_plan_net(const struct run_plan *plan)
{
    return &plan->config.net;
}

bool run_plan_extend(struct run_plan *plan, const struct graph *graph, size_t wheel, bool on_target,
                     struct spec_list requires, struct graph_extension *extension,
                     struct str *explanation, struct err *err)
{
    (void) requires;
    plan->extended++;
    plan->hybrid = on_target;
    if (plan->refuses) {
        *explanation = STR("there is no tool of that name");
        return err_set(err, ERR_UNSAT, "no");
    }
    *extension = (struct graph_extension){.graph = *graph,
                                          .edges = graph->nodes[wheel].edges,
                                          .edges_len = graph->nodes[wheel].edges_len,
                                          .first_new = graph->nodes_len};
    return true;
}

#define TARGET "cp311-s390x"

enum { TOOL, ASK, A, B, C, GONE, NODES };

/* a is built with tool (after asking), b and c are wheels that need each other and a, gone cannot
 * be had. */
static const struct graph_edge a_edges[] = {{GRAPH_BUILD_REQUIRES, TOOL},
                                            {GRAPH_BUILD_REQUIRES, ASK}};
static const struct graph_edge ask_edges[] = {{GRAPH_BUILD_REQUIRES, TOOL}};
static const struct graph_edge b_edges[] = {{GRAPH_RUNTIME, A}, {GRAPH_RUNTIME_LOOSE, C}};
static const struct graph_edge c_edges[] = {{GRAPH_RUNTIME_LOOSE, B}};

/* The second is one that the first needs. */
static const struct str a_packs[] = {STR_INIT("libxslt"), STR_INIT("libxml2")};

#define NODE(n, k, a, t, e, len)                                                                   \
    {                                                                                              \
        .id = STR_INIT(n "-id"), .kind = k, .action = a, .name = STR_INIT(n),                      \
        .version = STR_INIT("1"), .target = STR_INIT(t), .edges = e, .edges_len = len, .source = { \
            .filename = STR_INIT(n ".file"),                                                       \
            .url = STR_INIT("https://h/" n)                                                        \
        }                                                                                          \
    }

static const struct graph_node nodes[NODES] = {
    [TOOL] = NODE("tool", GRAPH_WHEEL, GRAPH_REUSE, "build", NULL, 0),
    [ASK] = NODE("ask", GRAPH_REQUIRES, GRAPH_MAKE, "build", ask_edges, 1),
    [A] = NODE("a", GRAPH_WHEEL, GRAPH_MAKE, TARGET, a_edges, 2),
    [B] = NODE("b", GRAPH_WHEEL, GRAPH_REUSE, TARGET, b_edges, 2),
    [C] = NODE("c", GRAPH_WHEEL, GRAPH_REUSE, TARGET, c_edges, 1),
    [GONE] = NODE("gone", GRAPH_WHEEL, GRAPH_SKIP, TARGET, NULL, 0),
};

struct yard {
    struct place *place;
    struct graph_node nodes[NODES];
    struct run_config config;
    struct run_plan plan;
    struct run_watch watch;
    struct run run;
};

/* A target that this machine is not, so that auto begins with cross. */
static struct str elsewhere(void)
{
    return arch_host() == arch_find(STR("s390x")) ? STR("aarch64") : STR("s390x");
}

static int yard_make(void **state)
{
    static struct err err;
    struct yard *yard = calloc(1, sizeof *yard);
    int64_t reclaimed;
    struct store_drone_new drone = {.name = STR("local"), .kind = STR("local")};
    yard->place = place_make();
    yard->config = (struct run_config){.strategy = STR("auto"),
                                       .schedule = STR("critical-path"),
                                       .preset = STR("debian"),
                                       .cache = str_from(yard->place->dir),
                                       .max_attempts = 3,
                                       .clock = clock_system()};
    yard->plan = (struct run_plan){
        .config = {.python = STR("3.11"), .arch = elsewhere(), .platform_tag = STR("tag")},
        .graph = {.nodes = yard->nodes, .nodes_len = NODES, .target = STR(TARGET)}};
    for (size_t i = 0; i < NODES; i++)
        yard->nodes[i] = nodes[i];
    yard->nodes[A].packs = a_packs;
    yard->nodes[A].packs_len = 2;
    assert_ok(pack_recipes_load(STR(""), &yard->place->arena, &yard->plan.packs, &err));
    yard->run = (struct run){.config = &yard->config,
                             .watch = &yard->watch,
                             .arena = &yard->place->arena,
                             .plan = &yard->plan,
                             .learned = &yard->plan.learned,
                             .remedies = &yard->plan.remedies,
                             .graph = yard->plan.graph};
    yard->plan.remedies = (struct remedies){
        .config = &yard->plan.config, .learned = &yard->plan.learned, .arena = &yard->place->arena};
    *vec_push(&yard->plan.asked.recipes, &yard->place->arena) = STR("apt:liba-dev");
    *vec_push(&yard->plan.asked.hints, &yard->place->arena) = STR("header");
    *vec_push(&yard->plan.asked.outcomes, &yard->place->arena) =
        (struct store_hint_outcome){STR("header"), true};
    assert_ok(store_open(yard->place->db, 1, &yard->run.store, &err));
    assert_ok(store_drone_register(yard->run.store, &drone, 1, &yard->run.drone, &reclaimed, &err));
    assert_ok(run_make_jobs(&yard->run, &err));
    *state = yard;
    return 0;
}

static int yard_remove(void **state)
{
    struct yard *yard = *state;
    store_close(&yard->run.store);
    place_free(yard->place);
    free(yard);
    return 0;
}

static size_t job(const struct run *run, const char *key)
{
    for (size_t i = 0; i < run->jobs.len; i++)
        if (str_eq(run->jobs.at[i].key, str_from(key)))
            return i;
    fail_msg("no job %s", key);
    return 0;
}

static bool needs(const struct run *run, const char *from, const char *to)
{
    for (size_t i = 0; i < run->needs.len; i++)
        if ((size_t)run->needs.at[i].job == job(run, from) &&
            (size_t)run->needs.at[i].needs == job(run, to))
            return true;
    return false;
}

static size_t count_needs(const struct run *run, const char *from)
{
    size_t count = 0;
    for (size_t i = 0; i < run->needs.len; i++)
        count += (size_t)run->needs.at[i].job == job(run, from);
    return count;
}

/* What the plan tried while it asked for metadata starts the build; its record is written once. */
static void test_asked(void **state)
{
    struct run *run = &((struct yard *)*state)->run;
    const struct remedy_course *build = &run->jobs.at[job(run, "a-id")].course;
    assert_int_equal(build->recipes.len, 1);
    assert_str(build->recipes.at[0], "apt:liba-dev");
    assert_str(build->hints.at[0], "header");
    assert_int_equal(build->outcomes.len, 1);
    assert_int_equal(run->jobs.at[job(run, "b-id")].course.recipes.len, 0);
}

static void test_jobs(void **state)
{
    const struct run *run = &((struct yard *)*state)->run;
    assert_int_equal(run->jobs.at[job(run, "tool-id")].kind, SPEC_FETCH);
    assert_int_equal(run->jobs.at[job(run, "ask-id")].kind, SPEC_REQUIRES);
    assert_int_equal(run->jobs.at[job(run, "a-id")].kind, SPEC_WHEEL);
    assert_str(run->jobs.at[job(run, "a-id")].strategy, "cross");
    assert_int_equal(run->jobs.at[job(run, "test:b-id")].kind, SPEC_TEST);
    const struct run_job *gone = &run->jobs.at[job(run, "gone-id")];
    assert_true(gone->ended && !gone->good);
    assert_int_equal(run->test_of.at[GONE], RUN_NO_NODE);
    assert_int_equal(run->test_of.at[TOOL], RUN_NO_NODE); /* not for the target */
    for (size_t i = 0; i < run->jobs.len; i++)
        assert_true(run->jobs.at[i].id > 0);
}

static void test_edges(void **state)
{
    const struct run *run = &((struct yard *)*state)->run;
    assert_true(needs(run, "a-id", "tool-id") && needs(run, "a-id", "ask-id"));
    assert_true(needs(run, "a-id", "image:builds") && needs(run, "ask-id", "image:builds"));
    assert_int_equal(count_needs(run, "tool-id"), 0);
    assert_int_equal(count_needs(run, "b-id"), 0); /* nobody waits at build time for run time */
    /* The closure of b and of c, through their cycle, and the root that they are tested in. */
    assert_true(needs(run, "test:b-id", "a-id") && needs(run, "test:b-id", "c-id"));
    assert_true(needs(run, "test:c-id", "a-id") && needs(run, "test:c-id", "b-id"));
    assert_true(needs(run, "test:c-id", "image:test-root"));
    assert_int_equal(count_needs(run, "test:c-id"), 4);
    assert_int_equal(count_needs(run, "test:a-id"), 2);
    const struct run_job *a = &run->jobs.at[job(run, "a-id")];
    assert_true(a->env.len == 1 && a->env.at[0] == TOOL); /* the asking is no wheel */
}

static size_t count_jobs(const struct run *run, const char *key)
{
    size_t count = 0;
    for (size_t i = 0; i < run->jobs.len; i++)
        count += str_eq(run->jobs.at[i].key, str_from(key));
    return count;
}

/* Native libraries from source are jobs too: what two wait for is made once. */
static void test_packs(void **state)
{
    struct run *run = &((struct yard *)*state)->run;
    struct spec spec;
    assert_true(needs(run, "a-id", "pack:libxslt") && needs(run, "a-id", "pack:libxml2"));
    assert_true(needs(run, "pack:libxslt", "pack:libxml2"));
    assert_true(needs(run, "pack:libxml2", "image:builds"));
    assert_int_equal(count_jobs(run, "pack:libxml2"), 1);
    assert_int_equal(count_jobs(run, "pack:zlib"), 0);
    run_spec(run, &run->jobs.at[job(run, "pack:libxslt")], run->arena, &spec);
    assert_int_equal(spec.kind, SPEC_IMAGE);
    assert_int_equal(spec.recipes.len, 1);
    assert_str(spec.recipes.at[0], "pack:libxslt");
    run_spec(run, &run->jobs.at[job(run, "a-id")], run->arena, &spec);
    assert_true(recipe_has(spec.recipes, STR("pack:libxslt")));
    assert_true(recipe_has(spec.recipes, STR("pack:libxml2")));
}

static void test_specs(void **state)
{
    struct run *run = &((struct yard *)*state)->run;
    struct spec spec;
    run_spec(run, &run->jobs.at[job(run, "a-id")], run->arena, &spec);
    assert_true(spec.kind == SPEC_WHEEL && !spec.for_build_machine && spec.requires.len == 1);
    assert_str(spec.requires.at[0].filename, "tool.file");
    assert_str(spec.source.url, "https://h/a");
    assert_true(str_eq(spec.arch, elsewhere()));
    run_spec(run, &run->jobs.at[job(run, "tool-id")], run->arena, &spec);
    assert_true(spec.for_build_machine);
    run_spec(run, &run->jobs.at[job(run, "test:c-id")], run->arena, &spec);
    assert_int_equal(spec.wheels.len, 3);
    assert_str(spec.wheels.at[0].filename, "c.file"); /* the one under test is first */
    struct run_job *a = &run->jobs.at[job(run, "a-id")];
    a->good = true;
    a->result = (struct spec_result){.file = STR("a-1-repaired.whl"), .sha256 = STR("ff")};
    run_spec(run, &run->jobs.at[job(run, "test:b-id")], run->arena, &spec);
    assert_str(spec.wheels.at[1].filename, "a-1-repaired.whl"); /* what was built */
    assert_str(spec.wheels.at[1].sha256, "ff");
}

static struct store_lease claim(struct run *run)
{
    static struct err err;
    struct store_claim asked = {.drone = run->drone, .run = run->id, .lease_ms = 600000};
    struct store_lease lease = {0};
    assert_ok(store_claim(run->store, &asked, clock_wall_ms(run->config->clock), run->arena, &lease,
                          &err));
    return lease;
}

/* Ends an attempt with that result text (empty: none); the job's index. */
static size_t settle(struct run *run, const struct store_lease *lease, const char *result,
                     struct agent_end end)
{
    static struct err err;
    size_t index = job(run, arena_cstr(run->arena, lease->job.key));
    end.result = str_from(result);
    assert_ok(run_settle(run, index, lease->attempt, lease->epoch, &end, STR("log"), 3, &err));
    return index;
}

#define GOOD "{\"outcome\":\"ok\"}"

/* The job of that key, after all the work before it ended well. */
static struct store_lease reach(struct run *run, const char *key)
{
    for (int i = 0; i < 20; i++) {
        struct store_lease lease = claim(run);
        if (!lease.attempt)
            break;
        if (str_eq(lease.job.key, str_from(key)))
            return lease;
        if (str_starts(lease.job.key, STR("test:")))
            continue; /* stays live */
        settle(run, &lease, GOOD, (struct agent_end){0});
    }
    fail_msg("%s never became ready", key);
    return (struct store_lease){0};
}

static void test_order(void **state)
{
    struct run *run = &((struct yard *)*state)->run;
    bool done[64] = {0};
    size_t count = 0;
    for (;;) {
        struct store_lease lease = claim(run);
        if (!lease.attempt)
            break;
        size_t index = job(run, arena_cstr(run->arena, lease.job.key));
        for (size_t i = 0; i < run->needs.len; i++)
            if ((size_t)run->needs.at[i].job == index)
                assert_true(done[run->needs.at[i].needs]); /* everything it needs came before */
        done[index] = true;
        count++;
        if (run->jobs.at[index].kind == SPEC_TEST) { /* its delivery is not this test's matter */
            settle(run, &lease, "{\"outcome\":\"import\"}", (struct agent_end){0});
            assert_false(run->jobs.at[index].good);
        } else {
            settle(run, &lease, GOOD, (struct agent_end){0});
            assert_true(run->jobs.at[index].good);
        }
    }
    assert_int_equal(count, run->jobs.len - 1); /* all but the one that cannot be had */
}

static void test_facts(void **state)
{
    struct yard *yard = *state;
    struct run *run = &yard->run;
    struct store_lease lease = reach(run, "a-id");
    size_t a =
        settle(run, &lease, "{\"outcome\":\"machine facts\",\"facts\":[\"setup.py:1 read x\"]}",
               (struct agent_end){0});
    assert_false(run->jobs.at[a].ended);
    assert_str(run->jobs.at[a].strategy, "hybrid");
    assert_str(run->jobs.at[a].fact, "setup.py:1 read x");
    assert_true(yard->plan.hybrid);
    lease = reach(run, "a-id"); /* again at once */
    settle(run, &lease, GOOD, (struct agent_end){0});
    assert_true(run->jobs.at[a].ended && run->jobs.at[a].good);
    assert_int_equal(run->jobs.at[a].attempts.len, 2);
}

static void test_facts_without_choice(void **state)
{
    struct yard *yard = *state;
    struct run *run = &yard->run;
    yard->config.strategy = STR("cross");
    struct store_lease lease = reach(run, "a-id");
    size_t a = settle(run, &lease, "{\"outcome\":\"machine facts\"}", (struct agent_end){0});
    assert_true(run->jobs.at[a].ended && !run->jobs.at[a].good);
    assert_str(run->jobs.at[a].strategy, "cross");
}

static void test_facts_of_the_asking(void **state)
{
    struct yard *yard = *state;
    struct run *run = &yard->run;
    struct store_lease lease = reach(run, "ask-id");
    settle(run, &lease, "{\"outcome\":\"ok\",\"requires\":[\"x\"],\"facts\":[\"f\"]}",
           (struct agent_end){0});
    assert_str(run->jobs.at[job(run, "a-id")].strategy, "hybrid");
    assert_str(run->jobs.at[job(run, "a-id")].fact, "f");
    assert_int_equal(run->jobs.at[job(run, "a-id")].asked.len, 1);
}

static void test_answer_that_cannot_be_had(void **state)
{
    struct yard *yard = *state;
    struct run *run = &yard->run;
    yard->plan.refuses = true;
    struct store_lease lease = reach(run, "ask-id");
    size_t ask =
        settle(run, &lease, "{\"outcome\":\"ok\",\"requires\":[\"x\"]}", (struct agent_end){0});
    assert_true(run->jobs.at[ask].ended && !run->jobs.at[ask].good);
    assert_true(str_find(run->jobs.at[ask].result.why, STR("no tool of that name")) <
                run->jobs.at[ask].result.why.len);
}

static void test_failures(void **state)
{
    /* One strategy after the other at once, each only once: the same again is no use. */
    static const char *const strategies[] = {"cross", "hybrid", "emulate"};
    struct run *run = &((struct yard *)*state)->run;
    size_t a = job(run, "a-id");
    for (size_t i = 0; i < 3; i++) {
        struct store_lease lease = reach(run, "a-id");
        assert_false(run->jobs.at[a].ended);
        assert_str(run->jobs.at[a].strategy, strategies[i]);
        settle(run, &lease, "{\"outcome\":\"build\",\"why\":\"the compiler crashed\"}",
               (struct agent_end){.process = {.end = PROC_EXITED}});
        assert_str(run->jobs.at[a].attempts.at[i].strategy, strategies[i]);
        assert_str(run->jobs.at[a].attempts.at[i].failure_class, "build");
    }
    assert_true(run->jobs.at[a].ended && !run->jobs.at[a].good);
    assert_str(run->jobs.at[a].fact, "hybrid failed: the compiler crashed");
}

static void test_failures_without_choice(void **state)
{
    struct yard *yard = *state;
    struct run *run = &yard->run;
    yard->config.strategy = STR("hybrid");
    struct store_lease lease = reach(run, "a-id");
    size_t a = settle(run, &lease, "{\"outcome\":\"build\",\"why\":\"the compiler crashed\"}",
                      (struct agent_end){.process = {.end = PROC_EXITED}});
    assert_true(run->jobs.at[a].ended && !run->jobs.at[a].good);
}

static void test_fetch_is_tried_again(void **state)
{
    struct run *run = &((struct yard *)*state)->run;
    struct store_lease lease = reach(run, "tool-id");
    size_t tool = settle(run, &lease, "{\"outcome\":\"fetch\"}", (struct agent_end){0});
    assert_false(run->jobs.at[tool].ended);
    assert_true(run->jobs.at[tool].wake_ms > 0);
}

static void test_without_result(void **state)
{
    struct run *run = &((struct yard *)*state)->run;
    static const struct {
        enum proc_end end;
        const char *result;
        enum spec_outcome outcome;
    } rows[] = {{PROC_SIGNALED, "", SPEC_ENVIRONMENT}, {PROC_EXITED, "{broken", SPEC_ENVIRONMENT}};
    size_t index = RUN_NO_NODE;
    for (size_t i = 0; i < 2; i++) {
        struct store_lease lease = claim(run);
        index = settle(run, &lease, rows[i].result,
                       (struct agent_end){.process = {.end = rows[i].end, .code = 9}});
        assert_int_equal(run->jobs.at[index].result.outcome, rows[i].outcome);
        assert_true(str_find(run->jobs.at[index].result.why, STR("without a result")) <
                    run->jobs.at[index].result.why.len);
    }
}

/* A stopped attempt costs nothing and leaves no trace. */
static void test_cancelled(void **state)
{
    struct run *run = &((struct yard *)*state)->run;
    struct store_lease lease = claim(run);
    size_t index = settle(run, &lease, GOOD, (struct agent_end){.cancelled = true});
    assert_true(!run->jobs.at[index].ended && !run->jobs.at[index].good);
    assert_int_equal(run->jobs.at[index].attempts.len, 0);
    struct store_lease again = claim(run);
    assert_true(str_eq(again.job.key, lease.job.key) && again.epoch > lease.epoch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, yard_make, yard_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_jobs),
        TEST(test_asked),
        TEST(test_edges),
        TEST(test_packs),
        TEST(test_specs),
        TEST(test_order),
        TEST(test_facts),
        TEST(test_facts_without_choice),
        TEST(test_failures),
        TEST(test_failures_without_choice),
        TEST(test_facts_of_the_asking),
        TEST(test_fetch_is_tried_again),
        TEST(test_answer_that_cannot_be_had),
        TEST(test_cancelled),
        TEST(test_without_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
