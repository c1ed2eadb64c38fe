#include "run/lookup.h"

#include "build/slot.h"
#include "image/preset.h"
#include "image/pull.h"

struct lookup {
    const struct run_plan_config *config;
    const struct arch *arch;
    struct image_spec image;
    struct contents_spec spec;
    struct arena *arena;
};

/* The image, pinned and unpacked: nothing is fetched that is there. */
static bool lookup_base(const struct lookup *lookup, struct image_root *base, struct err *err)
{
    CAS_AUTO struct cas *cas = NULL;
    const struct run_plan_config *config = lookup->config;
    struct str pinned;
    struct pull pull = {.cache = config->cache.ptr,
                        .arch = lookup->arch,
                        .engine = config->engine,
                        .registry = fetch_registry(&config->net),
                        .progress = lookup->spec.progress,
                        .progress_state = lookup->spec.state};
    if (!cas_open(arena_printf(lookup->arena, "%s/cas", pull.cache).ptr, &cas, err))
        return false;
    pull.cas = cas;
    if (!pull_pin(&pull, config->image, lookup->arena, &pinned, err) ||
        !pull_root(&pull, pinned, lookup->arena, base, err))
        return false;
    return dnf_is_there(base->path.ptr) ||
           err_set(err, ERR_NOT_FOUND,
                   "image " STR_FMT " has no repositories for dnf (/etc/yum.repos.d) to look up in",
                   STR_ARG(pinned));
}

static bool lookup_by_image(struct lookup *lookup, const char *cache, struct contents *contents,
                            struct err *err)
{
    const struct run_plan_config *config = lookup->config;
    struct image_root base, tools;
    struct image_spec dnf_image = {0};
    struct dnf_spec dnf = {.base = &base, .arch = lookup->arch};
    if (!lookup_base(lookup, &base, err) ||
        !preset_spec(config->preset, config->python, lookup->arch, PRESET_DNF,
                     (struct image_names){0}, lookup->arena, &dnf_image, err))
        return false;
    dnf_image.mirror = config->mirror;
    dnf_image.keyring = config->keyring;
    dnf_image.bytecode_by = IMAGE_OWN_PYTHON;
    if (!image_compose(&dnf_image, cache, lookup->spec.progress, lookup->spec.state, lookup->arena,
                       &tools, err))
        return false;
    dnf.tools = tools.path.ptr;
    lookup->image.distro =
        preset_image(config->preset, config->python) ? config->preset : STR("dnf");
    lookup->image.release = arena_printf(lookup->arena, "%.8s", digest_to_hex(&base.digest).text);
    lookup->image.arch = str_from(lookup->arch->machine);
    lookup->spec.dnf = &dnf;
    return contents_map(&lookup->spec, cache, lookup->arena, contents, err);
}

bool lookup_open(const struct run_plan_config *config, bool refresh, image_progress_fn *progress,
                 void *state, struct arena *arena, struct contents *contents, struct err *err)
{
    struct lookup lookup = {.config = config, .arch = arch_find(config->arch), .arena = arena};
    const char *cache = config->cache.ptr;
    if (!lookup.arch)
        return err_set(err, ERR_USAGE, "unknown machine " STR_FMT, STR_ARG(config->arch));
    lookup.spec = (struct contents_spec){.image = &lookup.image,
                                         .arch = lookup.arch,
                                         .offline = config->net.offline,
                                         .progress = progress,
                                         .state = state};
    if (!config->image.len &&
        !preset_spec(config->preset, config->python, lookup.arch, PRESET_SYSROOT,
                     (struct image_names){0}, arena, &lookup.image, err))
        return false;
    lookup.image.mirror = config->mirror;
    lookup.image.keyring = config->keyring;
    lookup.image.refresh = refresh;
    return config->image.len ? lookup_by_image(&lookup, cache, contents, err)
                             : contents_map(&lookup.spec, cache, arena, contents, err);
}
