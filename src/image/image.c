#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/vec.h"
#include "image/apt.h"
#include "image/bytecode.h"
#include "image/root.h"
#include "image/unpacked.h"
#include "os/fd.h"
#include "os/file.h"

const char IMAGE_OWN_PYTHON[] = "";

/* Changes with the rules of composing, so that roots of an older program are not taken for ours. */
#define IMAGE_RULES "refinery-root-4"

enum { IMAGE_REQUEST_MAX = 4 << 20, IMAGE_CONTROL_MAX = 1 << 20 };

struct image_work {
    const struct image_spec *spec;
    const struct arch *arch;
    const char *cache; /* absolute */
    struct apt apt;
    struct arena *arena;
    struct digest request;
    struct apt_packages packages;
    struct image_root root;
};

const char *image_stage_name(enum image_stage stage)
{
    static const char *const names[] = {
        [IMAGE_INDEX] = "fetching package indexes",
        [IMAGE_RESOLVE] = "resolving packages",
        [IMAGE_DOWNLOAD] = "downloading packages",
        [IMAGE_UNPACK] = "unpacking packages",
        [IMAGE_LINK] = "composing the root",
        [IMAGE_BYTECODE] = "compiling Python's library",
        [IMAGE_NOTE] = "note",
    };
    return names[stage];
}

static void image_tell(const struct image_work *work, enum image_stage stage, uint64_t done,
                       uint64_t total)
{
    if (work->apt.progress)
        work->apt.progress(work->apt.state, &(struct image_progress){stage, work->apt.what,
                                                                     (struct str){0}, done, total});
}

static int image_name_order(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void image_add_names(struct digest_stream *stream, struct image_names names,
                            struct arena *arena)
{
    struct str *sorted = ARENA_ARRAY(arena, struct str, names.len + 1);
    for (size_t i = 0; i < names.len; i++)
        sorted[i] = names.at[i];
    qsort(sorted, names.len, sizeof *sorted, image_name_order);
    for (size_t i = 0; i < names.len; i++)
        if (i == 0 || !str_eq(sorted[i], sorted[i - 1]))
            digest_add_field(stream, sorted[i]);
    digest_add_field(stream, STR("."));
}

/* What both the request and the root have in their digests. */
static struct digest_stream *image_digest_open(const struct image_spec *spec)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR(IMAGE_RULES));
    digest_add_field(stream, spec->distro);
    digest_add_field(stream, spec->release);
    digest_add_field(stream, spec->arch);
    digest_add_field(stream, spec->bytecode_by ? STR("bytecode") : STR(""));
    for (size_t i = 0; i < spec->link_count; i++) {
        digest_add_field(stream, spec->links[i].path);
        digest_add_field(stream, spec->links[i].target);
    }
    digest_add_field(stream, STR("."));
    return stream;
}

static struct digest image_request_digest(const struct image_spec *spec, struct arena *arena)
{
    struct digest_stream *stream = image_digest_open(spec);
    image_add_names(stream, spec->wanted, arena);
    image_add_names(stream, spec->without, arena);
    digest_add_field(stream, spec->mirror);
    digest_add_field(stream, spec->security_mirror);
    digest_add_field(stream, spec->keyring);
    return digest_finish(stream);
}

static struct digest image_root_digest(const struct image_work *work)
{
    struct digest_stream *stream = image_digest_open(work->spec);
    for (size_t i = 0; i < work->packages.len; i++)
        digest_add_field(stream, work->packages.at[i].exact);
    return digest_finish(stream);
}

static struct str image_path(const struct image_work *work, const char *dir,
                             const struct digest *digest, const char *ending)
{
    return arena_printf(work->arena, "%s/%s/%s%s", work->cache, dir, digest_to_hex(digest).text,
                        ending);
}

/* A remembered answer: "root <digest>", then one exact package a line. False: none usable. */
static bool image_recall(struct image_work *work)
{
    struct err ignored;
    struct str text, line, path = image_path(work, "requests", &work->request, "");
    struct image_root root = {0};
    VEC(struct str) exact = {0};
    if (!file_read(AT_FDCWD, path.ptr, IMAGE_REQUEST_MAX, work->arena, &text, &ignored))
        return false;
    if (!str_next_line(&text, &line) || !str_starts(line, STR("root ")) ||
        !digest_from_hex(str_from_pos(line, 5), &root.digest))
        return false;
    while (str_next_line(&text, &line))
        *vec_push(&exact, work->arena) = line;
    root.path = image_path(work, "roots", &root.digest, "");
    root.exact = (struct image_names){exact.at, exact.len};
    if (access(root.path.ptr, F_OK))
        return false;
    work->root = root;
    return true;
}

static bool image_remember(const struct image_work *work, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    buf_printf(&text, "root %s\n", digest_to_hex(&work->root.digest).text);
    for (size_t i = 0; i < work->root.exact.len; i++)
        buf_printf(&text, STR_FMT "\n", STR_ARG(work->root.exact.at[i]));
    struct str path = image_path(work, "requests", &work->request, "");
    return file_write(AT_FDCWD, path.ptr, 0644, buf_str(&text), err);
}

static bool image_resolve(struct image_work *work, bool fresh, struct err *err)
{
    return apt_update(&work->apt, fresh, work->arena, err) &&
           apt_resolve(&work->apt, work->arena, &work->packages, err) &&
           unpacked_fetch(&work->apt, work->cache, &work->packages, work->arena, err);
}

/*
 * An index of yesterday may name files that the archive has replaced, or lack what
 * came since: a failure is believed only with a fresh one.
 */
static bool image_bring(struct image_work *work, struct err *err)
{
    int FD_AUTO lock = -1;
    struct str path = arena_printf(work->arena, "%s/lock", work->apt.dir);
    if (!file_mkdirs(AT_FDCWD, work->apt.dir, 0755, err) ||
        !file_lock(AT_FDCWD, path.ptr, true, &lock, err))
        return false;
    struct str stamp = arena_printf(work->arena, "%s/updated", work->apt.dir);
    struct stat before, after;
    bool had = stat(stamp.ptr, &before) == 0;
    if (image_resolve(work, work->spec->refresh, err))
        return true;
    bool updated = stat(stamp.ptr, &after) == 0 && (!had || after.st_ino != before.st_ino);
    if (updated || (err->code != ERR_NOT_FOUND && err->code != ERR_NETWORK))
        return false;
    return image_resolve(work, true, err);
}

/* "python3.11-minimal" is among the packages -> "3.11". */
static struct str image_python(const struct image_work *work)
{
    const struct str prefix = STR("python3."), suffix = STR("-minimal");
    for (size_t i = 0; i < work->packages.len; i++) {
        struct str name = work->packages.at[i].name;
        if (str_starts(name, prefix) && str_ends(name, suffix))
            return str_slice(name, prefix.len - 2, name.len - suffix.len);
    }
    return (struct str){0};
}

/* Byte code depends on the packages that hold the library, so roots of the same ones share it. */
static struct digest image_bytecode_key(const struct image_work *work)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR(IMAGE_RULES));
    for (size_t i = 0; i < work->packages.len; i++) {
        struct str name = work->packages.at[i].name;
        bool has_library = str_ends(name, STR("-minimal")) || str_ends(name, STR("-stdlib"));
        bool of_python = str_starts(name, STR("python3.")) || str_starts(name, STR("libpython3."));
        if ((has_library && of_python) || str_starts(name, STR("python3-")))
            digest_add_field(stream, str_of(work->packages.at[i].sha256.bytes, DIGEST_SIZE));
    }
    return digest_finish(stream);
}

static bool image_bytecode(struct image_work *work, const char *root, struct err *err)
{
    struct str python = image_python(work);
    if (!work->spec->bytecode_by || !python.len)
        return true;
    struct digest key = image_bytecode_key(work);
    struct str made = image_path(work, "bytecode", &key, "");
    const char *by = work->spec->bytecode_by == IMAGE_OWN_PYTHON ? root : work->spec->bytecode_by;
    if (access(made.ptr, F_OK)) {
        struct str beside = image_path(work, "bytecode", &work->request, ".new");
        image_tell(work, IMAGE_BYTECODE, 0, 0);
        if (!file_remove_tree(AT_FDCWD, beside.ptr, err) ||
            !file_mkdirs(AT_FDCWD, beside.ptr, 0755, err) ||
            !bytecode_make(by, root, python, beside.ptr, err))
            return false;
        if (rename(beside.ptr, made.ptr) && errno != EEXIST && errno != ENOTEMPTY)
            return err_errno(err, "cannot name %s", made.ptr);
    }
    return root_add_tree(root, made.ptr, err);
}

static bool image_fill(struct image_work *work, const char *root, struct err *err)
{
    size_t count = work->packages.len;
    struct root_package *records = ARENA_ARRAY(work->arena, struct root_package, count);
    if (!root_skeleton(root, work->arch, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct str dir = unpacked_path(work->cache, &work->packages.at[i].sha256, work->arena);
        struct str data = arena_printf(work->arena, "%s/data", dir.ptr);
        struct str control = arena_printf(work->arena, "%s/control", dir.ptr);
        if (!root_add_tree(root, data.ptr, err) ||
            !file_read(AT_FDCWD, control.ptr, IMAGE_CONTROL_MAX, work->arena, &records[i].control,
                       err))
            return false;
        image_tell(work, IMAGE_LINK, i + 1, count);
    }
    return root_finish(root, work->arch, records, count, err) && image_bytecode(work, root, err) &&
           root_links(root, work->spec->links, work->spec->link_count, err);
}

static bool image_make_root(struct image_work *work, struct err *err)
{
    struct str beside = image_path(work, "roots", &work->request, ".new");
    if (!file_remove_tree(AT_FDCWD, beside.ptr, err) ||
        !file_mkdirs(AT_FDCWD, beside.ptr, 0755, err) || !image_fill(work, beside.ptr, err))
        return false;
    int FD_AUTO fd = open(beside.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0755) || syncfs(fd))
        return err_errno(err, "cannot write %s to disk", beside.ptr);
    if (rename(beside.ptr, work->root.path.ptr)) {
        if (errno != EEXIST &&
            errno != ENOTEMPTY) /* another request with the same set was faster */
            return err_errno(err, "cannot name %s", work->root.path.ptr);
        return file_remove_tree(AT_FDCWD, beside.ptr, err);
    }
    work->root.composed = true;
    return true;
}

static bool image_work_on(struct image_work *work, struct err *err)
{
    static const char *const dirs[] = {"requests", "roots", "bytecode"};
    int FD_AUTO lock = -1;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (!file_mkdirs(AT_FDCWD, arena_printf(work->arena, "%s/%s", work->cache, dirs[i]).ptr,
                         0755, err))
            return false;
    struct str locked = image_path(work, "requests", &work->request, ".lock");
    if (!file_lock(AT_FDCWD, locked.ptr, true, &lock, err))
        return false;
    if (!work->spec->refresh && image_recall(work)) /* whoever held the lock made it */
        return true;
    if (!image_bring(work, err))
        return false;
    struct str *exact = ARENA_ARRAY(work->arena, struct str, work->packages.len);
    for (size_t i = 0; i < work->packages.len; i++)
        exact[i] = work->packages.at[i].exact;
    work->root.exact = (struct image_names){exact, work->packages.len};
    work->root.digest = image_root_digest(work);
    work->root.path = image_path(work, "roots", &work->root.digest, "");
    if (access(work->root.path.ptr, F_OK) && !image_make_root(work, err))
        return false;
    return image_remember(work, err);
}

/* apt's lists differ by where they come from. */
static const char *image_apt_dir(const struct image_work *work)
{
    const struct image_spec *spec = work->spec;
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, spec->mirror);
    digest_add_field(stream, spec->security_mirror);
    digest_add_field(stream, spec->keyring);
    struct digest from = digest_finish(stream);
    return arena_printf(work->arena, "%s/apt/" STR_FMT "-" STR_FMT "-%.8s", work->cache,
                        STR_ARG(spec->release), STR_ARG(spec->arch), digest_to_hex(&from).text)
        .ptr;
}

bool image_compose(const struct image_spec *spec, const char *cache, image_progress_fn *progress,
                   void *state, struct arena *arena, struct image_root *root, struct err *err)
{
    struct image_work work = {.spec = spec, .arena = arena, .arch = arch_find(spec->arch)};
    if (!distro_find(spec->distro) || !work.arch || spec->wanted.len == 0)
        return err_set(err, ERR_USAGE, "no roots of " STR_FMT " for " STR_FMT,
                       STR_ARG(spec->distro), STR_ARG(spec->arch));
    if (!file_mkdirs(AT_FDCWD, cache, 0755, err))
        return false;
    char *absolute = realpath(cache, NULL);
    if (!absolute)
        return err_errno(err, "cannot resolve %s", cache);
    work.cache = arena_str(arena, str_from(absolute)).ptr;
    free(absolute);
    work.request = image_request_digest(spec, arena);
    work.apt = (struct apt){
        spec, image_apt_dir(&work), progress, state,
        arena_printf(arena, STR_FMT " " STR_FMT, STR_ARG(spec->release), STR_ARG(spec->arch))};
    if ((spec->refresh || !image_recall(&work)) && !image_work_on(&work, err))
        return err_wrap(err, "composing a root of " STR_FMT, STR_ARG(work.apt.what));
    *root = work.root;
    return true;
}
