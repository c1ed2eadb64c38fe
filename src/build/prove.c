/*
 * The proof of an output directory: in a clean root of the target pip installs the
 * wheels without an index, then everything is imported and every known answer
 * computed (data/runner/prove.py). What it says goes to standard output.
 */
#include "build/check_spec.h"
#include "build/evidence.h"
#include "build/place.h"
#include "os/file.h"
#include "pkg/name.h"

enum { PROVE_OUTPUT_MAX = 64 << 20, PROVE_PIDS = 512 };
#define PROVE_SCRATCH_MAX ((uint64_t)16 << 30)

/* The wheels side by side under their own names, for --find-links; facts of each into the spec. */
static bool prove_take(const struct slot *slot, const struct spec_file *file, const char *wheels,
                       yyjson_mut_doc *doc, yyjson_mut_val *packages, struct err *err)
{
    struct str path;
    struct digest digest;
    struct modules found = {0};
    WHEELFILE_AUTO struct wheelfile *wheel = NULL;
    if (!fetch_file(slot, file, &path, &digest, err) ||
        !file_copy(AT_FDCWD, path.ptr, AT_FDCWD,
                   arena_printf(slot->arena, "%s/" STR_FMT, wheels, STR_ARG(file->filename)).ptr,
                   err) ||
        !wheelfile_open(path.ptr, &wheel, err))
        return false;
    const struct wheelfile_name *name = wheelfile_get_name(wheel);
    struct str normal = name_normal(name->name, slot->arena);
    yyjson_mut_val *package = yyjson_mut_arr_add_obj(doc, packages);
    json_add_str(doc, package, "name", normal);
    json_add_str(doc, package, "version", name->version);
    modules_find(wheel, slot->arena, &found);
    return check_spec_add(doc, package, normal, &found, slot->work, "/work", slot->arena, err);
}

static bool prove_prepare(const struct slot *slot, const char *wheels, struct err *err)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_bool(doc, root, "as_json", slot->spec->as_json);
    yyjson_mut_val *packages = yyjson_mut_obj_add_arr(doc, root, "packages");
    for (size_t i = 0; i < slot->spec->wheels.len; i++)
        if (!prove_take(slot, &slot->spec->wheels.at[i], wheels, doc, packages, err))
            return false;
    json_write(doc, false, &text);
    return file_write(AT_FDCWD, arena_printf(slot->arena, "%s/prove.json", slot->work).ptr, 0644,
                      buf_str(&text), err);
}

static bool prove_in_jail(const struct slot *slot, const struct place *place, const char *wheels,
                          struct spec_result *result, struct err *err)
{
    struct evidence evidence = {.arena = slot->arena};
    const char *const argv[] = {place->python,      "-B", "-s", "/runner/prove.py",
                                "/work/prove.json", NULL};
    const char *const envp[] = {"PATH=/usr/bin:/bin", "HOME=/tmp", "LC_ALL=C.UTF-8",
                                "PYTHONHASHSEED=0", NULL};
    const char *site = arena_printf(slot->arena, "%s/site", slot->work).ptr;
    const char *out = arena_printf(slot->arena, "%s/out", slot->work).ptr;
    if (!file_mkdirs(AT_FDCWD, site, 0755, err) || !file_mkdirs(AT_FDCWD, out, 0755, err))
        return false;
    const struct jail_mount mounts[] = {
        {.kind = JAIL_RO, .source = slot->runner, .target = "/runner"},
        {.kind = JAIL_RO, .source = wheels, .target = "/wheels"},
        {.kind = JAIL_RO, .source = slot->work, .target = "/work"},
        {.kind = JAIL_RW, .source = site, .target = "/work/site"},
        {.kind = JAIL_RW, .source = out, .target = "/work/out"},
    };
    const struct jail_spec jail = {
        .root = place->clean_root,
        .mounts = mounts,
        .mount_count = sizeof mounts / sizeof *mounts,
        .argv = argv,
        .envp = envp,
        .cwd = "/tmp",
        .uid = 1000,
        .gid = 1000,
        .foreign = place->foreign,
        .limits = {.pids = PROVE_PIDS,
                   .output_bytes = PROVE_OUTPUT_MAX,
                   .scratch_bytes = PROVE_SCRATCH_MAX,
                   .wall_ms = slot->spec->timeout_ms},
    };
    struct jail_result ended;
    if (!jail_run(&jail, evidence_hear, &evidence, &ended, err))
        return false;
    if (ended.end != JAIL_EXITED || ended.code != 0) {
        result->outcome = SPEC_IMPORT_FAILED;
        result->why = jail_describe(&ended, &jail.limits, slot->arena);
    }
    return true;
}

bool prove_run(struct slot *slot, struct spec_result *result, struct err *err)
{
    struct place place;
    const char *wheels = arena_printf(slot->arena, "%s/wheels", slot->work).ptr;
    return place_clean_root(slot, &place, err) && file_mkdirs(AT_FDCWD, wheels, 0755, err) &&
           prove_prepare(slot, wheels, err) && prove_in_jail(slot, &place, wheels, result, err);
}
