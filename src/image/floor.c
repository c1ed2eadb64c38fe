#include "image/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/embedded.h"
#include "base/vec.h"
#include "elf/stub.h"
#include "image/toolchain.h"
#include "jail/jail.h"
#include "os/fd.h"
#include "os/file.h"

/* Changes with what a kit holds, so that kits of an older program are not taken for ours. */
#define FLOOR_RULES "refinery-floor-1"
#define FLOOR_ARCHIVE "libfloor_nonshared.a"
#define FLOOR_NONSHARED "libc_nonshared.a"

enum {
    FLOOR_LIBRARY_MAX = 64 << 20,
    FLOOR_WALL_MS = 5 * 60 * 1000,
    FLOOR_OUTPUT_MAX = 1 << 20,
    FLOOR_TAIL = 600,
    FLOOR_GLIBC_MIN = 17,
    FLOOR_GLIBC_MAX = 99,
};

extern const struct embedded_file floor_sources[]; /* data/floor, by scripts/embed_table.py */

/* The glibc 2.<since> that has the functions itself: floors from there on leave the object out. */
static const struct floor_object {
    const char *name; /* of the source without ".c" */
    unsigned since;
} floor_objects[] = {
    {"thread_atexit", 18},   {"explicit_bzero", 25},  {"getrandom", 25},    {"preadv2", 26},
    {"reallocarray", 26},    {"memfd", 27},           {"fcntl64", 28},      {"cond_clockwait", 30},
    {"gettid", 30},          {"mutex_clocklock", 30}, {"rwlock_clock", 30}, {"sem_clockwait", 30},
    {"single_threaded", 32}, {"mknod", 33},           {"stat", 33},         {"close_range", 34},
    {"start_main", 34},      {"dl_find_object", 35},  {"arc4random", 36},   {"isoc23_scanf", 38},
    {"isoc23_strto", 38},    {"isoc23_wscanf", 38},
};

unsigned floor_glibc(struct str text)
{
    uint64_t minor;
    struct str head, tail;
    if (str_starts(text, STR("manylinux2014")))
        return 17;
    bool is_tag = str_starts(text, STR("manylinux_2_"));
    if (!is_tag && !str_starts(text, STR("2.")))
        return 0;
    str_cut(str_from_pos(text, is_tag ? 12 : 2), '_', &head, &tail);
    if (!str_to_u64(head, &minor) || minor > FLOOR_GLIBC_MAX)
        return 0;
    return (unsigned)minor;
}

static struct digest floor_digest(const struct floor_spec *spec)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR(FLOOR_RULES));
    digest_add_field(stream, str_from(spec->target->machine));
    digest_add_field(stream, str_of(spec->build_digest.bytes, DIGEST_SIZE));
    digest_add_field(stream, str_of(spec->sysroot_digest.bytes, DIGEST_SIZE));
    char glibc[16];
    snprintf(glibc, sizeof glibc, "2.%u", spec->glibc);
    digest_add_field(stream, str_from(glibc));
    for (const struct embedded_file *file = floor_sources; file->name; file++)
        digest_add_field(stream, str_of(file->bytes, file->len));
    return digest_finish(stream);
}

/* One library of the sysroot by SONAME; absent is fine for those that some releases lack. */
static bool floor_read_library(const struct floor_spec *spec, const char *soname,
                               struct arena *arena, struct str *bytes, bool *present,
                               struct err *err)
{
    struct str path =
        arena_printf(arena, "%s/" STR_FMT "/%s", spec->sysroot, STR_ARG(spec->libdir), soname);
    *present = access(path.ptr, F_OK) == 0;
    return !*present || file_read(AT_FDCWD, path.ptr, FLOOR_LIBRARY_MAX, arena, bytes, err);
}

static bool floor_stubs(const struct floor_spec *spec, const char *dir, struct arena *arena,
                        struct err *err)
{
    VEC(struct elf_stub_input) inputs = {0};
    struct str bytes;
    bool present;
    for (size_t i = 0; elf_stub_sonames[i]; i++) {
        if (!floor_read_library(spec, elf_stub_sonames[i], arena, &bytes, &present, err))
            return false;
        if (present)
            *vec_push(&inputs, arena) =
                (struct elf_stub_input){str_from(elf_stub_sonames[i]), bytes};
    }
    if (!floor_read_library(spec, spec->target->loader_name, arena, &bytes, &present, err))
        return false;
    if (present)
        *vec_push(&inputs, arena) =
            (struct elf_stub_input){str_from(spec->target->loader_name), bytes};
    struct elf_stub_options options = {spec->glibc, STR(FLOOR_ARCHIVE), STR(FLOOR_NONSHARED)};
    struct elf_stub_set set;
    if (!elf_stub_make(inputs.at, inputs.len, &options, arena, &set, err))
        return err_wrap(err, "stub libraries from %s", spec->sysroot);
    for (size_t i = 0; i < set.file_count; i++) {
        struct str path = arena_printf(arena, "%s/" STR_FMT, dir, STR_ARG(set.files[i].name));
        if (!file_write(AT_FDCWD, path.ptr, set.files[i].is_text ? 0644 : 0755, set.files[i].bytes,
                        err))
            return false;
    }
    struct str missing = arena_printf(arena, "%s/missing.txt", dir);
    return file_write(AT_FDCWD, missing.ptr, 0644, set.missing_text, err);
}

static void floor_output(void *state, struct str chunk)
{
    buf_add(state, chunk);
}

/* One tool of the build image, with the sources at /src and the objects written to /out. */
static bool floor_run(const struct floor_spec *spec, const char *sources, const char *out,
                      const char *const *argv, struct err *err)
{
    struct arena ARENA_AUTO arena = {0};
    BUF_AUTO struct buf said = {0};
    static const char *const envp[] = {"PATH=/usr/bin", "LC_ALL=C.UTF-8", "TMPDIR=/tmp",
                                       "SOURCE_DATE_EPOCH=0", NULL};
    const struct jail_mount mounts[] = {
        {.kind = JAIL_RO, .source = spec->sysroot, .target = TOOLCHAIN_SYSROOT},
        {.kind = JAIL_RO, .source = sources, .target = "/src"},
        {.kind = JAIL_RW, .source = out, .target = "/out"}};
    struct jail_spec jail = {.root = spec->build_root,
                             .mounts = mounts,
                             .mount_count = 3,
                             .argv = argv,
                             .envp = envp,
                             .cwd = "/out",
                             .uid = 1000,
                             .gid = 1000};
    jail.limits.wall_ms = FLOOR_WALL_MS;
    jail.limits.output_bytes = FLOOR_OUTPUT_MAX;
    struct jail_result result;
    if (!jail_run(&jail, floor_output, &said, &result, err))
        return err_wrap(err, "building the floor's archive");
    if (result.end == JAIL_EXITED && result.code == 0)
        return true;
    struct str text = str_trim(buf_str(&said));
    struct str tail = str_from_pos(text, text.len > FLOOR_TAIL ? text.len - FLOOR_TAIL : 0);
    return err_set(err, ERR_SYSTEM, "building the floor's archive: %s: " STR_FMT ": " STR_FMT,
                   argv[0], STR_ARG(jail_describe(&result, &jail.limits, &arena)), STR_ARG(tail));
}

static bool floor_write_sources(const char *dir, struct arena *arena, struct err *err)
{
    for (const struct embedded_file *file = floor_sources; file->name; file++) {
        struct str path = arena_printf(arena, "%s/%s", dir, file->name);
        if (!file_write(AT_FDCWD, path.ptr, 0644, str_of(file->bytes, file->len), err))
            return false;
    }
    return true;
}

static bool floor_compile(const struct floor_spec *spec, const char *sources, const char *out,
                          struct arena *arena, struct err *err)
{
    static const char *const options[] = {"--sysroot=" TOOLCHAIN_SYSROOT,
                                          "-std=gnu17",
                                          "-O2",
                                          "-fPIC",
                                          "-fno-builtin",
                                          "-g0",
                                          "-fno-stack-protector",
                                          "-fno-asynchronous-unwind-tables",
                                          "-Wall",
                                          "-Wextra",
                                          "-Werror",
                                          "-Wno-attribute-alias",
                                          "-ffile-prefix-map=/src=.",
                                          "-c"};
    VEC(const char *) compile = {0}, archive = {0};
    *vec_push(&compile, arena) = arena_printf(arena, "/usr/bin/%s-gcc", spec->target->triplet).ptr;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        *vec_push(&compile, arena) = options[i];
    *vec_push(&archive, arena) = arena_printf(arena, "/usr/bin/%s-ar", spec->target->triplet).ptr;
    *vec_push(&archive, arena) = "rcsD";
    *vec_push(&archive, arena) = FLOOR_ARCHIVE;
    for (size_t i = 0; i < sizeof floor_objects / sizeof *floor_objects; i++) {
        if (spec->glibc >= floor_objects[i].since)
            continue;
        *vec_push(&compile, arena) = arena_printf(arena, "/src/%s.c", floor_objects[i].name).ptr;
        *vec_push(&archive, arena) = arena_printf(arena, "%s.o", floor_objects[i].name).ptr;
    }
    bool any = archive.len > 3;
    *vec_push(&compile, arena) = NULL;
    *vec_push(&archive, arena) = NULL;
    return (!any || floor_run(spec, sources, out, compile.at, err)) &&
           floor_run(spec, sources, out, archive.at, err);
}

static bool floor_archive(const struct floor_spec *spec, const char *scratch, const char *dir,
                          struct arena *arena, struct err *err)
{
    struct str sources = arena_printf(arena, "%s/src", scratch);
    struct str out = arena_printf(arena, "%s/out", scratch);
    struct str made = arena_printf(arena, "%s/" FLOOR_ARCHIVE, out.ptr);
    struct str kept = arena_printf(arena, "%s/" FLOOR_ARCHIVE, dir), bytes;
    return file_mkdirs(AT_FDCWD, sources.ptr, 0755, err) &&
           file_mkdirs(AT_FDCWD, out.ptr, 0755, err) &&
           floor_write_sources(sources.ptr, arena, err) &&
           floor_compile(spec, sources.ptr, out.ptr, arena, err) &&
           file_read(AT_FDCWD, made.ptr, FLOOR_LIBRARY_MAX, arena, &bytes, err) &&
           file_write(AT_FDCWD, kept.ptr, 0644, bytes, err);
}

static bool floor_fill(const struct floor_spec *spec, const char *scratch, const char *dir,
                       struct arena *arena, struct err *err)
{
    struct str from = arena_printf(arena, "%s/" STR_FMT "/" FLOOR_NONSHARED, spec->sysroot,
                                   STR_ARG(spec->libdir));
    struct str to = arena_printf(arena, "%s/" FLOOR_NONSHARED, dir);
    return file_mkdirs(AT_FDCWD, dir, 0755, err) && floor_stubs(spec, dir, arena, err) &&
           file_copy(AT_FDCWD, from.ptr, AT_FDCWD, to.ptr, err) &&
           floor_archive(spec, scratch, dir, arena, err);
}

static bool floor_make_locked(const struct floor_spec *spec, const char *cache, struct arena *arena,
                              struct floor_kit *kit, struct err *err)
{
    int FD_AUTO lock = -1;
    const char *hex = digest_to_hex(&kit->digest).text;
    struct str floors = arena_printf(arena, "%s/floors", cache);
    struct str locked = arena_printf(arena, "%s/%s.lock", floors.ptr, hex);
    struct str scratch = arena_printf(arena, "%s/%s.new", floors.ptr, hex);
    struct str dir = arena_printf(arena, "%s/kit", scratch.ptr);
    if (!file_mkdirs(AT_FDCWD, floors.ptr, 0755, err) ||
        !file_lock(AT_FDCWD, locked.ptr, true, &lock, err))
        return false;
    if (access(kit->path.ptr, F_OK) == 0)
        return true;
    if (!file_remove_tree(AT_FDCWD, scratch.ptr, err) ||
        !floor_fill(spec, scratch.ptr, dir.ptr, arena, err))
        return false;
    if (rename(dir.ptr, kit->path.ptr))
        return err_errno(err, "cannot name %s", kit->path.ptr);
    kit->made = true;
    return file_remove_tree(AT_FDCWD, scratch.ptr, err);
}

bool floor_make(const struct floor_spec *spec, const char *cache, struct arena *arena,
                struct floor_kit *kit, struct err *err)
{
    struct floor_kit made = {.digest = floor_digest(spec)};
    if (spec->glibc < FLOOR_GLIBC_MIN)
        return err_set(err, ERR_USAGE, "floor 2.%u: the oldest is 2.%d", spec->glibc,
                       FLOOR_GLIBC_MIN);
    made.path = arena_printf(arena, "%s/floors/%s", cache, digest_to_hex(&made.digest).text);
    if (access(made.path.ptr, F_OK) && !floor_make_locked(spec, cache, arena, &made, err))
        return err_wrap(err, "floor 2.%u for %s", spec->glibc, spec->target->machine);
    *kit = made;
    return true;
}

bool floor_missing(const struct floor_kit *kit, struct arena *arena, struct str *lines,
                   struct err *err)
{
    struct str path = arena_printf(arena, "%s/missing.txt", kit->path.ptr);
    return file_read(AT_FDCWD, path.ptr, FLOOR_LIBRARY_MAX, arena, lines, err);
}
