#include "run/run.h"

#include "base/buf.h"
#include "base/json.h"
#include "build/recipe.h"
#include "fleet/critical_path.h"
#include "fleet/estimate.h"
#include "image/arch.h"
#include "run/packs.h"
#include "store/history.h"
#include "run/strategy.h"

static const char run_builds_key[] = "image:builds", run_tests_key[] = "image:test-root";

static size_t run_add_job(struct run *run, enum spec_kind kind, size_t node, struct str key,
                          struct str name, struct str version, struct str target)
{
    size_t index = run->jobs.len;
    struct run_job *job = vec_push(&run->jobs, run->arena);
    job->kind = kind;
    job->node = node;
    job->key = key;
    job->name = name;
    job->version = version;
    job->target = target;
    *map_at(&run->by_key, run->arena, key) = (void *)(uintptr_t)(index + 1);
    return index;
}

/* Index of the job with that key, or RUN_NO_NODE. */
static size_t run_find(const struct run *run, struct str key)
{
    uintptr_t index = (uintptr_t)map_get(&run->by_key, key);
    return index ? index - 1 : RUN_NO_NODE;
}

static void run_add_need(struct run *run, size_t job, size_t needs)
{
    if (job != RUN_NO_NODE && needs != RUN_NO_NODE)
        *vec_push(&run->needs, run->arena) =
            (struct store_edge){.job = (int64_t)job, .needs = (int64_t)needs};
}

static bool run_is_target(const struct run *run, const struct graph_node *node)
{
    return str_eq(node->target, run->graph.target);
}

bool run_is_output(const struct run *run, size_t index)
{
    const struct graph_node *node = &run->graph.nodes[index];
    return node->kind == GRAPH_WHEEL && run_is_target(run, node) &&
           index < run_plan_graph(run->plan)->nodes_len;
}

/* Whether this machine is the target. */
static bool run_is_at_home(const struct run *run)
{
    return arch_find(run_plan_config(run->plan)->arch) == arch_host();
}

static bool run_note_record(void *state, const struct store_record *record, struct err *err)
{
    (void)err;
    strategy_note(state, record->strategy, record->class, record->count, record->last);
    return true;
}

/* The strategies for a package in the order of its record; an empty name has none. */
static bool run_order(const struct run *run, struct str name, struct strategy_order *order,
                      struct err *err)
{
    struct strategy_record record = {0};
    if (name.len &&
        !store_record_each(run->store, name, run->graph.target, run_note_record, &record, err))
        return false;
    *order = strategy_order(&record, run_is_at_home(run));
    return true;
}

/* Of a package, or (an empty name) of what is nobody's. */
static struct str run_way(const struct run *run, struct str name,
                          const struct strategy_order *order)
{
    struct str asked = run_strategy_of(run->config, name);
    return str_eq(asked, STR("auto")) ? order->at[0] : asked;
}

/* The shared images, made by jobs of their own the first time something needs them. */
static size_t run_image(struct run *run, const char *key)
{
    size_t index = run_find(run, str_from(key));
    if (index != RUN_NO_NODE)
        return index;
    struct str name = str_from_pos(str_from(key), sizeof "image:" - 1);
    index =
        run_add_job(run, SPEC_IMAGE, RUN_NO_NODE, str_from(key), name, STR(""), run->graph.target);
    const struct strategy_record none = {0};
    const struct strategy_order order = strategy_order(&none, run_is_at_home(run));
    run->jobs.at[index].strategy = run_way(run, STR(""), &order);
    return index;
}

static enum spec_kind run_kind(const struct graph_node *node)
{
    if (node->kind == GRAPH_REQUIRES)
        return SPEC_REQUIRES;
    return node->action == GRAPH_REUSE ? SPEC_FETCH : SPEC_WHEEL;
}

/* What worked last for the package starts its next build, and what the plan tried before. */
static void run_begin_course(struct run *run, struct run_job *job)
{
    const struct remedy_course *course = run_plan_course(run->plan, job->name, job->version);
    struct spec_list learned =
        learned_recipes(run->learned, job->name, run_plan_recipes(run->plan, job->name, run->arena),
                        run_plan_config(run->plan)->system_recipes, run->arena);
    remedy_begin(run->remedies, &job->course, learned, (struct spec_list){0});
    if (!course)
        return;
    remedy_begin(run->remedies, &job->course,
                 (struct spec_list){course->recipes.at, course->recipes.len},
                 (struct spec_list){course->hints.at, course->hints.len});
    if (job->kind != SPEC_WHEEL)
        return;
    for (size_t i = 0; i < course->outcomes.len; i++)
        *vec_push(&job->course.outcomes, run->arena) = course->outcomes.at[i];
    for (size_t i = 0; i < course->inferences.len; i++)
        *vec_push(&job->course.inferences, run->arena) = course->inferences.at[i];
}

/* What the job of a node begins with, and what it may go on to. */
static bool run_choose_strategy(struct run *run, const struct graph_node *node, struct run_job *job,
                                struct err *err)
{
    if (job->kind == SPEC_FETCH) {
        job->strategy = STR("");
        return true;
    }
    if (!run_is_target(run, node) && node->kind == GRAPH_WHEEL) {
        job->strategy = STR("native");
        return true;
    }
    if (node->kind == GRAPH_REQUIRES) { /* asked by the build machine's Python: it records facts */
        job->strategy = run_is_at_home(run) ? STR("native") : STR("cross");
        run_begin_course(run, job);
        return true;
    }
    if (!run_order(run, node->name, &job->order, err))
        return false;
    job->strategy = run_way(run, job->name, &job->order);
    run_begin_course(run, job);
    return true;
}

/* What the user asks for, the packs that the plan names, then what was learned. */
static struct spec_list run_asked_recipes(const struct run *run, const struct run_job *job,
                                          struct arena *arena)
{
    const struct graph_node *node = &run->graph.nodes[job->node];
    struct spec_list asked = packs_words(node->packs, node->packs_len,
                                         run_plan_recipes(run->plan, job->name, arena), arena);
    return spec_list_join(
        asked, (struct spec_list){job->course.recipes.at, job->course.recipes.len}, arena);
}

/*
 * A pack is built by a job of its own, once for all that wait for it and behind the packs that it
 * needs. An unknown one has none: the attempt says so.
 */
static size_t run_pack(struct run *run, struct str name)
{
    const struct pack_recipes *recipes = run_plan_packs(run->plan);
    size_t at = pack_recipes_find(recipes, name);
    struct str key = arena_printf(run->arena, "pack:" STR_FMT, STR_ARG(name));
    size_t index = run_find(run, key);
    if (index != RUN_NO_NODE || at == recipes->len)
        return index;
    const struct pack_recipe *recipe = &recipes->at[at];
    size_t images = run_image(run, run_builds_key);
    index = run_add_job(run, SPEC_IMAGE, RUN_NO_NODE, key, key, STR(""), run->graph.target);
    run->jobs.at[index].strategy = run->jobs.at[images].strategy;
    run_add_need(run, index, images);
    for (size_t i = 0; i < recipe->needs.len; i++) /* the catalogue has no circle */
        run_add_need(run, index, run_pack(run, recipe->needs.at[i]));
    return index;
}

/* Of what is asked for and planned; packs that hints brought may give way to something else. */
static void run_add_packs(struct run *run, size_t index)
{
    const struct run_job *job = &run->jobs.at[index];
    const struct graph_node *node = &run->graph.nodes[job->node];
    struct spec_list asked = run_plan_recipes(run->plan, job->name, run->arena);
    struct spec_list words = packs_words(node->packs, node->packs_len, asked, run->arena);
    struct spec_list names = recipe_values(words, STR("pack"), run->arena);
    for (size_t i = 0; i < names.len; i++)
        run_add_need(run, index, run_pack(run, names.at[i]));
}

static bool run_add_node(struct run *run, size_t index, struct err *err)
{
    const struct graph_node *node = &run->graph.nodes[index];
    enum spec_kind kind = run_kind(node);
    size_t job = run_add_job(run, kind, index, node->id, node->name, node->version, node->target);
    *vec_push(&run->wheel_of, run->arena) = job;
    if (node->action == GRAPH_SKIP) { /* cannot be had; what needs it waits in vain and says so */
        run->jobs.at[job].ended = true;
        run->jobs.at[job].result.why = node->why;
        return true;
    }
    if (!run_choose_strategy(run, node, &run->jobs.at[job], err))
        return false;
    if (kind == SPEC_FETCH)
        return true;
    run_add_need(run, job, run_image(run, run_builds_key));
    if (run_is_target(run, node) || kind == SPEC_REQUIRES)
        run_add_packs(run, job);
    return true;
}

/* Where a walk over the graph stands in one node. */
struct run_step {
    size_t node, edge;
};

/* Marks are kept from one walk to the next, so that each costs what it finds. */
const size_t *run_runtime(struct run *run, size_t node, struct arena *arena, size_t *len)
{
    ARENA_AUTO struct arena scratch = {0};
    VEC(struct run_step) path = {0};
    VEC(size_t) order = {0};
    while (run->reached.len < run->graph.nodes_len)
        *vec_push(&run->reached, run->arena) = 0;
    run->walk++;
    for (size_t next = node; next != RUN_NO_NODE || path.len;) {
        if (next != RUN_NO_NODE) {
            run->reached.at[next] = run->walk;
            *vec_push(&order, arena) = next;
            *vec_push(&path, &scratch) = (struct run_step){next, 0};
        }
        struct run_step *step = &path.at[path.len - 1];
        const struct graph_node *at = &run->graph.nodes[step->node];
        next = RUN_NO_NODE;
        while (next == RUN_NO_NODE && step->edge < at->edges_len) {
            const struct graph_edge *edge = &at->edges[step->edge++];
            if (edge->type != GRAPH_BUILD_REQUIRES && run->reached.at[edge->to] != run->walk)
                next = edge->to;
        }
        if (next == RUN_NO_NODE)
            path.len--;
    }
    *len = order.len;
    return order.at;
}

static void run_add_test(struct run *run, size_t index)
{
    ARENA_AUTO struct arena scratch = {0};
    const struct graph_node *node = &run->graph.nodes[index];
    size_t test = RUN_NO_NODE;
    if (run_is_output(run, index) && node->action != GRAPH_SKIP) {
        struct str key = arena_printf(run->arena, "test:" STR_FMT, STR_ARG(node->id));
        size_t len;
        test = run_add_job(run, SPEC_TEST, index, key, node->name, node->version, node->target);
        run_add_need(run, test, run_image(run, run_tests_key));
        const size_t *closure = run_runtime(run, index, &scratch, &len);
        for (size_t i = 0; i < len; i++)
            run_add_need(run, test, run->wheel_of.at[closure[i]]);
    }
    *vec_push(&run->test_of, run->arena) = test;
}

/*
 * What packages also link against: the build machine's copy is for importing, headers and
 * archives come from the target's wheel of that version, which the plan has as a run-time
 * requirement. A build by the target's own Python has it anyway.
 */
static const struct str run_linked[] = {STR_INIT("numpy")};

static void run_add_linked(struct run *run, size_t index)
{
    struct run_job *job = &run->jobs.at[index];
    size_t env_len = job->env.len;
    if (job->kind != SPEC_WHEEL || !run_is_target(run, &run->graph.nodes[job->node]))
        return;
    for (size_t i = 0; i < env_len; i++) {
        const struct graph_node *node = &run->graph.nodes[job->env.at[i]];
        bool linked = false;
        for (size_t k = 0; k < sizeof run_linked / sizeof *run_linked; k++)
            linked = linked || str_eq(node->name, run_linked[k]);
        if (!linked || run_is_target(run, node))
            continue;
        struct str id =
            arena_printf(run->arena, "wheel:" STR_FMT ":" STR_FMT "==" STR_FMT,
                         STR_ARG(run->graph.target), STR_ARG(node->name), STR_ARG(node->version));
        size_t own = graph_find(&run->graph, id);
        if (own == run->graph.nodes_len || run->graph.nodes[own].action == GRAPH_SKIP)
            continue;
        *vec_push(&job->env, run->arena) = own;
        run_add_need(run, index, run->wheel_of.at[own]);
    }
}

void run_set_env(struct run *run, size_t index, const struct graph_edge *edges, size_t len)
{
    run->jobs.at[index].env.len = 0;
    for (size_t i = 0; i < len; i++) {
        size_t to = edges[i].to;
        if (edges[i].type != GRAPH_BUILD_REQUIRES)
            continue;
        if (run->graph.nodes[to].kind == GRAPH_WHEEL)
            *vec_push(&run->jobs.at[index].env, run->arena) = to;
        run_add_need(run, index, run->wheel_of.at[to]);
    }
    run_add_linked(run, index);
}

bool run_add_nodes(struct run *run, size_t first, struct err *err)
{
    for (size_t i = first; i < run->graph.nodes_len; i++)
        if (!run_add_node(run, i, err))
            return false;
    for (size_t i = first; i < run->graph.nodes_len; i++) {
        const struct graph_node *node = &run->graph.nodes[i];
        if (node->action == GRAPH_MAKE)
            run_set_env(run, run->wheel_of.at[i], node->edges, node->edges_len);
    }
    for (size_t i = first; i < run->graph.nodes_len; i++)
        run_add_test(run, i);
    return true;
}

/* ---- order of work ---- */

/* Guesses where nothing was learned, in milliseconds: what such jobs take on a small machine. */
static int64_t run_guess(const struct run *run, const struct run_job *job,
                         const struct estimate_history *history)
{
    const struct store_learned *learned = map_get(&run->learned->packages, job->name);
    static const int64_t flat[] = {[SPEC_FETCH] = 500,
                                   [SPEC_REQUIRES] = 1500,
                                   [SPEC_METADATA] = 1500,
                                   [SPEC_TEST] = 3000,
                                   [SPEC_IMAGE] = 30000};
    if (job->kind != SPEC_WHEEL)
        return flat[job->kind];
    struct estimate_features features = {
        .learned_ms = learned ? learned->duration_ms : 0,
        .source_bytes = (int64_t)run->graph.nodes[job->node].source.size,
        .compiled = true,
    };
    return estimate_duration_ms(history, &features);
}

static bool run_prioritize(struct run *run, struct store_job_new *jobs, size_t first_job,
                           struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    size_t count = run->jobs.len;
    int64_t *durations = ARENA_ARRAY(&scratch, int64_t, count);
    int64_t *priorities = ARENA_ARRAY(&scratch, int64_t, count);
    struct critical_path_edge *edges =
        ARENA_ARRAY(&scratch, struct critical_path_edge, run->needs.len);
    VEC(int64_t) known = {0};
    enum critical_path_schedule schedule = SCHEDULE_CRITICAL_PATH;
    for (size_t i = 0; i < run->learned->packages.len; i++)
        *vec_push(&known, &scratch) =
            ((const struct store_learned *)run->learned->packages.entries[i].value)->duration_ms;
    struct estimate_history history = estimate_open(&scratch, known.at, known.len);
    if (!critical_path_parse(run->config->schedule, &schedule))
        return err_set(err, ERR_USAGE, "no schedule is called " STR_FMT,
                       STR_ARG(run->config->schedule));
    for (size_t i = 0; i < count; i++)
        durations[i] = run->jobs.at[i].estimate_ms = run_guess(run, &run->jobs.at[i], &history);
    for (size_t i = 0; i < run->needs.len; i++)
        edges[i] = (struct critical_path_edge){.job = (size_t)run->needs.at[i].job,
                                               .needs = (size_t)run->needs.at[i].needs};
    if (!critical_path_prioritize(schedule, durations, count, edges, run->needs.len, priorities,
                                  err))
        return false;
    for (size_t i = first_job; i < count; i++) {
        jobs[i - first_job].priority = priorities[i];
        jobs[i - first_job].estimate_ms = durations[i];
    }
    return true;
}

struct store_graph run_store_graph(struct run *run, size_t first_job, size_t first_need)
{
    size_t count = run->jobs.len - first_job;
    struct store_job_new *jobs = ARENA_ARRAY(run->arena, struct store_job_new, count);
    struct store_edge *edges =
        ARENA_ARRAY(run->arena, struct store_edge, run->needs.len - first_need);
    struct err ignored = {0};
    for (size_t i = 0; i < count; i++) {
        const struct run_job *job = &run->jobs.at[first_job + i];
        jobs[i] = (struct store_job_new){.key = job->key,
                                         .kind = str_from(spec_kind_name(job->kind)),
                                         .name = job->name,
                                         .version = job->version,
                                         .target = job->target,
                                         .spec = STR("{}"),
                                         .ended = job->ended ? STATE_SKIPPED : STATE_NONE,
                                         .why = job->result.why};
    }
    (void)!run_prioritize(run, jobs, first_job, &ignored); /* an order of work is no condition */
    for (size_t i = first_need; i < run->needs.len; i++) {
        struct store_edge edge = run->needs.at[i];
        /* Jobs that the store knows go by their number, new ones by their place. */
        edge.job = (size_t)edge.job < first_job ? STORE_JOB(run->jobs.at[edge.job].id)
                                                : edge.job - (int64_t)first_job;
        edge.needs = (size_t)edge.needs < first_job ? STORE_JOB(run->jobs.at[edge.needs].id)
                                                    : edge.needs - (int64_t)first_job;
        edges[i - first_need] = edge;
    }
    return (struct store_graph){.jobs = jobs,
                                .job_count = count,
                                .edges = edges,
                                .edge_count = run->needs.len - first_need};
}

/* --skip-known-failures: builds that failed before for this target, whatever changed since. */
static bool run_skip_known(struct run *run, struct err *err)
{
    for (size_t i = 0; i < run->jobs.len && run->config->skip_known_failures; i++) {
        struct run_job *job = &run->jobs.at[i];
        struct store_failure failure;
        bool known = false;
        if (job->kind != SPEC_WHEEL || job->ended)
            continue;
        if (!store_failure_known(run->store, job->name, job->version, job->target, run->arena,
                                 &known, &failure, err))
            return false;
        if (!known)
            continue;
        job->ended = job->known_failure = true;
        job->result.why =
            arena_printf(run->arena, "skipped, it failed before (" STR_FMT "): " STR_FMT,
                         STR_ARG(failure.class), STR_ARG(failure.detail));
    }
    return true;
}

bool run_make_jobs(struct run *run, struct err *err)
{
    if (!run_add_nodes(run, 0, err) || !run_skip_known(run, err))
        return false;
    struct store_graph graph = run_store_graph(run, 0, 0);
    struct store_run_new made = {.title = STR("refinery run"),
                                 .target = run->graph.target,
                                 .max_attempts = run->config->max_attempts,
                                 .backoff_base_ms = run->config->backoff_base_ms,
                                 .backoff_max_ms = run->config->backoff_max_ms};
    int64_t *ids = ARENA_ARRAY(run->arena, int64_t, graph.job_count);
    if (!store_run_create(run->store, &made, &graph, clock_wall_ms(run->config->clock), &run->id,
                          ids, err))
        return false;
    for (size_t i = 0; i < graph.job_count; i++)
        run->jobs.at[i].id = ids[i];
    return true;
}

/* ---- the slot's spec ---- */

static struct spec_file run_node_file(const struct run *run, size_t node)
{
    const struct graph_source *source = &run->graph.nodes[node].source;
    const struct run_job *job = &run->jobs.at[run->wheel_of.at[node]];
    if (job->good && job->result.sha256.len) /* fetched or built: known by its digest now */
        return (struct spec_file){.filename = job->result.file,
                                  .url = source->path.len ? source->path : source->url,
                                  .sha256 = job->result.sha256};
    return (struct spec_file){.filename = source->filename,
                              .url = source->path.len ? source->path : source->url,
                              .sha256 = source->sha256};
}

static struct spec_files run_node_files(const struct run *run, const size_t *nodes, size_t len,
                                        struct arena *arena)
{
    struct spec_file *files = ARENA_ARRAY(arena, struct spec_file, len);
    for (size_t i = 0; i < len; i++)
        files[i] = run_node_file(run, nodes[i]);
    return (struct spec_files){files, len};
}

/* In a cross build the target's own wheels are there to link against, not to import. */
static void run_spec_environment(const struct run *run, const struct run_job *job,
                                 struct arena *arena, struct spec *spec)
{
    VEC(size_t) requires = {0}, linked = {0};
    bool cross = str_eq(job->strategy, STR("cross"));
    for (size_t i = 0; i < job->env.len; i++) {
        if (cross && run_is_target(run, &run->graph.nodes[job->env.at[i]]))
            *vec_push(&linked, arena) = job->env.at[i];
        else
            *vec_push(&requires, arena) = job->env.at[i];
    }
    spec->requires = run_node_files(run, requires.at, requires.len, arena);
    spec->linked = run_node_files(run, linked.at, linked.len, arena);
}

/* The files of the recipes' "patch:" words; what they hold decides, not what they are called. */
static struct spec_files run_patches(const struct run *run, struct spec_list recipes,
                                     struct arena *arena)
{
    struct spec_list names = recipe_values(recipes, STR("patch"), arena);
    struct spec_file *files = ARENA_ARRAY(arena, struct spec_file, names.len);
    for (size_t i = 0; i < names.len; i++)
        files[i] = (struct spec_file){.filename = names.at[i],
                                      .url = arena_printf(arena, STR_FMT "/patches/" STR_FMT,
                                                          STR_ARG(run->config->cache),
                                                          STR_ARG(names.at[i]))};
    return (struct spec_files){files, names.len};
}

void run_spec(struct run *run, const struct run_job *job, struct arena *arena, struct spec *spec)
{
    const struct run_config *config = run->config;
    const struct run_retry *retry = run_retry_of(config, job->name);
    *spec = (struct spec){.kind = job->kind,
                          .name = job->name,
                          .version = job->version,
                          .python = run_plan_config(run->plan)->python,
                          .arch = run_plan_config(run->plan)->arch,
                          .platform_tag = run_plan_config(run->plan)->platform_tag,
                          .max_machine = run_plan_config(run->plan)->max_machine,
                          .strict_floor = config->strict_floor,
                          .strategy = job->strategy,
                          .preset = config->preset,
                          .image = run_plan_config(run->plan)->image,
                          .cache = config->cache,
                          .mirror = config->mirror,
                          .keyring = run_plan_config(run->plan)->keyring,
                          .net = *run_plan_net(run->plan),
                          .packs = run_plan_config(run->plan)->packs,
                          .cpu_milli = config->cpu_milli,
                          .memory_bytes = config->memory_bytes,
                          .timeout_ms = config->attempt_timeout_ms,
                          .silence_ms = config->silence_ms,
                          .retry_failed =
                              run_plan_config(run->plan)->retry_failed || (retry && retry->asked)};
    if (job->node == RUN_NO_NODE) {
        if (str_starts(job->key, STR("pack:"))) /* a recipe word, as it is */
            spec->recipes = (struct spec_list){&job->key, 1};
        return;
    }
    const struct graph_node *node = &run->graph.nodes[job->node];
    spec->for_build_machine =
        job->kind == SPEC_FETCH || job->kind == SPEC_WHEEL ? !run_is_target(run, node) : false;
    spec->gather = config->gather && !spec->for_build_machine &&
                   (job->kind == SPEC_WHEEL || job->kind == SPEC_TEST);
    if (job->kind == SPEC_TEST) {
        size_t len;
        const size_t *closure = run_runtime(run, job->node, arena, &len);
        spec->wheels = run_node_files(run, closure, len, arena);
        return;
    }
    spec->source =
        (struct spec_file){.filename = node->source.filename,
                           .url = node->source.path.len ? node->source.path : node->source.url,
                           .sha256 = node->source.sha256};
    spec->commit = node->source.commit;
    run_spec_environment(run, job, arena, spec);
    if (job->kind != SPEC_FETCH)
        spec->recipes =
            recipe_for(job->name, spec->requires, run_asked_recipes(run, job, arena), arena);
    spec->patches = run_patches(run, spec->recipes, arena);
}
