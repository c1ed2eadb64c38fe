#include "cli/command.h"

#include <stdio.h>
#include <unistd.h>

#include "bundle/bundle.h"
#include "cli/plan_options.h"
#include "cli/progress.h"
#include "os/fd.h"
#include "os/file.h"
#include "run/run.h"

static bool bundle_lock(const char *cache, struct arena *arena, int *lock, struct err *err)
{
    const char *path = arena_printf(arena, "%s/lock", cache).ptr;
    if (!file_mkdirs(AT_FDCWD, cache, 0755, err))
        return false;
    if (file_lock(AT_FDCWD, path, false, lock, err))
        return true;
    return err->code == ERR_CONFLICT ? err_set(err, ERR_CONFLICT,
                                               "a run works in %s; wait for its end, or give "
                                               "another --cache",
                                               cache)
                                     : false;
}

static void bundle_note(void *state, struct str text)
{
    progress_note(state, text);
    progress_tick(state);
}

/* What kept a package's files from coming; a bundle without them would be a promise broken later.
 */
static bool bundle_is_whole(const struct manifest *manifest)
{
    bool whole = true;
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct manifest_package *package = &manifest->packages[i];
        if (manifest_is_delivered(package->status))
            continue;
        printf(STR_FMT " " STR_FMT ": " STR_FMT "\n", STR_ARG(package->name),
               STR_ARG(package->version), STR_ARG(package->why));
        whole = false;
    }
    return whole;
}

/* Plan, then everything that its builds take, into the cache. */
static bool bundle_gather(const struct call *call, const struct run_plan_config *asked,
                          struct progress *progress, struct manifest *manifest, struct str *target,
                          struct err *err)
{
    struct str explanation = {0};
    RUN_PLAN_AUTO struct run_plan *plan = NULL;
    const struct run_watch watch = {0};
    const struct run_config config = {
        .program = asked->program,
        .command = STR("refinery bundle create"),
        .cache = asked->cache,
        .preset = asked->preset,
        .mirror = asked->mirror,
        .strategy = option_str(call->options, OPTION_STRATEGY),
        .schedule = STR("critical-path"),
        .jobs = (size_t)option_int(call->options, OPTION_JOBS),
        .attempt_timeout_ms = option_ms(call->options, OPTION_ATTEMPT_TIMEOUT),
        .silence_ms = 600000,
        .max_attempts = option_int(call->options, OPTION_MAX_ATTEMPTS),
        .backoff_base_ms = option_ms(call->options, OPTION_ATTEMPT_BACKOFF_BASE),
        .backoff_max_ms = option_ms(call->options, OPTION_ATTEMPT_BACKOFF_MAX),
        .gather = true,
        .clock = call->clock,
    };
    if (!run_plan_make(asked, call->arena, &plan, &explanation, err))
        return plan_options_unsat(explanation, err);
    *target = run_plan_graph(plan)->target;
    bundle_note(progress, STR("gathering sources, wheels and images"));
    return run_execute(&config, &watch, plan, call->arena, manifest, err);
}

static bool bundle_make(const struct call *call, int *status, struct err *err)
{
    struct run_plan_config asked;
    struct manifest manifest = {0};
    struct bundle_summary summary;
    struct str target = {0}, output;
    FD_AUTO int lock = -1;
    if (!option_is_set(call->options, OPTION_OUTPUT))
        return err_set(err, ERR_USAGE, "bundle create: --output FILE says where the bundle goes");
    if (!plan_options(call, &asked, err) ||
        !file_absolute(option_str(call->options, OPTION_OUTPUT), call->arena, &output, err))
        return false;
    struct progress *progress = progress_open(STDERR_FILENO, 1, call->color, call->clock);
    asked.note = bundle_note;
    asked.note_state = progress;
    bool ok = bundle_gather(call, &asked, progress, &manifest, &target, err);
    progress_note(progress, STR(""));
    progress_close(progress);
    if (!ok)
        return false;
    if (!bundle_is_whole(&manifest)) {
        printf("no bundle was written: it would lack these\n");
        *status = COMMAND_FAILED;
        return true;
    }
    if (!bundle_lock(asked.cache.ptr, call->arena, &lock, err) ||
        !bundle_create(asked.cache.ptr, target, output.ptr, &summary, err))
        return false;
    printf("%zu paths of %zu contents, %llu MB, are in %s\nsha256 %s\n", summary.paths,
           summary.blobs, (unsigned long long)(summary.bytes >> 20), output.ptr,
           digest_to_hex(&summary.digest).text);
    printf("there: %s bundle import FILE --cache DIR, then the same run with --offline\n",
           call->program);
    return true;
}

static bool bundle_take(const struct call *call, struct err *err)
{
    struct digest expected;
    struct bundle_summary summary;
    struct str cache, hex = option_str(call->options, OPTION_SHA256);
    FD_AUTO int lock = -1;
    if (call->args.len != 2)
        return err_set(err, ERR_USAGE, "bundle import: name the one file to import");
    if (hex.len && !digest_from_hex(hex, &expected))
        return err_set(err, ERR_USAGE, "--sha256 " STR_FMT ": not 64 hexadecimal digits",
                       STR_ARG(hex));
    if (!file_absolute(option_str(call->options, OPTION_CACHE), call->arena, &cache, err) ||
        !bundle_lock(cache.ptr, call->arena, &lock, err) ||
        !bundle_import(call->args.at[1].ptr, hex.len ? &expected : NULL, cache.ptr, &summary, err))
        return false;
    printf("%zu paths of %zu contents, %llu MB, verified, are in %s\nsha256 %s\n", summary.paths,
           summary.blobs, (unsigned long long)(summary.bytes >> 20), cache.ptr,
           digest_to_hex(&summary.digest).text);
    return true;
}

bool cmd_bundle(const struct call *call, int *status, struct err *err)
{
    if (str_eq(call->args.at[0], STR("create")) && call->args.len == 1)
        return bundle_make(call, status, err);
    if (str_eq(call->args.at[0], STR("import")))
        return bundle_take(call, err);
    return err_set(err, ERR_USAGE, "bundle takes: create --output FILE, or: import FILE");
}
