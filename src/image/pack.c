#include "image/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/embedded.h"
#include "base/vec.h"
#include "image/apt.h"
#include "os/fd.h"
#include "os/file.h"

#define PACK_RULES "refinery-pack-1"

enum {
    PACK_OPTIONS_MAX = 12,
    PACK_WALL_MS = 60 * 60 * 1000,
    PACK_OUTPUT_MAX = 64 << 20,
    PACK_TAIL = 700,
};

extern const struct embedded_file pack_scripts[]; /* data/packs, by scripts/embed_table.py */

/*
 * In building order: what a row needs stands above it. Of pack.sh names are Debian source
 * packages and options those of configure; relink.sh takes the archive that an "apt:" recipe
 * put into the sysroot.
 */
static const struct pack_row {
    const char *name, *needs;
    const char *options[PACK_OPTIONS_MAX];
    bool relinked;
} pack_rows[] = {
    {"libxml2",
     NULL,
     {"--without-python", "--without-lzma", "--without-icu", "--without-zlib", "--without-debug"}},
    {"libxslt",
     "libxml2",
     {"--without-python", "--without-crypto", "--without-debug", "--without-debugger"}},
    {"openblas",
     NULL,
     {"openblas-pthread/libopenblas.a", "openblas-pthread", "-lpthread", "-lm"},
     .relinked = true},
};

enum { PACK_ROWS = sizeof pack_rows / sizeof *pack_rows };

struct pack_work {
    const struct pack_spec *spec;
    const char *cache;
    struct arena *arena;
    bool chosen[PACK_ROWS];
    struct apt apt;
};

static int pack_find(struct str name)
{
    for (int i = 0; i < (int)PACK_ROWS; i++)
        if (str_eq(name, str_from(pack_rows[i].name)))
            return i;
    return -1;
}

bool pack_is_known(struct str name)
{
    return pack_find(name) >= 0;
}

static bool pack_choose(struct pack_work *work, struct err *err)
{
    for (size_t i = 0; i < work->spec->names.len; i++) {
        int row = pack_find(work->spec->names.at[i]);
        if (row < 0)
            return err_set(err, ERR_USAGE, "no pack \"" STR_FMT "\"",
                           STR_ARG(work->spec->names.at[i]));
        while (row >= 0) {
            work->chosen[row] = true;
            row = pack_rows[row].needs ? pack_find(str_from(pack_rows[row].needs)) : -1;
        }
    }
    return true;
}

/*
 * The release's source may get a security fix under the same request: `refresh` of the
 * image's spec asks again, and the versions are then part of the digest.
 */
static struct digest pack_digest(const struct pack_work *work, struct str sources)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR(PACK_RULES));
    digest_add_field(stream, work->spec->image->release);
    digest_add_field(stream, str_of(work->spec->floor_digest.bytes, DIGEST_SIZE));
    digest_add_field(stream, str_of(work->spec->toolchain->digest.bytes, DIGEST_SIZE));
    for (size_t i = 0; i < PACK_ROWS; i++) {
        if (!work->chosen[i])
            continue;
        digest_add_field(stream, str_from(pack_rows[i].name));
        if (pack_rows[i].relinked)
            digest_add_field(stream, str_of(work->spec->linked_digest.bytes, DIGEST_SIZE));
        for (size_t j = 0; j < PACK_OPTIONS_MAX && pack_rows[i].options[j]; j++)
            digest_add_field(stream, str_from(pack_rows[i].options[j]));
    }
    for (const struct embedded_file *file = pack_scripts; file->name; file++)
        digest_add_field(stream, str_of(file->bytes, file->len));
    digest_add_field(stream, sources);
    return digest_finish(stream);
}

static void pack_output(void *state, struct str chunk)
{
    buf_add(state, chunk);
}

static bool pack_run(struct pack_work *work, const struct pack_row *row, const char *scratch,
                     struct err *err)
{
    struct arena *arena = work->arena;
    const struct toolchain *chain = work->spec->toolchain;
    BUF_AUTO struct buf said = {0};
    VEC(struct jail_mount) mounts = {0};
    VEC(const char *) argv = {0}, env = {0};
    static const char *const dirs[] = {"src", "build", "out", "script"};
    for (size_t i = 0; i < chain->mount_count; i++)
        *vec_push(&mounts, arena) = chain->mounts[i];
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        *vec_push(&mounts, arena) = (struct jail_mount){
            .kind = i == 1 || i == 2 ? JAIL_RW : JAIL_RO,
            .source = i == 0 && row->relinked ? work->spec->linked_root
                                              : arena_printf(arena, "%s/%s", scratch, dirs[i]).ptr,
            .target = arena_printf(arena, "/%s", dirs[i]).ptr};
    /* What was built before is where it will be used. */
    *vec_push(&mounts, arena) =
        (struct jail_mount){.kind = JAIL_RO,
                            .source = arena_printf(arena, "%s/out/pack", scratch).ptr,
                            .target = PACK_PLACE};
    for (size_t i = 0; i < chain->env_count; i++)
        *vec_push(&env, arena) = chain->env[i];
    *vec_push(&env, arena) = "HOME=/tmp";
    *vec_push(&env, arena) = NULL;
    *vec_push(&argv, arena) = "/bin/bash";
    *vec_push(&argv, arena) = row->relinked ? "/script/relink.sh" : "/script/pack.sh";
    *vec_push(&argv, arena) = row->name;
    for (size_t i = 0; i < PACK_OPTIONS_MAX && row->options[i]; i++)
        *vec_push(&argv, arena) = row->options[i];
    *vec_push(&argv, arena) = NULL;
    struct jail_spec jail = {.root = work->spec->build_root,
                             .mounts = mounts.at,
                             .mount_count = mounts.len,
                             .argv = argv.at,
                             .envp = env.at,
                             .cwd = "/build",
                             .uid = 1000,
                             .gid = 1000,
                             .foreign = chain->foreign};
    jail.limits.wall_ms = PACK_WALL_MS;
    jail.limits.output_bytes = PACK_OUTPUT_MAX;
    struct jail_result result;
    if (!jail_run(&jail, pack_output, &said, &result, err))
        return err_wrap(err, "pack %s", row->name);
    if (result.end == JAIL_EXITED && result.code == 0)
        return true;
    struct str text = str_trim(buf_str(&said));
    struct str tail = str_from_pos(text, text.len > PACK_TAIL ? text.len - PACK_TAIL : 0);
    return err_set(err, ERR_SYSTEM, "pack %s: " STR_FMT ": " STR_FMT, row->name,
                   STR_ARG(jail_describe(&result, &jail.limits, arena)), STR_ARG(tail));
}

static bool pack_prepare(struct pack_work *work, const char *scratch, struct err *err)
{
    static const char *const dirs[] = {"src", "build", "out/pack", "script"};
    if (!file_remove_tree(AT_FDCWD, scratch, err))
        return false;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (!file_mkdirs(AT_FDCWD, arena_printf(work->arena, "%s/%s", scratch, dirs[i]).ptr, 0755,
                         err))
            return false;
    for (const struct embedded_file *file = pack_scripts; file->name; file++) {
        struct str path = arena_printf(work->arena, "%s/script/%s", scratch, file->name);
        if (!file_write(AT_FDCWD, path.ptr, 0644, str_of(file->bytes, file->len), err))
            return false;
    }
    for (size_t i = 0; i < PACK_ROWS; i++) {
        struct str into = arena_printf(work->arena, "%s/src/%s", scratch, pack_rows[i].name);
        if (work->chosen[i] && !pack_rows[i].relinked &&
            !apt_download_source(&work->apt, pack_rows[i].name, into.ptr, work->arena, err))
            return false;
    }
    return true;
}

static bool pack_build(struct pack_work *work, const char *scratch, const struct pack *pack,
                       struct err *err)
{
    if (!pack_prepare(work, scratch, err))
        return false;
    for (size_t i = 0; i < PACK_ROWS; i++)
        if (work->chosen[i] && !pack_run(work, &pack_rows[i], scratch, err))
            return false;
    struct str made = arena_printf(work->arena, "%s/out/pack", scratch);
    if (rename(made.ptr, pack->path.ptr))
        return err_errno(err, "cannot name %s", pack->path.ptr);
    return file_remove_tree(AT_FDCWD, scratch, err);
}

static bool pack_sources(struct pack_work *work, struct str *sources, struct err *err)
{
    BUF_AUTO struct buf all = {0};
    bool any = false;
    for (size_t i = 0; i < PACK_ROWS; i++)
        any = any || (work->chosen[i] && !pack_rows[i].relinked);
    *sources = STR("");
    if (!any)
        return true;
    if (!apt_update(&work->apt, work->spec->image->refresh, work->arena, err))
        return false;
    for (size_t i = 0; i < PACK_ROWS; i++) {
        struct str some;
        if (!work->chosen[i] || pack_rows[i].relinked)
            continue;
        if (!apt_source_uris(&work->apt, pack_rows[i].name, work->arena, &some, err))
            return false;
        buf_add(&all, some);
    }
    *sources = arena_str(work->arena, buf_str(&all));
    return true;
}

/* The request is remembered with its answer, so that the next one asks nobody. */
static bool pack_locked(struct pack_work *work, const char *request, struct pack *pack,
                        struct err *err)
{
    int FD_AUTO lock = -1, apt_lock = -1;
    struct str sources;
    struct str packs = arena_printf(work->arena, "%s/packs", work->cache);
    struct str scratch = arena_printf(work->arena, "%s.new", request);
    if (!file_lock(AT_FDCWD, arena_printf(work->arena, "%s.lock", request).ptr, true, &lock, err) ||
        !file_mkdirs(AT_FDCWD, work->apt.dir, 0755, err) ||
        !file_lock(AT_FDCWD, arena_printf(work->arena, "%s/lock", work->apt.dir).ptr, true,
                   &apt_lock, err) ||
        !pack_sources(work, &sources, err))
        return false;
    pack->digest = pack_digest(work, sources);
    pack->path = arena_printf(work->arena, "%s/%s", packs.ptr, digest_to_hex(&pack->digest).text);
    if (access(pack->path.ptr, F_OK)) {
        if (!pack_build(work, scratch.ptr, pack, err))
            return false;
        pack->made = true;
    }
    return file_write(AT_FDCWD, request, 0644, str_from(digest_to_hex(&pack->digest).text), err);
}

bool pack_make(const struct pack_spec *spec, const char *cache, image_progress_fn *progress,
               void *state, struct arena *arena, struct pack *pack, struct err *err)
{
    struct pack_work work = {.spec = spec, .cache = cache, .arena = arena};
    struct pack made = {0};
    struct str text, packs = arena_printf(arena, "%s/packs", cache);
    struct err ignored;
    work.apt =
        (struct apt){.spec = spec->image, .progress = progress, .state = state, .is_source = true};
    work.apt.what = arena_printf(arena, STR_FMT " sources", STR_ARG(spec->image->release));
    work.apt.dir =
        arena_printf(arena, "%s/apt/" STR_FMT "-sources", cache, STR_ARG(spec->image->release)).ptr;
    if (!pack_choose(&work, err) || !file_mkdirs(AT_FDCWD, packs.ptr, 0755, err))
        return false;
    struct digest key = pack_digest(&work, STR(""));
    struct str request = arena_printf(arena, "%s/request-%s", packs.ptr, digest_to_hex(&key).text);
    bool known = !spec->image->refresh &&
                 file_read(AT_FDCWD, request.ptr, 1000, arena, &text, &ignored) &&
                 digest_from_hex(str_trim(text), &made.digest);
    if (known)
        made.path = arena_printf(arena, "%s/%s", packs.ptr, digest_to_hex(&made.digest).text);
    if ((!known || access(made.path.ptr, F_OK)) && !pack_locked(&work, request.ptr, &made, err))
        return err_wrap(err, "packs");
    *pack = made;
    return true;
}
