#include "run/requeue.h"

const struct run_retry *run_retry_of(const struct run_config *config, struct str name)
{
    for (size_t i = 0; i < config->retry_count; i++)
        if (str_eq(config->retries[i].name, name))
            return &config->retries[i];
    return NULL;
}

struct str run_strategy_of(const struct run_config *config, struct str name)
{
    const struct run_retry *retry = run_retry_of(config, name);
    return retry && retry->strategy.len ? retry->strategy : config->strategy;
}

/* Whether something is known of it now that was not before. */
static bool requeue_is_end(const struct manifest_package *package)
{
    if (manifest_is_delivered(package->status))
        return true;
    if (package->status == MANIFEST_SKIPPED_KNOWN_FAILURE)
        return false;
    return package->status == MANIFEST_MISSING || package->failure_class.len ||
           package->blocked_by.len;
}

static struct store_retry_end requeue_end(const struct manifest_package *package,
                                          const struct run_config *config)
{
    const struct run_retry *retry = run_retry_of(config, package->name);
    bool awaited = package->status == MANIFEST_MISSING && !package->attempt_count;
    return (struct store_retry_end){.name = package->name,
                                    .version = retry ? retry->version
                                                     : package->version, /* as the entry has it */
                                    .good = manifest_is_delivered(package->status),
                                    .awaited = awaited,
                                    .class = awaited ? STR("missing") : package->failure_class,
                                    .reason = package->why,
                                    .waits_for = package->blocked_by};
}

const struct store_retry_end *requeue_ends(const struct manifest *manifest,
                                           const struct run_config *config, struct arena *arena,
                                           size_t *len)
{
    VEC(struct store_retry_end) ends = {0};
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct manifest_package *package = &manifest->packages[i];
        if (!requeue_is_end(package))
            continue;
        struct store_retry_end end = requeue_end(package, config);
        *vec_push(&ends, arena) = end;
        if (end.good && !str_eq(end.version, package->version)) { /* another row may ask for it */
            end.version = package->version;
            *vec_push(&ends, arena) = end;
        }
    }
    *len = ends.len;
    return ends.at;
}
