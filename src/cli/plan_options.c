#include "cli/plan_options.h"

#include "os/file.h"

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

bool plan_options(const struct call *call, struct run_plan_config *config, struct err *err)
{
    const struct options *options = call->options;
    struct str input = option_str(options, OPTION_INPUT), cache;
    const char *program;
    if (!plan_options_program(call, &program, err) ||
        !file_absolute(option_str(options, OPTION_CACHE), call->arena, &cache, err) ||
        (input.len && !file_absolute(input, call->arena, &input, err)))
        return false;
    *config = (struct run_plan_config){
        .input = input,
        .requirements = plan_options_list(call, OPTION_REQUIREMENTS),
        .constraints = plan_options_list(call, OPTION_CONSTRAINTS),
        .python = option_str(options, OPTION_PYTHON),
        .arch = option_str(options, OPTION_ARCH),
        .platform_tag = option_str(options, OPTION_PLATFORM_TAG),
        .index_url = option_str(options, OPTION_INDEX_URL),
        .index_given = option_is_set(options, OPTION_INDEX_URL),
        .extra_index_urls = plan_options_list(call, OPTION_EXTRA_INDEX_URL),
        .find_links = plan_options_list(call, OPTION_FIND_LINKS),
        .trusted_hosts = plan_options_list(call, OPTION_TRUSTED_HOST),
        .no_index = option_flag(options, OPTION_NO_INDEX),
        .as_of_ms = option_ms(options, OPTION_AS_OF),
        .min_age_ms = option_ms(options, OPTION_MIN_RELEASE_AGE),
        .rebuild = plan_options_list(call, OPTION_REBUILD),
        .only = plan_options_list(call, OPTION_ONLY),
        .eager = str_eq(option_str(options, OPTION_UPGRADE_STRATEGY), STR("eager")),
        .fallback_latest = option_flag(options, OPTION_FALLBACK_LATEST),
        .max_deps = option_int(options, OPTION_MAX_DEPS),
        .cache = cache,
        .preset = option_str(options, OPTION_CONTAINER_PRESET),
        .mirror = option_str(options, OPTION_MIRROR),
        .program = program,
        .clock = call->clock,
    };
    if (!config->input.len && !config->requirements.len)
        return err_set(err, ERR_USAGE,
                       "nothing to do: give --input DIR, --requirements FILE, or both");
    return true;
}
