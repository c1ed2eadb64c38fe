/*
 * One build: source and build requirements fetched, the jail furnished, the
 * backend's hooks called, what came out checked, repaired and stored under the
 * action key.
 */
#include "build/crates.h"
#include "build/env.h"
#include "build/hook.h"
#include "build/machine.h"
#include "build/recipe.h"
#include "build/repaired.h"
#include "build/slot.h"

#include "base/json.h"
#include "base/vec.h"
#include "elf/gate.h"
#include "os/fd.h"
#include "os/file.h"
#include "pkg/filename.h"
#include "pkg/name.h"
#include "pkg/tags.h"
#include "wheelfile/audit.h"
#include "wheelfile/repair.h"
#include "wheelfile/sysroot.h"
#include "wheelfile/wheelfile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WHEEL_EPOCH = 315532800 };
#define WHEEL_SIZE_MAX ((uint64_t)4 << 30)

/* Everything one attempt has gathered before the backend runs. */
struct wheel_job {
    struct slot *slot;
    struct place place;
    struct str sdist;
    struct digest source, env_key, key;
    struct digest *patches; /* of spec->patches */
    struct str *patch_paths;
    struct str env;
    struct hook_call call;
};

static bool wheel_fetch_list(struct slot *slot, struct spec_files files, struct env_wheels *wheels,
                             struct err *err)
{
    struct env_wheel *made = ARENA_ARRAY(slot->arena, struct env_wheel, files.len);
    for (size_t i = 0; i < files.len; i++) {
        struct str path;
        if (!fetch_file(slot, &files.at[i], &path, &made[i].digest, err))
            return false;
        made[i].path = path.ptr;
    }
    *wheels = (struct env_wheels){made, files.len};
    return true;
}

static bool wheel_fetch_patches(struct wheel_job *job, struct err *err)
{
    struct spec_files files = job->slot->spec->patches;
    job->patches = ARENA_ARRAY(job->slot->arena, struct digest, files.len);
    job->patch_paths = ARENA_ARRAY(job->slot->arena, struct str, files.len);
    for (size_t i = 0; i < files.len; i++)
        if (!fetch_file(job->slot, &files.at[i], &job->patch_paths[i], &job->patches[i], err))
            return err_wrap(err, "recipe patch:" STR_FMT, STR_ARG(files.at[i].filename));
    return true;
}

/* Source and build requirements. What an index or file does wrong is the attempt's outcome. */
static bool wheel_fetch(struct wheel_job *job, struct spec_result *result, struct err *err)
{
    struct slot *slot = job->slot;
    struct err failed = {0};
    struct env_wheels wheels, linked;
    slot_phase(slot, "fetch");
    if (fetch_file(slot, &slot->spec->source, &job->sdist, &job->source, &failed) &&
        wheel_fetch_list(slot, slot->spec->requires, &wheels, &failed) &&
        wheel_fetch_list(slot, slot->spec->linked, &linked, &failed) &&
        wheel_fetch_patches(job, &failed) &&
        (slot->spec->gather || /* what is built for the target is not there then */
         env_compose(slot->cache, wheels, linked, slot->arena, &job->env, &job->env_key, &failed)))
        return true;
    if (!fetch_is_data(&failed))
        return err_set(err, failed.code, "%s", failed.text);
    result->outcome = SPEC_FETCH_FAILED;
    result->why = arena_str(slot->arena, str_from(failed.text));
    return true;
}

static void wheel_key_list(struct digest_stream *stream, struct spec_list list)
{
    for (size_t i = 0; i < list.len; i++)
        digest_add_field(stream, list.at[i]);
    digest_add_field(stream, STR("."));
}

/* The action key: all that can change the result (ARCHITECTURE.md). */
static void wheel_make_key(struct wheel_job *job, const struct digest *runner)
{
    const struct spec *spec = job->slot->spec;
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR("refinery action 1"));
    digest_add_field(stream, str_from(spec_kind_name(spec->kind)));
    digest_add_field(stream, str_of(job->source.bytes, DIGEST_SIZE));
    digest_add_field(stream, spec->python);
    digest_add_field(stream, spec->arch);
    digest_add_field(stream, spec->platform_tag);
    digest_add_field(stream, spec->strategy);
    digest_add_field(stream, spec->strict_floor ? STR("strict") : STR("best"));
    digest_add_field(stream, spec->for_build_machine ? STR("build") : STR("target"));
    digest_add_field(stream, str_of(job->place.key.bytes, DIGEST_SIZE));
    digest_add_field(stream, str_of(job->env_key.bytes, DIGEST_SIZE));
    digest_add_field(stream, str_of(runner->bytes, DIGEST_SIZE));
    wheel_key_list(stream, spec->recipes);
    for (size_t i = 0; i < spec->patches.len; i++)
        digest_add_field(stream, str_of(job->patches[i].bytes, DIGEST_SIZE));
    if (spec->commit.len) /* files alone do not tell it, and backends write it into versions */
        digest_add_field(stream, spec->commit);
    job->key = digest_finish(stream);
}

/* The rest of the fetch phase, which only the unpacked source tells of. */
static bool wheel_crates(struct wheel_job *job, struct spec_result *result, bool *done,
                         struct err *err)
{
    struct slot *slot = job->slot;
    struct spec_list tools = recipe_values(slot->spec->recipes, STR("tool"), slot->arena);
    const char *source = arena_printf(slot->arena, "%s/src", job->call.dir).ptr;
    bool rust = false;
    for (size_t i = 0; i < tools.len; i++)
        rust = rust || str_eq(tools.at[i], STR("rust"));
    if (!rust || slot->spec->for_build_machine)
        return true;
    slot_phase(slot, "crates");
    if (!crates_fetch(slot, &job->place, source, &job->call.crates, result, err))
        return false;
    *done = result->outcome != SPEC_OK;
    return true;
}

/* The source unpacked, and its crates where it has any; `done`: that was it. */
static bool wheel_prepare(struct wheel_job *job, struct spec_result *result, bool *done,
                          struct err *err)
{
    struct slot *slot = job->slot;
    struct err failed = {0};
    slot_phase(slot, "unpack");
    job->call = (struct hook_call){
        .slot = slot,
        .place = &job->place,
        .env = job->env.ptr,
        .dir = arena_printf(slot->arena, "%s/jail", slot->work).ptr,
        .facts = str_eq(slot->spec->strategy, STR("cross")),
        .patches = {job->patch_paths, slot->spec->patches.len},
    };
    if (hook_prepare(&job->call, job->sdist.ptr, &failed))
        return wheel_crates(job, result, done, err);
    if (!fetch_is_data(&failed))
        return err_set(err, failed.code, "%s", failed.text);
    result->outcome = SPEC_BUILD_FAILED;
    result->why = arena_str(slot->arena, str_from(failed.text));
    return *done = true;
}

/* Up to the point where the backend can run; `done` when there is nothing left to do. */
static bool wheel_open(struct wheel_job *job, struct spec_result *result, bool *done,
                       struct err *err)
{
    struct slot *slot = job->slot;
    struct digest runner;
    const char *ignored;
    *done = false;
    if (!wheel_fetch(job, result, err))
        return false;
    if ((*done = result->outcome != SPEC_OK))
        return true;
    if (!place_for_build(slot, &job->place, err) ||
        !slot_runner_dir(slot->cache, slot->arena, &ignored, &runner, err))
        return false;
    wheel_make_key(job, &runner);
    result->key = arena_printf(slot->arena, "%s", digest_to_hex(&job->key).text);
    if (!result_recall(slot, &job->key, result, done, err) || *done)
        return *done;
    return wheel_prepare(job, result, done, err);
}

static void wheel_measure(const struct hook_answer *answer, struct spec_result *result)
{
    result->cpu_ms = answer->ended.cpu_ms;
    result->build_ms = answer->ended.wall_ms;
    result->peak_bytes = (int64_t)answer->ended.peak_memory;
    result->facts = answer->facts;
}

/* ---- asking ---- */

static bool wheel_ask(struct slot *slot, enum hook_name hook, struct spec_result *result,
                      struct err *err)
{
    struct wheel_job job = {.slot = slot};
    struct hook_answer answer;
    bool done;
    if (!wheel_open(&job, result, &done, err) || done)
        return done;
    slot_phase(slot, hook == HOOK_REQUIRES ? "requires" : "metadata");
    if (!hook_run(&job.call, hook, &answer, err))
        return false;
    wheel_measure(&answer, result);
    if (answer.answered) {
        result->requires = answer.requires;
        result->metadata = answer.metadata;
        result->why = STR("the backend answered");
    } else {
        hook_failure(&answer, slot, result);
    }
    /* The log of a failed metadata question is kept for the next one (run/backend.h), that of a
     * requires job is told to its run alone. */
    return (!answer.answered && hook == HOOK_REQUIRES) ||
           result_keep_record(slot, &job.key, result, err);
}

bool requires_run(struct slot *slot, struct spec_result *result, struct err *err)
{
    return wheel_ask(slot, HOOK_REQUIRES, result, err);
}

bool metadata_run(struct slot *slot, struct spec_result *result, struct err *err)
{
    return wheel_ask(slot, HOOK_METADATA, result, err);
}

/* ---- checking what came out ---- */

static void wheel_refuse(struct spec_result *result, enum spec_outcome outcome, struct str why)
{
    result->outcome = outcome;
    result->why = why;
}

/* 1.0 and 1 are one version; what the plan resolved is what must come out. */
static bool wheel_is_version(struct str built, struct str asked)
{
    struct version a, b;
    struct err ignored = {0};
    return version_parse(built, &a, &ignored) && version_parse(asked, &b, &ignored) &&
           version_cmp(&a, &b) == 0;
}

/* Whether its interpreter and machine are those that were asked for (PEP 425). */
static bool wheel_fits(const struct spec *spec, const struct wheelfile_name *name,
                       struct arena *arena)
{
    struct tag_target target = {0};
    struct tags tags;
    struct err ignored = {0};
    uint64_t minor = 0;
    if (!tags_parse_platform(spec->platform_tag, &target, &ignored) ||
        !str_to_u64(str_from_pos(spec->python, 2), &minor))
        return false;
    if (spec->for_build_machine && arch_host())
        target.arch = str_from(arch_host()->machine);
    target.python_minor = (unsigned)minor;
    return tags_build(&target, arena, &tags, &ignored) &&
           tags_rank(&tags, name->python, name->abi, name->platform) >= 0;
}

/* The backend's file, copied to where only we can write, if it is the wheel it should be. */
static bool wheel_take(struct wheel_job *job, struct str name, struct str *path,
                       struct spec_result *result, struct err *err)
{
    struct slot *slot = job->slot;
    struct arena *arena = slot->arena;
    struct err failed = {0};
    struct wheelfile_name parts;
    FD_AUTO int from = -1;
    const char *dir = arena_printf(arena, "%s/built", slot->work).ptr;
    *path = arena_printf(arena, "%s/" STR_FMT, dir, STR_ARG(name));
    if (!hook_open_output(job->call.dir, "dist", name, &from, &failed) ||
        !wheelfile_parse_name(name, &parts, &failed)) {
        wheel_refuse(
            result, SPEC_NO_WHEEL,
            arena_printf(arena, "the backend reported success but left no wheel: %s", failed.text));
        return true;
    }
    struct str got = name_normal(parts.name, arena), asked = name_normal(slot->spec->name, arena);
    if (!str_eq(got, asked)) {
        wheel_refuse(result, SPEC_NO_WHEEL,
                     arena_printf(arena, "the backend built " STR_FMT ", not " STR_FMT,
                                  STR_ARG(name), STR_ARG(slot->spec->name)));
        return true;
    }
    if (!wheel_is_version(parts.version, slot->spec->version)) {
        wheel_refuse(result, SPEC_NO_WHEEL,
                     arena_printf(arena, "the backend built " STR_FMT ", not version " STR_FMT,
                                  STR_ARG(name), STR_ARG(slot->spec->version)));
        return true;
    }
    if (!wheel_fits(slot->spec, &parts, arena)) {
        wheel_refuse(result, SPEC_NO_WHEEL,
                     arena_printf(arena,
                                  "the backend built " STR_FMT ", which Python " STR_FMT
                                  " on " STR_FMT " does not accept",
                                  STR_ARG(name), STR_ARG(slot->spec->python),
                                  STR_ARG(slot->spec->arch)));
        return true;
    }
    struct stat info;
    if (fstat(from, &info) < 0)
        return err_errno(err, "%.*s", STR_ARG(name));
    if ((uint64_t)info.st_size >
        WHEEL_SIZE_MAX) { /* a sparse file costs a build nothing, us a disk */
        wheel_refuse(result, SPEC_NO_WHEEL,
                     arena_printf(arena,
                                  "the backend built " STR_FMT " of %lld bytes, more than "
                                  "the %llu allowed",
                                  STR_ARG(name), (long long)info.st_size,
                                  (unsigned long long)WHEEL_SIZE_MAX));
        return true;
    }
    if (!file_mkdirs(AT_FDCWD, dir, 0755, err))
        return false;
    const char *source = arena_printf(arena, "/proc/self/fd/%d", from).ptr;
    return file_copy(AT_FDCWD, source, AT_FDCWD, path->ptr, err);
}

/* Names that the floor's glibc lacks, from the kit, for the gate. */
static bool wheel_missing(struct wheel_job *job, const struct str **names, size_t *count,
                          struct err *err)
{
    VEC(struct str) missing = {0};
    struct str lines, line;
    if (!floor_missing(&job->place.floor, job->slot->arena, &lines, err))
        return false;
    while (str_next_line(&lines, &line))
        if (line.len)
            *vec_push(&missing, job->slot->arena) = line;
    *names = missing.at;
    *count = missing.len;
    return true;
}

/*
 * The gate after the link on every ELF file. A need for a newer version only makes
 * the tag newer; a reference without a version to what the floor lacks would make
 * the tag a lie, so it is refused.
 */
static bool wheel_gate(struct wheel_job *job, const char *path, struct spec_result *result,
                       struct err *err)
{
    struct arena *arena = job->slot->arena;
    struct elf_gate_rules rules = {.arch = elf_policy_arch_from(job->slot->spec->arch),
                                   .floor = floor_glibc(job->slot->spec->platform_tag)};
    WHEELFILE_AUTO struct wheelfile *wheel = NULL;
    size_t count;
    if (!wheel_missing(job, &rules.missing, &rules.missing_count, err) ||
        !wheelfile_open(path, &wheel, err))
        return false;
    const struct wheelfile_member *members = wheelfile_members(wheel, &count);
    for (size_t i = 0; i < count && result->outcome == SPEC_OK; i++) {
        ARENA_AUTO struct arena scratch = {0};
        WHEELFILE_VIEW_AUTO struct wheelfile_view view = {0};
        char head[16];
        struct elf_file elf;
        const struct elf_gate_finding *findings;
        size_t found, got;
        if (members[i].directory || members[i].size < 64)
            continue;
        if (!wheelfile_peek(wheel, &members[i], sizeof head, head, &got, err))
            return false;
        if (!elf_read_is_elf(str_of(head, got)))
            continue;
        if (!wheelfile_view(wheel, &members[i], &view, err) ||
            !elf_read(view.bytes, &scratch, &elf, err))
            return err_wrap(err, STR_FMT, STR_ARG(members[i].path));
        elf_gate_check(&elf, &rules, &scratch, &findings, &found);
        for (size_t f = 0; f < found; f++)
            if (findings[f].reason == ELF_GATE_UNVERSIONED) {
                struct str what = elf_gate_describe(&findings[f], &rules, &scratch);
                wheel_refuse(result, SPEC_FLOOR,
                             arena_printf(arena, STR_FMT ": " STR_FMT, STR_ARG(members[i].path),
                                          STR_ARG(what)));
                break;
            }
    }
    return true;
}

/* What of packs is in the wheel, or grafted into it. */
static struct spec_list wheel_packs(const struct wheel_job *job)
{
    const struct pack_records *parts = &job->place.pack.parts;
    VEC(struct str) words = {0};
    for (size_t i = 0; i < parts->len; i++)
        *vec_push(&words, job->slot->arena) =
            arena_printf(job->slot->arena, STR_FMT "%s" STR_FMT " " DIGEST_PREFIX STR_FMT,
                         STR_ARG(parts->at[i].name), parts->at[i].version.len ? " " : "",
                         STR_ARG(parts->at[i].version), STR_ARG(parts->at[i].digest));
    return (struct spec_list){words.at, words.len};
}

/* Where libraries from outside of the wheel are: those of packs stand on the floor, so first. */
static bool wheel_libraries(const struct wheel_job *job, struct wheelfile_sysroot **libraries,
                            struct err *err)
{
    const char *roots[2];
    size_t count = 0;
    if (job->place.pack.path.len)
        roots[count++] = job->place.pack.path.ptr;
    if (job->place.sysroot)
        roots[count++] = job->place.sysroot;
    return !count || wheelfile_sysroot_open(roots, count, libraries, err);
}

static bool wheel_repair(struct wheel_job *job, const char *built, struct spec_result *result,
                         struct err *err)
{
    struct slot *slot = job->slot;
    struct wheelfile_sysroot *sysroot = NULL;
    struct elf_audit_lookup lookup;
    struct wheelfile_repair_result repaired;
    struct elf_audit_verdict verdict;
    const char *dir = arena_printf(slot->arena, "%s/repaired", slot->work).ptr;
    struct wheelfile_repair_options options = {.floor = slot->spec->platform_tag,
                                               .strict = slot->spec->strict_floor,
                                               .out_dir = dir,
                                               .source_epoch = WHEEL_EPOCH};
    struct cas_blob blob;
    slot_phase(slot, "repair");
    if (!file_mkdirs(AT_FDCWD, dir, 0755, err) || !wheel_libraries(job, &sysroot, err))
        return false;
    if (sysroot) {
        lookup = wheelfile_sysroot_lookup(sysroot);
        options.lookup = &lookup;
    }
    bool ok = wheelfile_repair(built, &options, slot->arena, &repaired, err);
    wheelfile_sysroot_close(&sysroot);
    if (!ok)
        return false;
    repaired_describe(&repaired, slot->arena, result);
    result->packs = wheel_packs(job);
    /* With what was grafted: an image's libraries may be of a newer machine than the compiler. */
    if (result->outcome == SPEC_OK && machine_level(slot)) {
        if (!wheelfile_audit(repaired.path.ptr, NULL, slot->arena, &verdict, err))
            return false;
        machine_check(slot, &verdict, result);
    }
    if (result->outcome != SPEC_OK)
        return true;
    if (!cas_put_path(slot->cas, AT_FDCWD, repaired.path.ptr, NULL, &blob, err))
        return false;
    result->sha256 = arena_printf(slot->arena, "%s", digest_to_hex(&blob.digest).text);
    return result_keep(job->slot, &job->key, &blob.digest, result, err);
}

/* The build machine's own wheels are tools: stored as they are, never delivered. */
static bool wheel_keep(struct wheel_job *job, struct str built, struct spec_result *result,
                       struct err *err)
{
    struct cas_blob blob;
    if (!cas_put_path(job->slot->cas, AT_FDCWD, built.ptr, NULL, &blob, err))
        return false;
    size_t slash = str_rfind_char(built, '/');
    result->file = str_from_pos(built, slash + 1);
    result->sha256 = arena_printf(job->slot->arena, "%s", digest_to_hex(&blob.digest).text);
    return result_keep(job->slot, &job->key, &blob.digest, result, err);
}

static void wheel_log_facts(const struct spec_list *facts)
{
    for (size_t i = 0; i < facts->len; i++)
        slot_log("machine fact: " STR_FMT, STR_ARG(facts->at[i]));
}

static bool wheel_make(struct wheel_job *job, struct spec_result *result, struct err *err)
{
    struct slot *slot = job->slot;
    struct hook_answer answer;
    struct str built;
    slot_phase(slot, "build");
    if (!hook_run(&job->call, HOOK_WHEEL, &answer, err))
        return false;
    wheel_measure(&answer, result);
    wheel_log_facts(&result->facts);
    if (result->facts.len) { /* even a build that succeeded computed with the wrong machine */
        wheel_refuse(result, SPEC_FACTS,
                     arena_printf(slot->arena, "reads facts of the machine: " STR_FMT,
                                  STR_ARG(result->facts.at[0])));
        return true;
    }
    if (!answer.answered) {
        hook_failure(&answer, slot, result);
        return true;
    }
    if (!wheel_take(job, answer.wheel, &built, result, err) || result->outcome != SPEC_OK)
        return result->outcome != SPEC_OK;
    if (slot->spec->for_build_machine)
        return wheel_keep(job, built, result, err);
    slot_phase(slot, "audit");
    struct err failed = {0};
    if (wheel_gate(job, built.ptr, result, &failed) &&
        (result->outcome != SPEC_OK || wheel_repair(job, built.ptr, result, &failed)))
        return true;
    if (failed.code != ERR_FORMAT && failed.code != ERR_LIMIT)
        return err_set(err, failed.code, "%s", failed.text);
    /* The backend made it: another attempt would not read it either. */
    wheel_refuse(result, SPEC_NO_WHEEL,
                 arena_printf(slot->arena, "the backend left a damaged wheel: %s", failed.text));
    return true;
}

/* For a bundle: sources, environment, images, native libraries and crates, but no build. */
static bool wheel_gather(struct wheel_job *job, struct spec_result *result, struct err *err)
{
    bool done = false;
    if (!wheel_fetch(job, result, err))
        return false;
    if (result->outcome != SPEC_OK)
        return true;
    if (!place_for_build(job->slot, &job->place, err) || !wheel_prepare(job, result, &done, err))
        return false;
    if (done)
        return true;
    result->cached = true; /* so that nobody learns from it */
    result->why = STR("all that its build takes is in the cache");
    return true;
}

bool wheel_run(struct slot *slot, struct spec_result *result, struct err *err)
{
    struct wheel_job job = {.slot = slot};
    bool done;
    if (slot->spec->gather)
        return wheel_gather(&job, result, err);
    if (!wheel_open(&job, result, &done, err) || done)
        return done;
    if (!wheel_make(&job, result, err))
        return false;
    return result->outcome == SPEC_OK || result_keep_record(slot, &job.key, result, err);
}
