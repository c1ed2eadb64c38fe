#include "run/plan.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/url.h"
#include "build/recipe.h"
#include "build/slot.h"
#include "image/arch.h"
#include "image/preset.h"
#include "index/provider.h"
#include "os/file.h"
#include "pkg/name.h"
#include "run/backend.h"
#include "run/inputs.h"
#include "run/learned.h"
#include "run/locked.h"
#include "run/packs.h"
#include "run/pin.h"
#include "run/remedy.h"

/* What every build image brings: backends ask for it as a requirement, but it is a program. */
static const struct str run_provided[] = {STR_INIT("ninja")};

struct run_env {
    struct tags tags;
    struct solve_env env;
};

struct run_plan {
    struct run_plan_config config;
    struct arena *arena;
    struct pipconf pipconf;
    struct inputs inputs;
    struct spec_net net;
    struct index *index;  /* of the target's packages */
    struct index *builds; /* of what builds need: the same, or what indexes have beside a lock */
    struct index_locked locked;
    struct backend backend;
    struct index_backend asking;
    struct index_provider listing, builds_listing;
    struct provider provider, builds_provider;
    struct run_env target, build;
    VEC(struct str) rebuild_names;
    struct graph_build_asks build_asks; /* of "pip:" recipes */
    struct learned learned;
    struct remedies remedies;
    struct graph_request request;
    struct pack_recipes packs;
    struct graph graph;
};

static void run_say(const struct run_plan *plan, const char *text)
{
    if (plan->config.note)
        plan->config.note(plan->config.note_state, str_from(text));
}

/* ---- environments ---- */

static bool run_make_env(struct run_plan *plan, const struct tag_target *target, const char *full,
                         struct run_env *env, struct err *err)
{
    if (!tags_build(target, plan->arena, &env->tags, err))
        return false;
    env->env.tags = &env->tags;
    env->env.marker = marker_env_linux(str_from(full), target->arch);
    return version_parse(str_from(full), &env->env.python, err);
}

static bool run_make_envs(struct run_plan *plan, struct err *err)
{
    struct tag_target target = {0}, build = {.libc = TAG_GLIBC};
    const struct run_plan_config *config = &plan->config;
    const struct arch *host = arch_host();
    struct preset_facts image; /* it is the build machine of every build */
    uint64_t minor = 0;
    if (!preset_facts(config->preset, config->python, &image, err))
        return err_wrap(err, "--python");
    if (!str_to_u64(str_from_pos(config->python, 2), &minor))
        return err_set(err, ERR_USAGE, "--python " STR_FMT " is no version like 3.11",
                       STR_ARG(config->python));
    if (!tags_parse_platform(config->platform_tag, &target, err))
        return err_wrap(err, "--platform-tag");
    if (!str_eq(target.arch, config->arch))
        return err_set(err, ERR_USAGE, "--platform-tag " STR_FMT " is not for --arch " STR_FMT,
                       STR_ARG(config->platform_tag), STR_ARG(config->arch));
    if (target.libc != TAG_GLIBC || target.libc_minor > image.glibc)
        return err_set(err, ERR_USAGE,
                       "--platform-tag " STR_FMT ": wheels for Python " STR_FMT
                       " are built and tested on glibc 2.%u; use manylinux_2_%u_" STR_FMT
                       " or an older tag",
                       STR_ARG(config->platform_tag), STR_ARG(config->python), image.glibc,
                       image.glibc, STR_ARG(config->arch));
    target.python_minor = build.python_minor = (unsigned)minor;
    build.arch = str_from(host ? host->machine : "x86_64");
    build.libc_minor = image.glibc;
    return run_make_env(plan, &target, image.python, &plan->target, err) &&
           run_make_env(plan, &build, image.python, &plan->build, err);
}

/* ---- index: the command line, then requirements files, then pip's configuration ---- */

static struct spec_list run_join(struct arena *arena, struct spec_list a, struct spec_list b,
                                 struct spec_list c)
{
    return spec_list_join(spec_list_join(a, b, arena), c, arena);
}

static void run_make_net(struct run_plan *plan)
{
    const struct pipconf *pip = &plan->pipconf;
    struct spec_list hosts =
        run_join(plan->arena, plan->config.net.trusted_hosts,
                 (struct spec_list){plan->inputs.trusted_hosts.at, plan->inputs.trusted_hosts.len},
                 (struct spec_list){pip->trusted_hosts, pip->trusted_hosts_len});
    plan->net = plan->config.net;
    plan->net.trusted_hosts = hosts;
}

static bool run_open_index(struct run_plan *plan, struct err *err)
{
    const struct run_plan_config *config = &plan->config;
    const struct inputs *inputs = &plan->inputs;
    const struct pipconf *pip = &plan->pipconf;
    struct index_config index;
    index_config_default(pip, &index);
    run_make_net(plan);
    struct spec_list urls =
        run_join(plan->arena, config->extra_index_urls,
                 (struct spec_list){inputs->index_urls.at, inputs->index_urls.len},
                 (struct spec_list){pip->extra_index_urls, pip->extra_index_urls_len});
    struct spec_list links =
        run_join(plan->arena, config->find_links,
                 (struct spec_list){inputs->find_links.at, inputs->find_links.len},
                 (struct spec_list){pip->find_links, pip->find_links_len});
    if (config->index_given)
        index.index_url = config->index_url;
    else if (inputs->index_url.len)
        index.index_url = inputs->index_url;
    index.extra_index_urls = urls.at;
    index.extra_index_urls_len = urls.len;
    index.find_links = links.at;
    index.find_links_len = links.len;
    index.no_index = index.no_index || config->no_index || inputs->no_index;
    index.as_of_ms = config->as_of_ms;
    index.min_age_ms = config->min_age_ms;
    index.cache_dir = arena_printf(plan->arena, STR_FMT "/index", STR_ARG(config->cache));
    index.http.clock = config->clock;
    fetch_net(&plan->net, &index);
    if (!index_open(&index, &plan->builds, err))
        return false;
    plan->index = plan->builds;
    index.locked = &plan->locked;
    if (inputs->lock.len && !index_open(&index, &plan->index, err))
        return false;
    plan->backend = (struct backend){.config = config,
                                     .inputs = &plan->inputs,
                                     .net = &plan->net,
                                     .provider = &plan->builds_provider,
                                     .build_env = &plan->build.env,
                                     .remedies = &plan->remedies,
                                     .asks = &plan->build_asks,
                                     .arena = plan->arena};
    plan->asking = backend_open(&plan->backend);
    plan->listing = (struct index_provider){
        .index = plan->index, .tags = &plan->target.tags, .backend = &plan->asking};
    plan->provider = provider_open(&plan->listing);
    plan->builds_listing = plan->listing;
    plan->builds_listing.index = plan->builds;
    plan->builds_provider = provider_open(&plan->builds_listing);
    return true;
}

/* ---- the plan ---- */

static struct graph_rebuild run_rebuild(struct run_plan *plan)
{
    const struct spec_list *words = &plan->config.rebuild;
    struct graph_rebuild rebuild = {0};
    for (size_t i = 0; i < words->len; i++) {
        if (str_eq(words->at[i], STR("all")))
            rebuild.all = true;
        else
            *vec_push(&plan->rebuild_names, plan->arena) = name_normal(words->at[i], plan->arena);
    }
    for (size_t i = 0; i < plan->inputs.no_binary.len; i++)
        *vec_push(&plan->rebuild_names, plan->arena) = plan->inputs.no_binary.at[i];
    rebuild.names = plan->rebuild_names.at;
    rebuild.names_len = plan->rebuild_names.len;
    return rebuild;
}

/* Seen from --as-of, where it is given: the same plan tomorrow. */
static int64_t run_awaited_from(const struct run_plan_config *config)
{
    int64_t now = config->as_of_ms ? config->as_of_ms : clock_wall_ms(config->clock);
    return config->await_sdist_ms ? now - config->await_sdist_ms : 0;
}

/* "pip:" recipes: those that are asked for, and what builds that got through were made with. */
static void run_take_asks(struct run_plan *plan)
{
    for (size_t i = 0; i < plan->learned.packages.len; i++) {
        struct str name = plan->learned.packages.entries[i].key;
        struct spec_list words =
            learned_recipes(&plan->learned, name, inputs_recipes(&plan->inputs, name, plan->arena),
                            true, plan->arena);
        struct spec_list pip = recipe_values(words, STR("pip"), plan->arena);
        for (size_t k = 0; k < pip.len; k++)
            *vec_push(&plan->build_asks, plan->arena) = (struct graph_build_ask){name, pip.at[k]};
    }
    for (size_t i = 0; i < plan->inputs.recipes.len; i++) {
        const struct inputs_recipe *recipe = &plan->inputs.recipes.at[i];
        struct str kind, value;
        str_cut(recipe->word, ':', &kind, &value);
        if (str_eq(kind, STR("pip")))
            *vec_push(&plan->build_asks, plan->arena) =
                (struct graph_build_ask){recipe->name, value};
    }
}

static void run_make_request(struct run_plan *plan)
{
    run_take_asks(plan);
    const struct run_plan_config *config = &plan->config;
    const struct inputs *inputs = &plan->inputs;
    plan->request = (struct graph_request){
        .target = {.env = &plan->target.env,
                   .requires = inputs->requires.at,
                   .requires_len = inputs->requires.len,
                   .constraints = inputs->constraints.at,
                   .constraints_len = inputs->constraints.len,
                   .overrides = inputs->overrides.at,
                   .overrides_len = inputs->overrides.len,
                   .pins = inputs->pins.at,
                   .pins_len = inputs->pins.len,
                   .upgrade = config->eager ? SOLVE_EAGER : SOLVE_PINNED,
                   .pre = inputs->pre ? SPECIFIER_PRE_ALLOW : SPECIFIER_PRE_IF_NEEDED,
                   .fallback_latest = config->fallback_latest,
                   .broken_last = true,
                   .awaited_from_ms = run_awaited_from(config),
                   .wheels_only = inputs->all_binary,
                   .wheels_only_names = inputs->only_binary.at,
                   .wheels_only_names_len = inputs->only_binary.len,
                   .packages_limit = (size_t)config->max_deps},
        .build_env = &plan->build.env,
        .build_provider = &plan->builds_provider,
        .rebuild = run_rebuild(plan),
        .build_asks = &plan->build_asks,
        .provided = run_provided,
        .provided_len = sizeof run_provided / sizeof *run_provided,
    };
}

static bool run_pin(struct run_plan *plan, struct err *err)
{
    struct str pinned;
    if (!plan->config.image.len)
        return true;
    run_say(plan, "asking for the image");
    if (!pin_image(&plan->config, LAYOUT_BUILD, plan->arena, &pinned, err))
        return false;
    plan->config.image = pinned;
    return true;
}

/* --require-hashes: whatever came along as a dependency must be named with its hash, too. */
static bool run_check_hashes(const struct run_plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->graph.nodes_len && plan->inputs.hashes_only; i++) {
        const struct graph_node *node = &plan->graph.nodes[i];
        bool named = node->kind != GRAPH_WHEEL || node->action == GRAPH_SKIP ||
                     !str_eq(node->target, plan->graph.target) ||
                     str_eq(node->source.origin, STR("input"));
        for (size_t r = 0; r < plan->inputs.requires.len && !named; r++)
            named = str_eq(plan->inputs.requires.at[r].req.name, node->name);
        if (!named)
            return err_set(err, ERR_UNSAT,
                           STR_FMT " " STR_FMT " is needed, and no requirement gives its --hash; "
                                   "name it with its hashes, or leave all hashes out",
                           STR_ARG(node->name), STR_ARG(node->version));
    }
    return true;
}

static bool run_read_lock(struct run_plan *plan, struct err *err)
{
    struct str path = plan->inputs.lock;
    return !path.len || locked_read(path, &plan->target.env, plan->arena, &plan->locked, err) ||
           err_wrap(err, "--locked");
}

/* What the lock has and nothing asks for is not installed: said, for it may be a forgotten line. */
static void run_say_unasked(const struct run_plan *plan)
{
    ARENA_AUTO struct arena scratch = {0};
    struct map taken = {0};
    const struct graph *graph = &plan->graph;
    for (size_t i = 0; plan->locked.len && i < graph->nodes_len; i++)
        if (str_eq(graph->nodes[i].target, graph->target))
            *map_at(&taken, &scratch, graph->nodes[i].name) = &taken;
    for (size_t i = 0; i < plan->locked.len; i++) {
        struct str name = plan->locked.choices[i].package->name;
        if (!map_get(&taken, name))
            log_info(STR_FMT " has " STR_FMT ", and nothing asks for it",
                     STR_ARG(plan->locked.what), STR_ARG(name));
    }
}

static bool run_plan_fill(struct run_plan *plan, struct str *explanation, struct err *err)
{
    plan->remedies = (struct remedies){.config = &plan->config,
                                       .learned = &plan->learned,
                                       .packs = &plan->packs,
                                       .arena = plan->arena};
    if (!run_make_envs(plan, err) ||
        !pack_recipes_load(plan->config.packs.dir, plan->arena, &plan->packs, err) ||
        !learned_look(plan->config.history_db, plan->arena, &plan->learned, err) ||
        !pipconf_load(&pipconf_system, plan->arena, &plan->pipconf, err) || !run_pin(plan, err))
        return false;
    run_say(plan, "reading the inputs");
    if (!inputs_read(&plan->config, plan->arena, &plan->inputs, err) || !run_read_lock(plan, err) ||
        !run_open_index(plan, err) || !inputs_name_trees(&plan->inputs, &plan->listing, err) ||
        (plan->inputs.lock.len && !locked_apply(&plan->locked, &plan->inputs, err)))
        return false;
    run_make_request(plan);
    run_say(plan, "resolving");
    if (!graph_plan(&plan->request, &plan->provider, plan->arena, &plan->graph, explanation, err))
        return false;
    packs_attach(&plan->packs, &plan->graph, 0, plan->arena);
    return run_check_hashes(plan, err);
}

bool run_plan_make(const struct run_plan_config *config, struct arena *arena,
                   struct run_plan **plan, struct str *explanation, struct err *err)
{
    struct run_plan *made = mem_alloc(sizeof *made);
    made->config = *config;
    made->arena = arena;
    if (!run_plan_fill(made, explanation, err)) {
        run_plan_close(&made);
        return false;
    }
    for (size_t i = 0; i < made->graph.notes_len; i++)
        log_info(STR_FMT, STR_ARG(made->graph.notes[i]));
    run_say_unasked(made);
    *plan = made;
    return true;
}

void run_plan_close(struct run_plan **plan)
{
    if (!*plan)
        return;
    if ((*plan)->index != (*plan)->builds)
        index_close(&(*plan)->index);
    index_close(&(*plan)->builds);
    remedy_close(&(*plan)->remedies);
    mem_free(*plan);
    *plan = NULL;
}

size_t run_plan_complaints(const struct run_plan *plan)
{
    return plan->inputs.scan.complaints_len;
}

const struct graph *run_plan_graph(const struct run_plan *plan)
{
    return &plan->graph;
}

const struct spec_net *run_plan_net(const struct run_plan *plan)
{
    return &plan->net;
}

struct spec_list run_plan_recipes(const struct run_plan *plan, struct str name, struct arena *arena)
{
    return inputs_recipes(&plan->inputs, name, arena);
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
    const struct backend_question *question = backend_asked(&plan->backend, name, version);
    return question ? &question->course : NULL;
}

const struct pack_recipes *run_plan_packs(const struct run_plan *plan)
{
    return &plan->packs;
}

const struct run_plan_config *run_plan_config(const struct run_plan *plan)
{
    return &plan->config;
}

/* A directory as it was typed is seen from the working directory, which a lock does not know. */
static bool run_absolute_tree(struct run_plan *plan, struct graph_source *source, struct err *err)
{
    return !source->url.len || url_has_scheme(source->url) ||
           file_absolute(source->url, plan->arena, &source->url, err);
}

/* The graph with the digest of each source: an index without hashes is asked for the files. */
static bool run_digest_sources(struct run_plan *plan, struct graph *graph, struct err *err)
{
    struct graph_node *nodes = ARENA_ARRAY(plan->arena, struct graph_node, plan->graph.nodes_len);
    for (size_t i = 0; i < plan->graph.nodes_len; i++) {
        struct graph_source *source = &nodes[i].source;
        nodes[i] = plan->graph.nodes[i];
        if (!run_absolute_tree(plan, source, err))
            return false;
        if (source->sha256.len || !source->filename.len || nodes[i].kind != GRAPH_WHEEL ||
            !str_eq(nodes[i].target, plan->graph.target))
            continue;
        struct index_file file = {
            .filename = source->filename, .url = source->url, .path = source->path};
        struct str path;
        if (!index_fetch(plan->index, &file, &path, err))
            return false;
        source->sha256 = arena_printf(plan->arena, "%s", digest_to_hex(&file.sha256).text);
    }
    *graph = plan->graph;
    graph->nodes = nodes;
    return true;
}

bool run_plan_lock(struct run_plan *plan, struct str dir, struct pylock *lock, struct err *err)
{
    struct graph graph;
    return run_digest_sources(plan, &graph, err) &&
           lock_make(&graph, &plan->target.env, dir, plan->arena, lock, err);
}

bool run_plan_lock_requirements(struct run_plan *plan, struct buf *out, struct err *err)
{
    struct graph graph;
    return run_digest_sources(plan, &graph, err) && lock_requirements(&graph, out, err);
}

bool run_plan_extend(struct run_plan *plan, const struct graph *graph, size_t wheel, bool on_target,
                     struct spec_list requires, struct graph_extension *extension,
                     struct str *explanation, struct err *err)
{
    const struct solve_env *env = on_target ? &plan->target.env : &plan->build.env;
    if (!graph_extend(graph, &plan->request, &plan->provider, wheel, env, requires.at, requires.len,
                      plan->arena, extension, explanation, err))
        return false;
    packs_attach(&plan->packs, &extension->graph, extension->first_new, plan->arena);
    return true;
}
