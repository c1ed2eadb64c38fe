/*
 * The capability map (image/contents.h) of what a run builds for: the preset's release, or the
 * repositories of the image that was given. Made when it is first asked for and kept in the cache.
 */
#ifndef REFINERY_RUN_LOOKUP_H
#define REFINERY_RUN_LOOKUP_H

#include "image/contents.h"
#include "run/plan.h"

/*
 * Of the configuration what says where things run is read: preset, python, arch, image, mirror,
 * keyring, cache, networks. `refresh`: the indexes are asked although they were today. ERR_NETWORK,
 * ERR_NOT_FOUND: there is no map to be had; a build goes on without.
 */
CHECKED bool lookup_open(const struct run_plan_config *config, bool refresh,
                         image_progress_fn *progress, void *state, struct arena *arena,
                         struct contents *contents, struct err *err);

#endif
