/*
 * The import and known-answer test: the wheel and what it needs at run time are
 * unpacked in a clean root of the target, each module is imported there, each
 * extension module loaded, and the package's check computes its known answer.
 */
#include "build/slot.h"

#include "base/vec.h"
#include "build/check_spec.h"
#include "build/evidence.h"
#include "build/hook.h"
#include "build/machine.h"
#include "build/place.h"
#include "build/unpack.h"
#include "os/fd.h"
#include "os/file.h"
#include "wheelfile/wheelfile.h"

#include <stdio.h>

enum { IMPORT_ANSWER_MAX = 1 << 20, IMPORT_OUTPUT_MAX = 16 << 20, IMPORT_PIDS = 256 };
enum { IMPORT_TIMEOUT_MS = 300000, IMPORT_SCRATCH_MAX = 1 << 30 };
enum { IMPORT_BESIDE_MAX = 5, IMPORT_NAME_MAX = 100 };

static bool import_write_spec(const struct slot *slot, const struct modules *found, struct err *err)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_append_str(doc, yyjson_mut_obj_add_arr(doc, root, "path"), STR("/site"));
    if (!check_spec_add(doc, root, slot->spec->name, found, slot->work, "/work", slot->arena, err))
        return false;
    json_write(doc, false, &text);
    return file_write(AT_FDCWD, arena_printf(slot->arena, "%s/check.json", slot->work).ptr, 0644,
                      buf_str(&text), err);
}

/* Unpacks the wheel under test and its dependencies side by side. */
static bool import_unpack(const struct slot *slot, const char *site, struct modules *found,
                          struct err *err)
{
    for (size_t i = 0; i < slot->spec->wheels.len; i++) {
        struct str path;
        struct digest digest;
        if (!fetch_file(slot, &slot->spec->wheels.at[i], &path, &digest, err))
            return false;
        if (i == 0) {
            WHEELFILE_AUTO struct wheelfile *wheel = NULL;
            if (!wheelfile_open(path.ptr, &wheel, err))
                return false;
            modules_find(wheel, slot->arena, found);
        }
        if (!unpack_wheel(path.ptr, site, NULL, &unpack_default_limits, err))
            return false;
    }
    return true;
}

/* What the wheel does not import without, and does not require: "docutils, sphinx". */
static struct str import_beside(yyjson_val *beside, struct arena *arena)
{
    struct str names = {0};
    size_t i, count;
    yyjson_val *name;
    yyjson_arr_foreach(beside, i, count, name)
    {
        if (i == IMPORT_BESIDE_MAX)
            return arena_printf(arena, STR_FMT " and others", STR_ARG(names));
        names = arena_printf(arena, STR_FMT "%s" STR_FMT, STR_ARG(names), i ? ", " : "",
                             STR_ARG(str_slice(json_str(name), 0, IMPORT_NAME_MAX)));
    }
    return names;
}

static bool import_read_answer(const struct slot *slot, struct spec_result *result,
                               struct str *beside)
{
    struct err ignored = {0};
    struct str text;
    JSON_AUTO yyjson_doc *doc = NULL;
    /* The package may have put anything there: a link to a file of ours, a pipe that blocks. */
    FD_AUTO int fd = -1;
    if (!hook_open_output(slot->work, "out", STR("answer.json"), &fd, &ignored) ||
        !file_read_fd(fd, "answer.json", IMPORT_ANSWER_MAX, slot->arena, &text, &ignored) ||
        !json_parse(text, "answer.json", &doc, &ignored))
        return false;
    yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(doc), "value");
    *beside = import_beside(yyjson_obj_get(yyjson_doc_get_root(doc), "beside"), slot->arena);
    size_t len;
    char *written = value ? yyjson_val_write(value, YYJSON_WRITE_NOFLAG, &len) : NULL;
    if (written && !yyjson_is_null(value))
        result->value = arena_str(slot->arena, str_of(written, len));
    free(written);
    return true;
}

/* A plugin without its host is no failure of the wheel, but users are told. */
static void import_note(const struct slot *slot, struct str beside, struct spec_result *result)
{
    if (!beside.len)
        return;
    struct str *note = ARENA_ARRAY(slot->arena, struct str, 1);
    *note = arena_printf(slot->arena,
                         "imports only beside " STR_FMT ", which its metadata does not name",
                         STR_ARG(beside));
    result->evidence = (struct spec_list){note, 1};
}

static bool import_in_jail(const struct slot *slot, const struct place *place, const char *site,
                           struct spec_result *result, struct err *err)
{
    struct evidence evidence = {.arena = slot->arena};
    const char *out = arena_printf(slot->arena, "%s/out", slot->work).ptr;
    const char *const argv[] = {
        place->python,      "-B", "-s", "/runner/check.py", "/work/out/answer.json",
        "/work/check.json", NULL};
    const char *const envp[] = {"PATH=/usr/bin:/bin",      "HOME=/tmp",
                                "LC_ALL=C.UTF-8",          "PYTHONHASHSEED=0",
                                machine_environment(slot), NULL};
    if (!file_mkdirs(AT_FDCWD, out, 0755, err))
        return false;
    const struct jail_mount mounts[] = {
        {.kind = JAIL_RO, .source = slot->runner, .target = "/runner"},
        {.kind = JAIL_RO, .source = site, .target = "/site"},
        {.kind = JAIL_RO, .source = slot->work, .target = "/work"},
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
        .limits = {.cpu_milli = (uint32_t)slot->spec->cpu_milli,
                   .memory_bytes = (uint64_t)slot->spec->memory_bytes,
                   .pids = IMPORT_PIDS,
                   .scratch_bytes = IMPORT_SCRATCH_MAX,
                   .wall_ms = IMPORT_TIMEOUT_MS,
                   .output_bytes = IMPORT_OUTPUT_MAX},
    };
    struct jail_result ended;
    if (!jail_run(&jail, evidence_hear, &evidence, &ended, err))
        return false;
    result->cpu_ms = ended.cpu_ms;
    result->peak_bytes = (int64_t)ended.peak_memory;
    struct str beside = {0};
    bool answered = import_read_answer(slot, result, &beside);
    if (ended.end == JAIL_EXITED && ended.code == 0 && answered) {
        import_note(slot, beside, result);
        return true;
    }
    result->outcome = SPEC_IMPORT_FAILED;
    result->evidence = evidence_lines(&evidence);
    struct str last = evidence_last(&evidence);
    if (!last.len && ended.end == JAIL_EXITED && ended.code == 0)
        last = STR("the interpreter ended before the test was over");
    if (!last.len)
        last = jail_describe(&ended, &jail.limits, slot->arena);
    if (machine_lacked(slot, &ended)) {
        result->outcome = SPEC_MACHINE;
        last = arena_printf(slot->arena, "needs an instruction that " STR_FMT " lacks (%s)",
                            STR_ARG(slot->spec->max_machine),
                            jail_describe(&ended, &jail.limits, slot->arena).ptr);
    }
    result->why =
        arena_printf(slot->arena, "does not import on the target: " STR_FMT, STR_ARG(last));
    return true;
}

/* What decides the answer: the wheels, the root, the runner and the check. */
static bool import_key(const struct slot *slot, const struct place *place, struct digest *key,
                       struct err *err)
{
    struct digest runner;
    const char *dir;
    if (!slot_runner_dir(slot->cache, slot->arena, &dir, &runner, err))
        return false;
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR("refinery test 1"));
    digest_add_field(stream, slot->spec->name);
    digest_add_field(stream, str_of(place->key.bytes, DIGEST_SIZE));
    digest_add_field(stream, str_of(runner.bytes, DIGEST_SIZE));
    digest_add_field(stream, check_spec_source(slot->spec->name, slot->arena));
    digest_add_field(stream, slot->spec->max_machine);
    for (size_t i = 0; i < slot->spec->wheels.len; i++)
        digest_add_field(stream, slot->spec->wheels.at[i].sha256);
    *key = digest_finish(stream);
    return true;
}

bool import_run(struct slot *slot, struct spec_result *result, struct err *err)
{
    struct place place;
    struct modules found = {0};
    struct digest key;
    bool known;
    struct err failed = {0};
    const char *site = arena_printf(slot->arena, "%s/site", slot->work).ptr;
    slot_phase(slot, "image");
    if (slot->spec->gather) {
        result->cached = true;
        result->why = STR("the clean root is in the cache");
        return place_clean_root(slot, &place, err);
    }
    if (!place_clean_root(slot, &place, err) || !import_key(slot, &place, &key, err) ||
        !result_recall(slot, &key, result, &known, err))
        return false;
    if (known)
        return true;
    result->key = arena_printf(slot->arena, "%s", digest_to_hex(&key).text);
    if (!file_mkdirs(AT_FDCWD, site, 0755, err))
        return false;
    if (!import_unpack(slot, site, &found, &failed)) {
        if (!fetch_is_data(&failed))
            return err_set(err, failed.code, "%s", failed.text);
        result->outcome = SPEC_IMPORT_FAILED; /* a wheel that is damaged, or a bomb */
        result->why = arena_str(slot->arena, str_from(failed.text));
        return true;
    }
    if (!import_write_spec(slot, &found, err))
        return false;
    slot_phase(slot, "import test");
    if (!import_in_jail(slot, &place, site, result, err))
        return false;
    if (result->outcome != SPEC_OK)
        return true;
    result->why = result->evidence.len
                      ? result->evidence.at[0]
                      : arena_printf(slot->arena, "imported %zu modules, %zu extension modules%s",
                                     found.modules.len, found.extensions.len,
                                     result->value.len ? ", known answer computed" : "");
    return result_keep_record(slot, &key, result, err);
}
