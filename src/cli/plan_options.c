#include "cli/plan_options.h"

#include "elf/level.h"
#include "image/arch.h"
#include "image/preset.h"
#include "os/file.h"
#include "pkg/tags.h"
#include "run/strategy.h"

#include <stdio.h>
#include <unistd.h>

static struct spec_list plan_options_list(const struct call *call, enum option_id id)
{
    struct option_list list = option_list(call->options, id);
    return (struct spec_list){list.at, list.len};
}

static bool plan_options_program(const struct call *call, const char **program, struct err *err)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    if (len < 0)
        return err_errno(err, "finding this program's own file");
    *program = arena_cstr(call->arena, str_of(path, (size_t)len));
    return true;
}

/* Accepted by the table for what is to come: said, never silently passed over. */
static bool plan_options_not_yet(const struct options *options, struct err *err)
{
    static const struct {
        enum option_id id;
        const char *name;
    } later[] = {{OPTION_VERIFY_REPRODUCIBLE, "--verify-reproducible"}};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (option_is_set(options, later[i].id))
            return err_set(err, ERR_USAGE, "%s is not available yet; leave it out", later[i].name);
    return true;
}

/* By its own spelling: what is not a level of the target is said with those that are. */
static bool plan_options_machine(const struct call *call, struct run_plan_config *config,
                                 struct err *err)
{
    struct str asked = option_str(call->options, OPTION_MAX_MACHINE);
    enum elf_arch arch = elf_policy_arch_from(config->arch);
    const struct elf_level *level = elf_level_find(arch, asked);
    struct str known = elf_level_names(arch, call->arena);
    if (level)
        config->max_machine = str_from(level->name);
    return level || !asked.len ||
           err_set(err, ERR_USAGE,
                   "--max-machine " STR_FMT " is no level that builds for " STR_FMT
                   " can be held to; there are: " STR_FMT,
                   STR_ARG(asked), STR_ARG(config->arch), STR_ARG(known.len ? known : STR("none")));
}

/*
 * --arch and --platform-tag say the same thing twice: whichever is given alone decides, and a
 * machine gets the oldest system that wheels commonly name.
 */
bool plan_options_target(const struct call *call, struct run_plan_config *config, struct err *err)
{
    const struct options *options = call->options;
    struct tag_target target = {0};
    config->arch = option_str(options, OPTION_ARCH);
    config->platform_tag = option_str(options, OPTION_PLATFORM_TAG);
    if (option_is_set(options, OPTION_ARCH) && !option_is_set(options, OPTION_PLATFORM_TAG))
        config->platform_tag =
            arena_printf(call->arena, "manylinux2014_" STR_FMT, STR_ARG(config->arch));
    if (option_is_set(options, OPTION_PLATFORM_TAG) && !option_is_set(options, OPTION_ARCH)) {
        if (!tags_parse_platform(config->platform_tag, &target, err))
            return err_wrap(err, "--platform-tag");
        config->arch = target.arch;
    }
    if (!arch_find(config->arch))
        return err_set(err, ERR_USAGE, "no target is called \"" STR_FMT "\"; one of " STR_FMT,
                       STR_ARG(config->arch), STR_ARG(arch_names(call->arena)));
    return strategy_check(option_str(options, OPTION_STRATEGY),
                          arch_find(config->arch) == arch_host(), err);
}

/* What was given, else what the preset has; empty: it is composed from packages. */
static struct str plan_options_image(const struct options *options)
{
    const struct preset_image *preset = preset_image(option_str(options, OPTION_CONTAINER_PRESET),
                                                     option_str(options, OPTION_PYTHON));
    struct str given = option_str(options, OPTION_CONTAINER_IMAGE);
    return given.len || !preset ? given : str_from(preset->reference);
}

/* Builds run in our own sandbox whatever is said: an engine is where the image comes from. */
static struct str plan_options_engine(const struct options *options)
{
    struct str engine = option_str(options, OPTION_CONTAINER_ENGINE);
    return str_eq(engine, STR("sandbox")) ? STR("") : engine;
}

static struct spec_net plan_options_net(const struct call *call)
{
    const struct options *options = call->options;
    return (struct spec_net){.trusted_hosts = plan_options_list(call, OPTION_TRUSTED_HOST),
                             .proxy = option_str(options, OPTION_PROXY),
                             .ca_file = option_str(options, OPTION_CERT),
                             .client_cert = option_str(options, OPTION_CLIENT_CERT),
                             .offline = option_flag(options, OPTION_OFFLINE)};
}

/* Attempts see them from directories of their own. */
static bool plan_options_packs(const struct call *call, struct spec_packs *packs, struct err *err)
{
    struct str dir = option_str(call->options, OPTION_PACKS),
               sources = option_str(call->options, OPTION_PACK_SOURCES);
    if ((dir.len && !file_absolute(dir, call->arena, &dir, err)) ||
        (sources.len && !file_absolute(sources, call->arena, &sources, err)))
        return false;
    *packs = (struct spec_packs){dir, sources, option_str(call->options, OPTION_PACK_MIRROR)};
    return true;
}

bool plan_options_place(const struct call *call, struct run_plan_config *config, struct err *err)
{
    const struct options *options = call->options;
    struct str keyring = option_str(options, OPTION_KEYRING), cache;
    if (!file_absolute(option_str(options, OPTION_CACHE), call->arena, &cache, err) ||
        (keyring.len && !file_absolute(keyring, call->arena, &keyring, err)) ||
        !plan_options_packs(call, &config->packs, err))
        return false;
    config->net = plan_options_net(call);
    config->python = option_str(options, OPTION_PYTHON);
    config->cache = cache;
    config->preset = option_str(options, OPTION_CONTAINER_PRESET);
    config->image = plan_options_image(options);
    config->engine = plan_options_engine(options);
    config->mirror = option_str(options, OPTION_MIRROR);
    config->keyring = keyring;
    if (!plan_options_target(call, config, err) || !plan_options_machine(call, config, err))
        return false;
    return !config->engine.len || config->image.len ||
           err_set(err, ERR_USAGE,
                   "--container-engine " STR_FMT " gives an image of its storage: name it with "
                   "--container-image",
                   STR_ARG(config->engine));
}

bool plan_options(const struct call *call, struct run_plan_config *config, struct err *err)
{
    const struct options *options = call->options;
    struct str input = option_str(options, OPTION_INPUT), history;
    const char *program;
    if (!plan_options_not_yet(options, err))
        return false;
    if (!plan_options_program(call, &program, err) ||
        !file_absolute(option_str(options, OPTION_HISTORY_DB), call->arena, &history, err) ||
        (input.len && !file_absolute(input, call->arena, &input, err)))
        return false;
    *config = (struct run_plan_config){
        .input = input,
        .requirements = plan_options_list(call, OPTION_REQUIREMENTS),
        .constraints = plan_options_list(call, OPTION_CONSTRAINTS),
        .overrides = plan_options_list(call, OPTION_OVERRIDES),
        .locked = option_str(options, OPTION_LOCKED),
        .index_url = option_str(options, OPTION_INDEX_URL),
        .index_given = option_is_set(options, OPTION_INDEX_URL),
        .extra_index_urls = plan_options_list(call, OPTION_EXTRA_INDEX_URL),
        .find_links = plan_options_list(call, OPTION_FIND_LINKS),
        .no_index = option_flag(options, OPTION_NO_INDEX),
        .as_of_ms = option_ms(options, OPTION_AS_OF),
        .min_age_ms = option_ms(options, OPTION_MIN_RELEASE_AGE),
        .await_sdist_ms = option_ms(options, OPTION_AWAIT_SDIST),
        .rebuild = plan_options_list(call, OPTION_REBUILD),
        .only = plan_options_list(call, OPTION_ONLY),
        .recipes = plan_options_list(call, OPTION_RECIPE),
        .eager = str_eq(option_str(options, OPTION_UPGRADE_STRATEGY), STR("eager")),
        .fallback_latest = option_flag(options, OPTION_FALLBACK_LATEST),
        .max_deps = option_int(options, OPTION_MAX_DEPS),
        .attempt_timeout_ms = option_ms(options, OPTION_ATTEMPT_TIMEOUT),
        .retry_failed = option_flag(options, OPTION_RETRY_FAILED),
        .auto_apply = option_flag(options, OPTION_AUTO_APPLY_SUGGESTIONS) ||
                      option_flag(options, OPTION_DRY_RUN_RECIPES),
        .system_recipes = option_flag(options, OPTION_SYSTEM_RECIPES),
        .look_up = option_flag(options, OPTION_LOOK_UP),
        .dry_run_recipes = option_flag(options, OPTION_DRY_RUN_RECIPES),
        .history_db = history,
        .program = program,
        .clock = call->clock,
    };
    if (!plan_options_place(call, config, err))
        return false;
    if (config->locked.len && (config->fallback_latest || config->eager))
        return err_set(err, ERR_USAGE,
                       "--locked takes the versions of the lock file alone; leave out %s",
                       config->eager ? "--upgrade-strategy eager" : "--fallback-latest");
    if (!config->input.len && !config->requirements.len && !config->locked.len &&
        call->command != COMMAND_WORKER) /* which has its queue */
        return err_set(err, ERR_USAGE,
                       "nothing to do: give --input DIR, --requirements FILE or --locked FILE");
    return true;
}

bool plan_options_unsat(struct str explanation, struct err *err)
{
    if (!explanation.len)
        return false;
    fprintf(stderr, STR_FMT "\n", STR_ARG(explanation));
    return err_set(err, ERR_UNSAT, "nothing is planned; what has to change is said above");
}
