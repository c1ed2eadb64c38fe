#include "index/snapshot.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/file.h"
#include "os/tar.h"

const struct snapshot_limits snapshot_default_limits = {.bytes = 4ull << 30, .members = 200000};

enum { SNAPSHOT_DEPTH = 100 };

/* Directories that hold no sources, by name. */
static const struct str snapshot_skipped[] = {
    STR_INIT(".git"),          STR_INIT(".hg"),         STR_INIT(".svn"),  STR_INIT(".bzr"),
    STR_INIT("__pycache__"),   STR_INIT(".tox"),        STR_INIT(".nox"),  STR_INIT(".mypy_cache"),
    STR_INIT(".pytest_cache"), STR_INIT(".ruff_cache"), STR_INIT(".eggs"),
};

struct snapshot {
    const struct snapshot_limits *limits;
    struct arena arena; /* of the paths under way */
    struct tar *tar;
    const char *dir;
    char boundary[PATH_MAX]; /* resolved */
    struct str below;        /* path of the directory being read, "" at the top */
    unsigned depth;
    uint64_t bytes, members;
};

static bool snapshot_is_skipped(int dirfd, struct str name)
{
    ARENA_AUTO struct arena scratch = {0};
    for (size_t i = 0; i < sizeof snapshot_skipped / sizeof *snapshot_skipped; i++)
        if (str_eq(name, snapshot_skipped[i]))
            return true;
    /* A virtual environment names itself, whatever it is called. */
    const char *marker = arena_printf(&scratch, STR_FMT "/pyvenv.cfg", STR_ARG(name)).ptr;
    return faccessat(dirfd, marker, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool snapshot_spend(struct snapshot *s, int64_t bytes, struct err *err)
{
    s->bytes += (uint64_t)bytes;
    if (++s->members > s->limits->members)
        return err_set(err, ERR_LIMIT, "%s: more than the %llu files allowed", s->dir,
                       (unsigned long long)s->limits->members);
    if (s->bytes > s->limits->bytes)
        return err_set(err, ERR_LIMIT, "%s: more than the %llu bytes allowed", s->dir,
                       (unsigned long long)s->limits->bytes);
    return true;
}

static bool snapshot_file(struct snapshot *s, int dirfd, const char *name, const char *member,
                          int flags, struct err *err)
{
    struct stat info;
    FD_AUTO int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
    if (fd < 0 || fstat(fd, &info) < 0)
        return err_errno(err, "opening %s of %s", member, s->dir);
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, "%s: %s is no regular file; remove it", s->dir, member);
    return snapshot_spend(s, info.st_size, err) &&
           tar_add_fd(s->tar, member, fd, info.st_size, info.st_mode & 0100, err);
}

/* As in an unpacked archive: some ".." first, no more than the link is deep, then names only. */
static bool snapshot_link_is_inside(struct str below, struct str target)
{
    size_t depth = 0;
    bool names = false;
    struct str part;
    for (size_t i = 0; i < below.len; i++)
        depth += below.ptr[i] == '/';
    depth += below.len > 0;
    if (!target.len || target.ptr[0] == '/')
        return false;
    while (str_next(&target, '/', &part)) {
        if (!str_eq(part, STR("..")))
            names = names || (part.len && !str_eq(part, STR(".")));
        else if (names || !depth--)
            return false;
    }
    return true;
}

static bool snapshot_link(struct snapshot *s, int dirfd, const char *name, const char *member,
                          struct err *err)
{
    char target[PATH_MAX], real[PATH_MAX];
    ssize_t len = readlinkat(dirfd, name, target, sizeof target - 1);
    if (len < 0)
        return err_errno(err, "reading the link %s of %s", member, s->dir);
    target[len] = '\0';
    if (snapshot_link_is_inside(s->below, str_from(target)))
        return snapshot_spend(s, 0, err) && tar_add_link(s->tar, member, target, err);
    ARENA_AUTO struct arena scratch = {0};
    const char *path = arena_printf(&scratch, "/proc/self/fd/%d/%s", dirfd, name).ptr;
    struct str boundary = str_from(s->boundary);
    if (realpath(path, real) && str_starts(str_from(real), boundary) && real[boundary.len] == '/')
        return snapshot_file(s, AT_FDCWD, real, member, O_NOFOLLOW, err);
    return err_set(err, ERR_FORMAT,
                   "%s: the link %s leads outside of it; put a copy of the file in its place",
                   s->dir, member);
}

static bool snapshot_entry(void *state, int dirfd, struct str name, struct err *err);

static bool snapshot_directory(struct snapshot *s, int dirfd, const char *name, struct str below,
                               struct err *err)
{
    struct str before = s->below;
    if (++s->depth > SNAPSHOT_DEPTH)
        return err_set(err, ERR_LIMIT, "%s: directories nest more than %d deep", s->dir,
                       SNAPSHOT_DEPTH);
    FD_AUTO int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening " STR_FMT " of %s", STR_ARG(below), s->dir);
    s->below = below;
    bool ok = file_each(fd, ".", snapshot_entry, s, err);
    s->below = before;
    s->depth--;
    return ok;
}

static bool snapshot_entry(void *state, int dirfd, struct str name, struct err *err)
{
    struct snapshot *s = state;
    struct stat info;
    const char *plain = arena_cstr(&s->arena, name);
    struct str below =
        s->below.len ? file_join(&s->arena, s->below, name) : arena_str(&s->arena, name);
    const char *member = arena_printf(&s->arena, "source/" STR_FMT, STR_ARG(below)).ptr;
    if (fstatat(dirfd, plain, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(err, "looking at %s of %s", member, s->dir);
    if (S_ISDIR(info.st_mode))
        return snapshot_is_skipped(dirfd, name) || snapshot_directory(s, dirfd, plain, below, err);
    if (S_ISLNK(info.st_mode))
        return snapshot_link(s, dirfd, plain, member, err);
    if (str_eq(name, STR(".git")) || str_ends(name, STR(".pyc"))) /* .git: of a worktree */
        return true;
    return snapshot_file(s, dirfd, plain, member, O_NOFOLLOW, err);
}

bool snapshot_take(const char *dir, const char *boundary, const struct snapshot_limits *limits,
                   int fd, struct err *err)
{
    struct snapshot s = {.limits = limits, .dir = dir};
    if (!realpath(boundary, s.boundary))
        return err_errno(err, "%s", boundary);
    if (!tar_open(fd, "a snapshot of sources", false, &s.tar, err))
        return false;
    bool ok = file_each(AT_FDCWD, dir, snapshot_entry, &s, err);
    if (ok && !s.members)
        ok = err_set(err, ERR_FORMAT, "%s: the directory is empty", dir);
    ok = ok && tar_close(&s.tar, err);
    tar_free(&s.tar);
    arena_free(&s.arena);
    return ok;
}
