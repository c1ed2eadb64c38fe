#include "image/linktree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/fd.h"
#include "os/file.h"

enum { LINKTREE_DEPTH_MAX = 64 };

struct linktree {
    int to;
    int depth;
};

static bool add_entry(void *state, int dirfd, struct str name, struct err *err);

static bool add_dir(const struct linktree *tree, int dirfd, const char *name, mode_t mode,
                    struct err *err)
{
    if (tree->depth == LINKTREE_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "%s is nested deeper than %d", name, LINKTREE_DEPTH_MAX);
    if (mkdirat(tree->to, name, mode & 07777) < 0 && errno != EEXIST)
        return err_errno(err, "making %s", name);
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct linktree below = {.to = openat(tree->to, name, flags), .depth = tree->depth + 1};
    FD_AUTO int to = below.to;
    if (to < 0)
        return err_errno(err, "opening %s", name);
    FD_AUTO int from = openat(dirfd, name, flags);
    if (from < 0)
        return err_errno(err, "opening %s", name);
    return file_each(from, ".", add_entry, &below, err);
}

static bool add_link(const struct linktree *tree, int dirfd, const char *name, struct err *err)
{
    char says[PATH_MAX];
    ssize_t len = readlinkat(dirfd, name, says, sizeof says - 1);
    if (len < 0)
        return err_errno(err, "reading link %s", name);
    says[len] = '\0';
    return symlinkat(says, tree->to, name) == 0 || errno == EEXIST ||
           err_errno(err, "making link %s", name);
}

static bool add_entry(void *state, int dirfd, struct str name, struct err *err)
{
    const struct linktree *tree = state;
    ARENA_AUTO struct arena scratch = {0};
    const char *path = arena_cstr(&scratch, name);
    struct stat info;
    if (fstatat(dirfd, path, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(err, "looking at %s", path);
    if (S_ISDIR(info.st_mode))
        return add_dir(tree, dirfd, path, info.st_mode, err);
    if (S_ISLNK(info.st_mode))
        return add_link(tree, dirfd, path, err);
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, "%s is neither directory, file nor link", path);
    return linkat(dirfd, path, tree->to, path, 0) == 0 || errno == EEXIST ||
           err_errno(err, "linking %s", path);
}

bool linktree_add(const char *from, const char *to, struct err *err)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    struct linktree tree = {.to = open(to, flags)};
    FD_AUTO int target = tree.to;
    if (target < 0)
        return err_errno(err, "opening %s", to);
    return file_each(AT_FDCWD, from, add_entry, &tree, err) || err_wrap(err, "%s", from);
}
