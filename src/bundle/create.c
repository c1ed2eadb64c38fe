#include <stdio.h>
#include <unistd.h>

#include "base/vec.h"
#include "bundle/bundle.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/tar.h"

struct create {
    struct arena arena;
    const char *cache;
    struct str below; /* of the cache: the directory being read */
    VEC(struct bundle_file) files;
    VEC(struct bundle_link) links;
    VEC(struct str) dirs;
    size_t seen;
};

/* Locks, what is under way, and leftovers: they belong to the machine; and the listings of pages,
 * which are made again. All lie directly in one of
 * the directories; further down any name may be a package's. */
static bool create_is_left_out(const struct create *create, struct str name)
{
    const struct str *top = bundle_tops;
    while (top->len && !str_eq(*top, create->below))
        top++;
    if (!top->len)
        return false;
    static const struct str endings[] = {STR_INIT(".lock"), STR_INIT(".new"), STR_INIT(".listing")};
    static const struct str beginnings[] = {STR_INIT("download-"), STR_INIT("taking-"),
                                            STR_INIT(".tmp-")};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (str_ends(name, endings[i]))
            return true;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (str_starts(name, beginnings[i]))
            return true;
    return false;
}

static bool create_visit(void *state, int dirfd, struct str name, struct err *err);

static bool create_directory(struct create *create, int dirfd, struct str path, const char *name,
                             struct err *err)
{
    struct str before = create->below;
    size_t seen = create->seen;
    FD_AUTO int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening " STR_FMT, STR_ARG(path));
    create->below = path;
    bool ok = file_each(fd, ".", create_visit, create, err);
    create->below = before;
    if (ok && create->seen == seen)
        *vec_push(&create->dirs, &create->arena) = path;
    create->seen++;
    return ok;
}

static bool create_link(struct create *create, int dirfd, struct str path, const char *name,
                        struct err *err)
{
    char target[BUNDLE_LINK_LIMIT];
    ssize_t len = readlinkat(dirfd, name, target, sizeof target);
    if (len < 0)
        return err_errno(err, "reading the link " STR_FMT, STR_ARG(path));
    *vec_push(&create->links, &create->arena) =
        (struct bundle_link){path, arena_str(&create->arena, str_of(target, (size_t)len))};
    return true;
}

static bool create_file(struct create *create, int dirfd, struct str path, const char *name,
                        const struct stat *info, struct err *err)
{
    struct bundle_file file = {
        .path = path, .size = info->st_size, .executable = info->st_mode & 0100};
    FD_AUTO int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening " STR_FMT, STR_ARG(path));
    if (!digest_fd(fd, &file.digest, err))
        return false;
    *vec_push(&create->files, &create->arena) = file;
    return true;
}

static bool create_visit(void *state, int dirfd, struct str name, struct err *err)
{
    struct create *create = state;
    struct stat info;
    const char *plain = arena_cstr(&create->arena, name);
    struct str path = file_join(&create->arena, create->below, name);
    if (fstatat(dirfd, plain, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(err, "looking at " STR_FMT, STR_ARG(path));
    if (create_is_left_out(create, name))
        return true;
    if (S_ISDIR(info.st_mode))
        return create_directory(create, dirfd, path, plain, err);
    create->seen++;
    if (S_ISLNK(info.st_mode))
        return create_link(create, dirfd, path, plain, err);
    if (S_ISREG(info.st_mode))
        return create_file(create, dirfd, path, plain, &info, err);
    return err_set(err, ERR_FORMAT, STR_FMT " is neither file nor directory nor link",
                   STR_ARG(path));
}

static bool create_read(struct create *create, struct err *err)
{
    for (const struct str *top = bundle_tops; top->len; top++) {
        struct err absent = {0};
        const char *dir =
            arena_printf(&create->arena, "%s/" STR_FMT, create->cache, STR_ARG(*top)).ptr;
        create->below = *top;
        if (!file_each(AT_FDCWD, dir, create_visit, create, &absent) &&
            (absent.code != ERR_NOT_FOUND || access(dir, F_OK) == 0))
            return err_set(err, absent.code, "%s", absent.text);
    }
    return true;
}

static bool create_blob(struct create *create, struct tar *tar, const struct bundle_file *file,
                        struct err *err)
{
    const char *path =
        arena_printf(&create->arena, "%s/" STR_FMT, create->cache, STR_ARG(file->path)).ptr;
    const char *member =
        arena_printf(&create->arena, "blobs/%s", digest_to_hex(&file->digest).text).ptr;
    FD_AUTO int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_errno(err, "opening %s", path)
                  : tar_add_fd(tar, member, fd, file->size, false, err);
}

static bool create_write(struct create *create, const struct bundle *bundle, int fd,
                         const char *output, size_t *blobs_len, struct err *err)
{
    TAR_AUTO struct tar *tar = NULL;
    struct str text;
    bundle_write(bundle, &create->arena, &text);
    if (!tar_open(fd, output, true, &tar, err) || !tar_add_bytes(tar, "manifest.json", text, err))
        return false;
    const size_t *blobs = bundle_blobs(bundle, &create->arena, blobs_len);
    for (size_t i = 0; i < *blobs_len; i++)
        if (!create_blob(create, tar, &bundle->files[blobs[i]], err))
            return false;
    return tar_close(&tar, err);
}

static bool create_all(struct create *create, struct str target, const char *output,
                       struct bundle_summary *summary, struct err *err)
{
    const char *beside = arena_printf(&create->arena, "%s.new", output).ptr;
    struct bundle_summary made = {0};
    if (!create_read(create, err))
        return false;
    struct bundle bundle = {.target = target,
                            .files = create->files.at,
                            .files_len = create->files.len,
                            .links = create->links.at,
                            .links_len = create->links.len,
                            .dirs = create->dirs.at,
                            .dirs_len = create->dirs.len};
    for (size_t i = 0; i < bundle.files_len; i++)
        made.bytes += (uint64_t)bundle.files[i].size;
    made.paths = bundle.files_len + bundle.links_len + bundle.dirs_len;
    FD_AUTO int fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, "creating %s", beside);
    bool ok = create_write(create, &bundle, fd, output, &made.blobs, err) &&
              (fsync(fd) == 0 || err_errno(err, "writing %s", beside)) &&
              (lseek(fd, 0, SEEK_SET) == 0 || err_errno(err, "reading %s", beside)) &&
              digest_fd(fd, &made.digest, err) &&
              (rename(beside, output) == 0 || err_errno(err, "naming %s", output));
    if (ok)
        *summary = made;
    else
        unlink(beside);
    return ok;
}

bool bundle_create(const char *cache, struct str target, const char *output,
                   struct bundle_summary *summary, struct err *err)
{
    struct create create = {.cache = cache};
    bool ok = create_all(&create, target, output, summary, err);
    arena_free(&create.arena);
    return ok;
}
