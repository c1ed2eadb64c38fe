#include "run/pin.h"

#include "base/log.h"
#include "build/slot.h"
#include "image/preset.h"
#include "image/pull.h"

static void pin_tell(void *state, const struct image_progress *progress)
{
    struct str *last = state; /* the layer that was told of */
    bool told = str_eq(progress->detail, *last);
    if (progress->stage == IMAGE_NOTE)
        log_warn(STR_FMT ": " STR_FMT, STR_ARG(progress->what), STR_ARG(progress->detail));
    else if (!told && progress->stage == IMAGE_UNPACK)
        log_info("image: unpacking " STR_FMT, STR_ARG(progress->detail));
    *last = progress->detail;
}

static bool pin_bring(const struct pull *pull, const struct run_plan_config *config,
                      enum layout_use use, struct str pinned, struct arena *arena, struct err *err)
{
    struct image_root root;
    struct layout layout;
    const char *what = arena_printf(arena, "image " STR_FMT, STR_ARG(pinned)).ptr;
    if (!pull_root(pull, pinned, arena, &root, err))
        return false;
    /* What a preset's image lacks, dnf brings later. */
    return preset_image(config->preset, config->python) ||
           layout_find(root.path.ptr, what, pull->arch, config->python, use, arena, &layout, err);
}

bool pin_image(const struct run_plan_config *config, enum layout_use use, struct arena *arena,
               struct str *pinned, struct err *err)
{
    CAS_AUTO struct cas *cas = NULL;
    struct str told = {0}, made;
    struct pull pull = {.cache = config->cache.ptr,
                        .arch = arch_find(config->arch),
                        .engine = config->engine,
                        .registry = fetch_registry(&config->net),
                        .progress = pin_tell,
                        .progress_state = &told};
    if (!pull.arch)
        return err_set(err, ERR_USAGE, "unknown machine " STR_FMT, STR_ARG(config->arch));
    if (!cas_open(arena_printf(arena, "%s/cas", pull.cache).ptr, &cas, err))
        return false;
    pull.cas = cas;
    if (!pull_pin(&pull, config->image, arena, &made, err))
        return false;
    log_info("image " STR_FMT, STR_ARG(made));
    if (!pin_bring(&pull, config, use, made, arena, err))
        return false;
    *pinned = made;
    return true;
}
