#include "cli/drain.h"

#include "base/log.h"
#include "cli/cmd_run.h"
#include "image/arch.h"
#include "os/file.h"
#include "run/retry_import.h"

enum { DRAIN_REASON_MAX = 500 };

struct drain {
    const struct call *call;
    struct run_plan_config asked;
    struct run_config config;
    struct str target;
    VEC(int64_t) tried;        /* ids */
    VEC(struct run_retry) due; /* of this round: one for each name */
    struct drain_counts *counts;
};

/* "3.11" and "manylinux2014_s390x" as plans name that target. */
static bool drain_target(struct drain *drain, struct err *err)
{
    return retry_file_target(tags_python(drain->asked.python, drain->call->arena),
                             drain->asked.platform_tag, drain->call->arena, &drain->target, err);
}

static bool drain_open(const struct call *call, struct drain *drain, struct err *err)
{
    *drain = (struct drain){.call = call};
    if (!cmd_run_prepare(call, &drain->asked, &drain->config, err) || !drain_target(drain, err))
        return false;
    drain->config.partial = true;
    return file_mkdirs(AT_FDCWD, drain->config.cache.ptr, 0755, err);
}

/* ---- what is due ---- */

static bool drain_knows(const struct drain *drain, const struct store_retry *retry)
{
    for (size_t i = 0; i < drain->tried.len; i++)
        if (drain->tried.at[i] == retry->id)
            return true;
    for (size_t i = 0; i < drain->due.len; i++)
        if (str_eq(drain->due.at[i].name, retry->name))
            return true;
    return false;
}

/* Of one name with two versions the second one has its turn in the next round. */
static bool drain_take(void *state, const struct store_retry *retry, struct err *err)
{
    struct drain *drain = state;
    struct arena *arena = drain->call->arena;
    struct err none = {0};
    bool at_home = arch_find(drain->asked.arch) == arch_host();
    (void)err;
    if (drain_knows(drain, retry))
        return true;
    struct run_retry *taken = vec_push(&drain->due, arena);
    *taken = (struct run_retry){.id = retry->id,
                                .name = arena_str(arena, retry->name),
                                .version = arena_str(arena, retry->version),
                                .strategy = arena_str(arena, retry->strategy),
                                .recipes = spec_list_read(retry->recipes, arena),
                                .asked = retry->asked};
    if (!strategy_check(taken->strategy, at_home, &none)) {
        log_warn(STR_FMT ": %s; built as the worker is told", STR_ARG(taken->name), none.text);
        taken->strategy = STR("");
    }
    return true;
}

static bool drain_collect(struct drain *drain, struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    int64_t now = clock_wall_ms(drain->call->clock);
    drain->due.len = 0;
    return store_open(drain->asked.history_db.ptr, now, &store, err) &&
           retry_import_cache(store, drain->config.cache, now, err) &&
           store_retry_due(store, drain->target, now, drain_take, drain, err) &&
           store_retry_soonest(store, drain->target, &drain->counts->due_ms, err);
}

/* ---- one run of them ---- */

/* The options of a run that is made for these entries: what they override stands behind the rest.
 */
static struct run_plan_config drain_asked(const struct drain *drain, size_t first, size_t len)
{
    struct arena *arena = drain->call->arena;
    struct run_plan_config asked = drain->asked;
    VEC(struct str) only = {0}, recipes = {0}, rebuild = {0};
    for (size_t i = first; i < first + len; i++) {
        const struct run_retry *retry = &drain->due.at[i];
        struct spec_list words = retry->recipes;
        *vec_push(&only, arena) = retry->version.len
                                      ? arena_printf(arena, STR_FMT "==" STR_FMT,
                                                     STR_ARG(retry->name), STR_ARG(retry->version))
                                      : retry->name;
        for (size_t w = 0; w < words.len; w++)
            *vec_push(&recipes, arena) = arena_printf(arena, STR_FMT "=" STR_FMT,
                                                      STR_ARG(retry->name), STR_ARG(words.at[w]));
        if (retry->asked || words.len) /* it may be to be had, and is not wanted as it is */
            *vec_push(&rebuild, arena) = retry->name;
    }
    asked.only = (struct spec_list){only.at, only.len};
    asked.recipes =
        spec_list_join(asked.recipes, (struct spec_list){recipes.at, recipes.len}, arena);
    asked.rebuild =
        spec_list_join(asked.rebuild, (struct spec_list){rebuild.at, rebuild.len}, arena);
    return asked;
}

static void drain_count(struct drain *drain, size_t first, size_t len,
                        const struct manifest *manifest)
{
    for (size_t i = first; i < first + len; i++)
        for (size_t p = 0; p < manifest->package_count; p++)
            drain->counts->delivered += str_eq(manifest->packages[p].name, drain->due.at[i].name) &&
                                        manifest_is_delivered(manifest->packages[p].status);
}

static struct str drain_one_line(struct str text, struct arena *arena)
{
    struct str line = arena_str(arena, str_slice(text, 0, DRAIN_REASON_MAX));
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.ptr[i] < ' ')
            ((char *)(uintptr_t)line.ptr)[i] = ' ';
    return str_trim(line);
}

/* An entry that no plan can be made for has failed like one that cannot be built. */
static bool drain_settle_unplanned(struct drain *drain, size_t index, struct str why,
                                   struct err *err)
{
    STORE_AUTO struct store *store = NULL;
    int64_t now = clock_wall_ms(drain->call->clock);
    const struct run_retry *retry = &drain->due.at[index];
    struct store_retry_end end = {.name = retry->name,
                                  .version = retry->version,
                                  .class = STR("plan"),
                                  .reason = drain_one_line(why, drain->call->arena)};
    return store_open(drain->asked.history_db.ptr, now, &store, err) &&
           store_retry_settle(store, drain->target, &end, 1, &drain->config.requeue, now, err);
}

/* Whether it may be one entry's fault alone. */
static bool drain_is_entrys(const struct err *err)
{
    return err->code == ERR_UNSAT || err->code == ERR_FORMAT || err->code == ERR_LIMIT ||
           err->code == ERR_NOT_FOUND || err->code == ERR_DIGEST;
}

/* Entries that cannot be planned together are planned one by one: none may keep the others back. */
static bool drain_run(struct drain *drain, size_t first, size_t len, struct err *err)
{
    struct run_plan_config asked = drain_asked(drain, first, len);
    struct run_config config = drain->config;
    struct manifest manifest = {0};
    struct str explanation = {0};
    struct err failed = {0};
    int status = COMMAND_OK;
    config.retries = drain->due.at + first;
    config.retry_count = len;
    if (cmd_run_rounds(drain->call, &asked, &config, &manifest, &explanation, &status, &failed)) {
        drain_count(drain, first, len, &manifest);
        return true;
    }
    if (!drain_is_entrys(&failed))
        return err_set(err, failed.code, "%s", failed.text);
    if (len == 1)
        return drain_settle_unplanned(drain, first,
                                      explanation.len ? explanation : str_from(failed.text), err);
    log_info("these %zu entries cannot be planned together: one by one", len);
    for (size_t i = first; i < first + len; i++)
        if (!drain_run(drain, i, 1, err))
            return false;
    return true;
}

bool drain_queue(const struct call *call, struct drain_counts *counts, struct err *err)
{
    struct drain drain;
    *counts = (struct drain_counts){0};
    if (!drain_open(call, &drain, err))
        return false;
    drain.counts = counts;
    while (drain_collect(&drain, err)) {
        if (!drain.due.len)
            return true;
        for (size_t i = 0; i < drain.due.len; i++)
            *vec_push(&drain.tried, call->arena) = drain.due.at[i].id;
        counts->taken += drain.due.len;
        if (!drain_run(&drain, 0, drain.due.len, err))
            return false;
    }
    return false;
}

bool drain_look(const struct call *call, int64_t *due_ms, struct err *err)
{
    struct drain drain;
    struct drain_counts counts = {0};
    if (!drain_open(call, &drain, err))
        return false;
    drain.counts = &counts;
    if (!drain_collect(&drain, err))
        return false;
    *due_ms = counts.due_ms;
    return true;
}
