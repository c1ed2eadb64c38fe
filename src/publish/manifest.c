#include "publish/manifest.h"

#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "base/utf8.h"
#include "os/file.h"

enum { MANIFEST_FORMAT = 1 };

struct manifest_writer {
    yyjson_mut_doc *doc;
    struct arena *arena;
};

const char *manifest_status_name(enum manifest_status status)
{
    static const char *const names[MANIFEST_STATUS_COUNT] = {
        [MANIFEST_BUILT] = "built",
        [MANIFEST_CACHED] = "cached",
        [MANIFEST_REUSED] = "reused",
        [MANIFEST_MISSING] = "missing",
        [MANIFEST_FAILED] = "failed",
        [MANIFEST_SKIPPED_KNOWN_FAILURE] = "skipped_known_failure",
        [MANIFEST_SYSTEM_RECIPE_FAILED] = "system_recipe_failed",
        [MANIFEST_SKIPPED] = "skipped",
    };
    return names[status];
}

bool manifest_is_delivered(enum manifest_status status)
{
    return status == MANIFEST_BUILT || status == MANIFEST_CACHED || status == MANIFEST_REUSED;
}

void manifest_time(int64_t unix_ms, struct buf *out)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm utc;
    if (!gmtime_r(&seconds, &utc))
        return;
    buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1,
               utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

bool manifest_is_own_failure(const struct manifest_package *package)
{
    static const struct str others[] = {STR_INIT(""), STR_INIT("fetch"), STR_INIT("environment"),
                                        STR_INIT("disk")};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (str_eq(package->failure_class, others[i]))
            return false;
    return package->status == MANIFEST_FAILED && !package->blocked_by.len;
}

static int manifest_compare(const void *a, const void *b)
{
    const struct manifest_package *x = *(const struct manifest_package *const *)a;
    const struct manifest_package *y = *(const struct manifest_package *const *)b;
    int order = str_cmp(x->name, y->name);
    if (order == 0)
        order = str_cmp(x->version, y->version);
    if (order == 0)
        order = str_cmp(x->wheel, y->wheel);
    return order;
}

const struct manifest_package **manifest_sorted(const struct manifest *manifest,
                                                struct arena *arena)
{
    const struct manifest_package **sorted =
        ARENA_ARRAY(arena, const struct manifest_package *, manifest->package_count);
    for (size_t i = 0; i < manifest->package_count; i++)
        sorted[i] = &manifest->packages[i];
    if (manifest->package_count > 0)
        qsort(sorted, manifest->package_count, sizeof *sorted, manifest_compare);
    return sorted;
}

/* A member that is left out when its value is unknown. */
static void manifest_str(struct manifest_writer *w, yyjson_mut_val *object, const char *key,
                         struct str value)
{
    if (value.len > 0)
        json_add_str(w->doc, object, key, utf8_clean(value, w->arena));
}

static void manifest_digest(struct manifest_writer *w, yyjson_mut_val *object, const char *key,
                            struct str hex)
{
    if (hex.len > 0)
        manifest_str(w, object, key, arena_printf(w->arena, DIGEST_PREFIX STR_FMT, STR_ARG(hex)));
}

static void manifest_names(struct manifest_writer *w, yyjson_mut_val *object, const char *key,
                           struct manifest_list list)
{
    yyjson_mut_val *array;
    if (list.len == 0)
        return;
    array = yyjson_mut_obj_add_arr(w->doc, object, key);
    for (size_t i = 0; i < list.len; i++)
        json_append_str(w->doc, array, utf8_clean(list.at[i], w->arena));
}

static void manifest_attempts(struct manifest_writer *w, yyjson_mut_val *object,
                              const struct manifest_package *package)
{
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(w->doc, object, "attempts");
    for (size_t i = 0; i < package->attempt_count; i++) {
        const struct manifest_attempt *attempt = &package->attempts[i];
        yyjson_mut_val *entry = yyjson_mut_arr_add_obj(w->doc, array);
        yyjson_mut_obj_add_uint(w->doc, entry, "number", attempt->number);
        yyjson_mut_obj_add_uint(w->doc, entry, "slot", attempt->slot);
        manifest_str(w, entry, "outcome", attempt->succeeded ? STR("succeeded") : STR("failed"));
        manifest_str(w, entry, "strategy", attempt->strategy);
        manifest_str(w, entry, "failure_class", attempt->failure_class);
        yyjson_mut_obj_add_int(w->doc, entry, "started_ms", attempt->started_ms);
        yyjson_mut_obj_add_int(w->doc, entry, "duration_ms", attempt->duration_ms);
        manifest_names(w, entry, "recipes", attempt->recipes);
        manifest_str(w, entry, "log", attempt->log);
    }
}

static void manifest_grafts(struct manifest_writer *w, yyjson_mut_val *object,
                            const struct manifest_package *package)
{
    yyjson_mut_val *array;
    if (package->graft_count == 0)
        return;
    array = yyjson_mut_obj_add_arr(w->doc, object, "grafted");
    for (size_t i = 0; i < package->graft_count; i++) {
        const struct manifest_graft *graft = &package->grafts[i];
        yyjson_mut_val *entry = yyjson_mut_arr_add_obj(w->doc, array);
        manifest_str(w, entry, "name", graft->name);
        manifest_str(w, entry, "origin", graft->origin);
        manifest_digest(w, entry, "digest", graft->digest);
    }
}

/* The member `metadata`, under the names that clients of the earlier manifest read. */
static void manifest_metadata(struct manifest_writer *w, yyjson_mut_val *object,
                              const struct manifest_package *package)
{
    yyjson_mut_val *metadata = yyjson_mut_obj_add_obj(w->doc, object, "metadata");
    yyjson_mut_obj_add_int(w->doc, metadata, "duration_ms", package->duration_ms);
    yyjson_mut_obj_add_uint(w->doc, metadata, "attempt", package->attempt_count);
    manifest_str(w, metadata, "error", package->error);
    manifest_str(w, metadata, "failure_summary", package->failure_class);
    manifest_str(w, metadata, "suggestion", package->suggestion);
    manifest_names(w, metadata, "recipes", package->recipes);
    manifest_names(w, metadata, "evidence", package->evidence);
    manifest_str(w, metadata, "next_command", package->next_command);
}

static void manifest_source(struct manifest_writer *w, yyjson_mut_val *object,
                            const struct manifest_package *package)
{
    if (!package->source.len)
        return;
    yyjson_mut_val *source = yyjson_mut_obj_add_obj(w->doc, object, "source");
    manifest_str(w, source, "filename", package->source);
    manifest_str(w, source, "url", package->source_url);
    manifest_digest(w, source, "digest", package->source_digest);
    manifest_str(w, source, "commit", package->commit);
}

static void manifest_package(struct manifest_writer *w, yyjson_mut_val *packages,
                             const struct manifest_package *package)
{
    yyjson_mut_val *entry = yyjson_mut_arr_add_obj(w->doc, packages);
    manifest_str(w, entry, "name", package->name);
    manifest_str(w, entry, "version", package->version);
    manifest_str(w, entry, "status", str_from(manifest_status_name(package->status)));
    manifest_str(w, entry, "why", package->why);
    manifest_str(w, entry, "version_why", package->version_why);
    manifest_str(w, entry, "python_tag", package->python_tag);
    manifest_str(w, entry, "abi_tag", package->abi_tag);
    manifest_str(w, entry, "platform_tag", package->platform_tag);
    manifest_str(w, entry, "wheel", package->wheel);
    manifest_digest(w, entry, "wheel_digest", package->wheel_digest);
    manifest_str(w, entry, "wheel_url", package->wheel_url);
    manifest_source(w, entry, package);
    manifest_str(w, entry, "strategy", package->strategy);
    manifest_str(w, entry, "floor", package->floor);
    manifest_str(w, entry, "policy", package->policy);
    yyjson_mut_obj_add_int(w->doc, entry, "duration_ms", package->duration_ms);
    manifest_attempts(w, entry, package);
    manifest_grafts(w, entry, package);
    manifest_names(w, entry, "recipes", package->recipes);
    manifest_names(w, entry, "hint_ids", package->hint_ids);
    manifest_names(w, entry, "packs", package->packs);
    manifest_names(w, entry, "blocks", package->blocks);
    manifest_str(w, entry, "blocked_by", package->blocked_by);
    manifest_str(w, entry, "log", package->log);
    manifest_metadata(w, entry, package);
}

static void manifest_run(struct manifest_writer *w, yyjson_mut_val *root,
                         const struct manifest *manifest)
{
    yyjson_mut_val *run = yyjson_mut_obj_add_obj(w->doc, root, "run");
    BUF_AUTO struct buf started = {0};
    manifest_time(manifest->started_ms, &started);
    manifest_str(w, run, "id", manifest->run_id);
    manifest_str(w, run, "plan", manifest->plan_id);
    manifest_str(w, run, "program",
                 arena_printf(w->arena, "refinery " STR_FMT, STR_ARG(manifest->version)));
    manifest_str(w, run, "command", manifest->command);
    manifest_str(w, run, "target", manifest->target);
    manifest_str(w, run, "python_version", manifest->python);
    manifest_str(w, run, "platform_tag", manifest->platform_tag);
    manifest_str(w, run, "image", manifest->image);
    manifest_str(w, run, "max_machine", manifest->max_machine);
    manifest_str(w, run, "started", buf_str(&started));
    yyjson_mut_obj_add_int(w->doc, run, "duration_ms", manifest->duration_ms);
    yyjson_mut_obj_add_uint(w->doc, run, "jobs", manifest->jobs);
}

static void manifest_counts(struct manifest_writer *w, yyjson_mut_val *root,
                            const struct manifest *manifest)
{
    size_t counts[MANIFEST_STATUS_COUNT] = {0};
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(w->doc, root, "counts");
    for (size_t i = 0; i < manifest->package_count; i++)
        counts[manifest->packages[i].status]++;
    for (size_t i = 0; i < MANIFEST_STATUS_COUNT; i++)
        yyjson_mut_obj_add_uint(w->doc, object, manifest_status_name((enum manifest_status)i),
                                counts[i]);
}

void manifest_json(const struct manifest *manifest, struct buf *out)
{
    ARENA_AUTO struct arena arena = {0};
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    struct manifest_writer w = {doc, &arena};
    const struct manifest_package **sorted = manifest_sorted(manifest, &arena);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *packages;
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_uint(doc, root, "manifest_version", MANIFEST_FORMAT);
    manifest_run(&w, root, manifest);
    manifest_counts(&w, root, manifest);
    packages = yyjson_mut_obj_add_arr(doc, root, "packages");
    for (size_t i = 0; i < manifest->package_count; i++)
        manifest_package(&w, packages, sorted[i]);
    json_write(doc, true, out);
}

bool manifest_write(const struct manifest *manifest, const char *path, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    manifest_json(manifest, &text);
    return file_write(AT_FDCWD, path, 0644, buf_str(&text), err);
}
