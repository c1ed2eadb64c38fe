#include "image/dnf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/vec.h"
#include "image/layer.h"
#include "image/root.h"
#include "jail/jail.h"
#include "os/fd.h"
#include "os/file.h"

/* Changes with the rules of unpacking. */
#define DNF_RULES "refinery-dnf-root-1"

/* Of a list of files; Debian 12's has 640 MB. */
#define DNF_LIST_MAX ((uint64_t)16 << 30)

enum {
    DNF_REQUEST_MAX = 4096,
    DNF_OUTPUT_MAX = 16 << 20,
    DNF_SAID_MAX = 64 << 10, /* of what is kept to say why it failed: errors come first */
    DNF_TAIL = 600,
    DNF_WALL_MS = 30 * 60 * 1000,
    DNF_RELEASE_MAX = 64 << 10,
};

struct dnf_work {
    const struct dnf_spec *spec;
    struct cas *cas;
    const char *cache;
    struct arena *arena;
    struct digest request;
    struct str scratch; /* <cache>/requests/<request>.dnf */
    VEC(struct cas_blob) rpms;
};

bool dnf_is_there(const char *root)
{
    ARENA_AUTO struct arena scratch = {0};
    return access(arena_printf(&scratch, "%s/etc/yum.repos.d", root).ptr, F_OK) == 0;
}

static int dnf_name_order(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str *dnf_sorted(const struct dnf_work *work)
{
    size_t len = work->spec->names.len;
    struct str *names = ARENA_ARRAY(work->arena, struct str, len + 1);
    for (size_t i = 0; i < len; i++)
        names[i] = work->spec->names.at[i];
    qsort(names, len, sizeof *names, dnf_name_order);
    return names;
}

static struct digest_stream *dnf_digest_open(const struct dnf_work *work)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR(DNF_RULES));
    digest_add_field(stream, str_from(work->spec->arch->machine));
    digest_add_field(stream, str_of(work->spec->base->digest.bytes, DIGEST_SIZE));
    return stream;
}

static struct digest dnf_request_digest(const struct dnf_work *work)
{
    struct digest_stream *stream = dnf_digest_open(work);
    const struct str *names = dnf_sorted(work);
    for (size_t i = 0; i < work->spec->names.len; i++)
        digest_add_field(stream, names[i]);
    return digest_finish(stream);
}

static struct str dnf_path(const struct dnf_work *work, const char *dir,
                           const struct digest *digest, const char *ending)
{
    return arena_printf(work->arena, "%s/%s/%s%s", work->cache, dir, digest_to_hex(digest).text,
                        ending);
}

/* ---- what dnf sees of the root ---- */

struct dnf_copying {
    int to;
    struct arena *arena;
};

/* Copies of their own: dnf opens the package database for writing. */
static bool dnf_copy(void *state, int from, struct str name, struct err *err)
{
    const struct dnf_copying *copying = state;
    const char *leaf = arena_cstr(copying->arena, name);
    struct stat info;
    char says[PATH_MAX];
    if (fstatat(from, leaf, &info, AT_SYMLINK_NOFOLLOW))
        return err_errno(err, "cannot look at %s", leaf);
    if (S_ISREG(info.st_mode))
        return file_copy(from, leaf, copying->to, leaf, err);
    if (S_ISLNK(info.st_mode)) {
        ssize_t len = readlinkat(from, leaf, says, sizeof says - 1);
        says[len > 0 ? len : 0] = '\0';
        return (len > 0 && symlinkat(says, copying->to, leaf) == 0) ||
               err_errno(err, "cannot copy link %s", leaf);
    }
    if (mkdirat(copying->to, leaf, 0755))
        return err_errno(err, "cannot make %s", leaf);
    int FD_AUTO to = openat(copying->to, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct dnf_copying below = {to, copying->arena};
    if (to < 0)
        return err_errno(err, "cannot open %s", leaf);
    return file_each(from, leaf, dnf_copy, &below, err);
}

static bool dnf_copy_tree(const struct dnf_work *work, const char *path, struct err *err)
{
    struct str from = arena_printf(work->arena, "%s/%s", work->spec->base->path.ptr, path);
    struct str to = arena_printf(work->arena, "%s/target/%s", work->scratch.ptr, path);
    struct stat info;
    if (lstat(from.ptr, &info) || !S_ISDIR(info.st_mode))
        return true;
    if (!file_mkdirs(AT_FDCWD, to.ptr, 0755, err))
        return false;
    int FD_AUTO fd = open(to.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dnf_copying copying = {fd, work->arena};
    if (fd < 0)
        return err_errno(err, "cannot open %s", to.ptr);
    return file_each(AT_FDCWD, from.ptr, dnf_copy, &copying, err);
}

/* Where the package database is: Debian's rpm would look in its user's home. */
static const char *dnf_database(const struct dnf_work *work)
{
    struct str moved =
        arena_printf(work->arena, "%s/usr/lib/sysimage/rpm", work->spec->base->path.ptr);
    return access(moved.ptr, F_OK) == 0 ? "/usr/lib/sysimage/rpm" : "/var/lib/rpm";
}

static bool dnf_prepare(const struct dnf_work *work, struct err *err)
{
    static const char *const trees[] = {"etc/yum.repos.d", "etc/dnf",     "etc/yum",
                                        "etc/pki/rpm-gpg", "var/lib/rpm", "usr/lib/sysimage/rpm"};
    struct str rpms = arena_printf(work->arena, "%s/rpms", work->scratch.ptr);
    struct str macros = arena_printf(work->arena, "%s/.rpmmacros", work->scratch.ptr);
    struct str text = arena_printf(work->arena, "%%_dbpath %s\n", dnf_database(work));
    if (!file_remove_tree(AT_FDCWD, work->scratch.ptr, err) ||
        !file_mkdirs(AT_FDCWD, rpms.ptr, 0755, err))
        return false;
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
        if (!dnf_copy_tree(work, trees[i], err))
            return false;
    return file_write(AT_FDCWD, macros.ptr, 0644, text, err);
}

/* VERSION_ID="9.4" -> "9"; "0" where the root does not say. */
static struct str dnf_release(const struct dnf_work *work)
{
    struct err ignored;
    struct str text, line;
    struct str path = arena_printf(work->arena, "%s/etc/os-release", work->spec->base->path.ptr);
    if (!file_read(AT_FDCWD, path.ptr, DNF_RELEASE_MAX, work->arena, &text, &ignored))
        return STR("0");
    while (str_next_line(&text, &line)) {
        size_t start = sizeof "VERSION_ID=" - 1, end;
        if (!str_starts(line, STR("VERSION_ID=")))
            continue;
        start += start < line.len && line.ptr[start] == '"';
        for (end = start; end < line.len && char_is_digit(line.ptr[end]);)
            end++;
        if (end > start)
            return str_slice(line, start, end);
    }
    return STR("0");
}

/* ---- dnf itself ---- */

/* One call of dnf: its words behind those that it always gets, and who hears what it prints. */
struct dnf_call {
    const char *const *words; /* ended by NULL */
    struct image_names names;
    uint64_t output_max;
    dnf_hear_fn *hear; /* NULL: nobody */
    void *state;
    struct buf said;
    struct err err; /* of who hears */
};

static void dnf_hear(void *state, struct str chunk)
{
    struct dnf_call *call = state;
    if (call->said.len < DNF_SAID_MAX)
        buf_add(&call->said, chunk);
    if (call->hear && call->err.code == ERR_NONE)
        (void)!call->hear(call->state, chunk, &call->err);
}

static const char *const *dnf_words(const struct dnf_work *work, const struct dnf_call *call)
{
    VEC(const char *) words = {0};
    struct arena *arena = work->arena;
    const char *const fixed[] = {
        "/usr/bin/dnf",
        "--assumeyes",
        "--quiet",
        "--setopt=*.skip_if_unavailable=False",
        "--installroot=/out/target",
        arena_printf(arena, "--forcearch=%s", work->spec->arch->machine).ptr,
        arena_printf(arena, "--releasever=%s", arena_cstr(arena, dnf_release(work))).ptr,
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        *vec_push(&words, arena) = fixed[i];
    for (const char *const *word = call->words; *word; word++)
        *vec_push(&words, arena) = *word;
    for (size_t i = 0; i < call->names.len; i++)
        *vec_push(&words, arena) = arena_cstr(arena, call->names.at[i]);
    *vec_push(&words, arena) = NULL;
    return words.at;
}

/* Lines of dnf that say what went wrong, on one line; all else is banners and progress. */
static struct str dnf_telling(struct str said, struct arena *arena)
{
    static const char *const starts[] = {"Error", " Problem", "  - ", "No match", "Package "};
    BUF_AUTO struct buf out = {0};
    struct str rest = said, line;
    while (out.len < DNF_TAIL && str_next_line(&rest, &line)) {
        bool tells = str_find(line, STR("GPG")) < line.len;
        for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
            tells = tells || str_starts(line, str_from(starts[i]));
        if (tells)
            buf_printf(&out, "%s" STR_FMT, out.len ? "; " : "", STR_ARG(str_trim(line)));
    }
    if (!out.len)
        buf_add(&out, STR("it does not say why"));
    return arena_str(arena, str_slice(buf_str(&out), 0, DNF_TAIL));
}

static bool dnf_run(const struct dnf_work *work, struct dnf_call *call, struct err *err)
{
    static const char *const envp[] = {"PATH=/usr/bin:/usr/sbin", "HOME=/out", "LC_ALL=C.UTF-8",
                                       NULL};
    const struct jail_mount mounts[] = {
        {.kind = JAIL_RW, .source = work->scratch.ptr, .target = "/out"},
        {.kind = JAIL_RO, .source = "/etc/resolv.conf", .target = "/etc/resolv.conf"}};
    const struct jail_spec jail = {
        .root = work->spec->tools,
        .mounts = mounts,
        .mount_count = access("/etc/resolv.conf", R_OK) == 0 ? 2 : 1,
        .argv = dnf_words(work, call),
        .envp = envp,
        .cwd = "/tmp",
        .network = true, /* downloads; no package's code is run */
        .limits = {.wall_ms = DNF_WALL_MS, .output_bytes = call->output_max},
    };
    struct jail_result result;
    if (!jail_run(&jail, dnf_hear, call, &result, err))
        return false;
    if (call->err.code != ERR_NONE) {
        *err = call->err;
        return false;
    }
    if (result.end == JAIL_EXITED && result.code == 0)
        return true;
    return err_set(err, ERR_NOT_FOUND, "dnf: " STR_FMT ": " STR_FMT,
                   STR_ARG(jail_describe(&result, &jail.limits, work->arena)),
                   STR_ARG(dnf_telling(buf_str(&call->said), work->arena)));
}

static bool dnf_download(const struct dnf_work *work, struct err *err)
{
    static const char *const words[] = {"--downloadonly",
                                        "--downloaddir=/out/rpms",
                                        "--setopt=install_weak_deps=False",
                                        "--setopt=tsflags=noscripts",
                                        "install",
                                        "--",
                                        NULL};
    struct dnf_call call = {.words = words,
                            .names = {dnf_sorted(work), work->spec->names.len},
                            .output_max = DNF_OUTPUT_MAX};
    bool ok = dnf_run(work, &call, err);
    buf_free(&call.said);
    return ok;
}

/* ---- the new root ---- */

static bool dnf_keep(void *state, int dirfd, struct str name, struct err *err)
{
    struct dnf_work *work = state;
    struct stat info;
    const char *leaf = arena_cstr(work->arena, name);
    if (!str_ends(name, STR(".rpm")))
        return true;
    int FD_AUTO fd = openat(dirfd, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, "dnf left %s, which is no file", leaf);
    return cas_put_fd(work->cas, fd, leaf, NULL, vec_push(&work->rpms, work->arena), err);
}

static struct digest dnf_root_digest(const struct dnf_work *work)
{
    struct digest_stream *stream = dnf_digest_open(work);
    for (size_t i = 0; i < work->rpms.len; i++)
        digest_add_field(stream, str_of(work->rpms.at[i].digest.bytes, DIGEST_SIZE));
    return digest_finish(stream);
}

static bool dnf_unpack(const struct dnf_work *work, const char *dir, struct err *err)
{
    int FD_AUTO root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *real = realpath(dir, NULL);
    struct layer_root layers = {.dirfd = root,
                                .path = arena_str(work->arena, str_from(real)).ptr,
                                .limits = &layer_default_limits};
    free(real);
    if (root < 0 || !layers.path[0])
        return err_errno(err, "cannot open %s", dir);
    for (size_t i = 0; i < work->rpms.len; i++) {
        int FD_AUTO fd = -1;
        const char *what =
            arena_printf(work->arena, "package %zu of %zu", i + 1, work->rpms.len).ptr;
        if (!cas_get(work->cas, &work->rpms.at[i].digest, CAS_TRUST, &fd, err) ||
            !layer_apply_rpm(&layers, fd, what, err))
            return false;
    }
    if (!layer_check_links(&layers, err))
        return false;
    return (fchmod(root, 0755) == 0 && syncfs(root) == 0) ||
           err_errno(err, "cannot write %s to disk", dir);
}

static bool dnf_make_root(const struct dnf_work *work, struct image_root *root, struct err *err)
{
    struct str beside = dnf_path(work, "roots", &work->request, ".new");
    struct err ignored;
    if (access(root->path.ptr, F_OK) == 0)
        return true;
    if (!file_remove_tree(AT_FDCWD, beside.ptr, err) ||
        !file_mkdirs(AT_FDCWD, beside.ptr, 0755, err))
        return false;
    if (!root_add_tree(beside.ptr, work->spec->base->path.ptr, err) ||
        !dnf_unpack(work, beside.ptr, err)) {
        (void)!file_remove_tree(AT_FDCWD, beside.ptr, &ignored);
        return false;
    }
    if (rename(beside.ptr, root->path.ptr)) {
        if (errno != EEXIST && errno != ENOTEMPTY) /* another request with the same packages */
            return err_errno(err, "cannot name %s", root->path.ptr);
        return file_remove_tree(AT_FDCWD, beside.ptr, err);
    }
    root->composed = true;
    return true;
}

static bool dnf_recall(const struct dnf_work *work, struct image_root *root)
{
    struct err ignored;
    struct str text, path = dnf_path(work, "requests", &work->request, "");
    if (!file_read(AT_FDCWD, path.ptr, DNF_REQUEST_MAX, work->arena, &text, &ignored) ||
        !digest_from_hex(str_trim(text), &root->digest))
        return false;
    root->path = dnf_path(work, "roots", &root->digest, "");
    return access(root->path.ptr, F_OK) == 0;
}

static bool dnf_work_on(struct dnf_work *work, struct image_root *root, struct err *err)
{
    struct str rpms = arena_printf(work->arena, "%s/rpms", work->scratch.ptr);
    struct str path = dnf_path(work, "requests", &work->request, "");
    if (!dnf_prepare(work, err) || !dnf_download(work, err) ||
        !file_each(AT_FDCWD, rpms.ptr, dnf_keep, work, err))
        return false;
    root->digest = dnf_root_digest(work);
    root->path = dnf_path(work, "roots", &root->digest, "");
    return dnf_make_root(work, root, err) &&
           file_write(AT_FDCWD, path.ptr, 0644, str_from(digest_to_hex(&root->digest).text), err);
}

bool dnf_extend(const struct dnf_spec *spec, struct cas *cas, const char *cache,
                struct arena *arena, struct image_root *root, struct err *err)
{
    struct dnf_work work = {.spec = spec, .cas = cas, .cache = cache, .arena = arena};
    struct image_root made = {0};
    struct err ignored;
    int FD_AUTO lock = -1;
    work.request = dnf_request_digest(&work);
    work.scratch = dnf_path(&work, "requests", &work.request, ".dnf");
    if (!file_mkdirs(AT_FDCWD, arena_printf(arena, "%s/requests", cache).ptr, 0755, err) ||
        !file_lock(AT_FDCWD, dnf_path(&work, "requests", &work.request, ".lock").ptr, true, &lock,
                   err))
        return false;
    bool ok = dnf_recall(&work, &made) || dnf_work_on(&work, &made, err);
    (void)!file_remove_tree(AT_FDCWD, work.scratch.ptr, &ignored);
    if (!ok)
        return err_wrap(err, "more packages for the image");
    *root = made;
    return true;
}

bool dnf_list(const struct dnf_spec *spec, const char *cache, dnf_hear_fn *hear, void *state,
              struct arena *arena, struct err *err)
{
    struct dnf_work work = {.spec = spec, .cache = cache, .arena = arena};
    const char *const words[] = {"repoquery", "--latest-limit=1",
                                 arena_printf(arena, "--arch=%s,noarch", spec->arch->machine).ptr,
                                 "--queryformat=@%{name}\\n%{files}", NULL};
    struct dnf_call call = {
        .words = words, .output_max = DNF_LIST_MAX, .hear = hear, .state = state};
    struct err ignored;
    int FD_AUTO lock = -1;
    work.request = dnf_request_digest(&work);
    work.scratch = dnf_path(&work, "requests", &work.request, ".list");
    bool ok = file_mkdirs(AT_FDCWD, arena_printf(arena, "%s/requests", cache).ptr, 0755, err) &&
              file_lock(AT_FDCWD, dnf_path(&work, "requests", &work.request, ".lock").ptr, true,
                        &lock, err) &&
              dnf_prepare(&work, err) && dnf_run(&work, &call, err);
    (void)!file_remove_tree(AT_FDCWD, work.scratch.ptr, &ignored);
    buf_free(&call.said);
    return ok;
}
