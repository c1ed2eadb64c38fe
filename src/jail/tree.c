#include "jail/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "os/fd.h"

enum { TREE_DEPTH_MAX = 200 };

struct tree_links { /* of one inode with several names */
    uint64_t seen, all;
    const char *name;
};

struct tree_walk {
    struct arena *arena;
    struct map inodes; /* struct tree_links by number, of files with several names */
    bool (*see)(struct tree_walk *walk, int parent, const char *name, const struct stat *info,
                struct err *err);
    dev_t device;
    uid_t uid;
    gid_t gid;
    uint64_t bytes;
    bool strict; /* what cannot be read is an error */
};

static bool tree_visit(struct tree_walk *walk, int parent, const char *name, int depth,
                       struct err *err);

static bool tree_visit_dir(struct tree_walk *walk, int parent, const char *name, int depth,
                           struct err *err)
{
    if (depth > TREE_DEPTH_MAX)
        return !walk->strict || err_set(err, ERR_LIMIT, "%s: directories nested more than %d deep",
                                        name, (int)TREE_DEPTH_MAX);
    FD_AUTO int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return !walk->strict || err_errno(err, "reading the directory %s", name);
    fd_take(&fd);
    bool fine = true;
    const struct dirent *entry;
    while (fine && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            fine = tree_visit(walk, dirfd(dir), entry->d_name, depth + 1, err);
    closedir(dir);
    return fine;
}

static bool tree_visit(struct tree_walk *walk, int parent, const char *name, int depth,
                       struct err *err)
{
    struct stat info;
    if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return !walk->strict || err_errno(err, "%s", name);
    if (depth == 0)
        walk->device = info.st_dev;
    if (info.st_dev != walk->device)
        return true;
    if (!walk->see(walk, parent, name, &info, err))
        return false;
    return !S_ISDIR(info.st_mode) || tree_visit_dir(walk, parent, name, depth, err);
}

static struct tree_links *tree_links_of(struct tree_walk *walk, const struct stat *info)
{
    struct str key = arena_printf(walk->arena, "%llu", (unsigned long long)info->st_ino);
    void **at = map_at(&walk->inodes, walk->arena, key);
    if (!*at)
        *at = ARENA_NEW(walk->arena, struct tree_links);
    return *at;
}

static bool tree_count_links(struct tree_walk *walk, int parent, const char *name,
                             const struct stat *info, struct err *err)
{
    (void)parent;
    (void)err;
    if (S_ISREG(info->st_mode) && info->st_nlink > 1) {
        struct tree_links *links = tree_links_of(walk, info);
        links->all = (uint64_t)info->st_nlink;
        links->seen++;
        links->name = arena_str(walk->arena, str_from(name)).ptr;
    }
    return true;
}

static bool tree_own(struct tree_walk *walk, int parent, const char *name, const struct stat *info,
                     struct err *err)
{
    if (info->st_uid == walk->uid && info->st_gid == walk->gid)
        return true;
    if (fchownat(parent, name, walk->uid, walk->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(err, "giving %s to the ids of the jail", name);
    return true;
}

static bool tree_add_size(struct tree_walk *walk, int parent, const char *name,
                          const struct stat *info, struct err *err)
{
    (void)parent;
    (void)name;
    (void)err;
    if (S_ISREG(info->st_mode) && info->st_nlink > 1 && tree_links_of(walk, info)->seen++ > 0)
        return true;
    walk->bytes += (uint64_t)info->st_blocks * 512;
    return true;
}

bool tree_give(const char *path, uid_t uid, gid_t gid, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct tree_walk walk = {
        .arena = &scratch, .see = tree_count_links, .uid = uid, .gid = gid, .strict = true};
    if (!tree_visit(&walk, AT_FDCWD, path, 0, err))
        return err_wrap(err, "jail: the writable tree %s", path);
    for (size_t i = 0; i < walk.inodes.len; i++) {
        const struct tree_links *links = walk.inodes.entries[i].value;
        if (links->seen < links->all)
            return err_set(err, ERR_USAGE,
                           "jail: the writable tree %s has a file %s with hard links outside of "
                           "it, which the program could change; copy it instead of linking",
                           path, links->name);
    }
    if (geteuid() != 0)
        return true;
    walk.see = tree_own;
    return tree_visit(&walk, AT_FDCWD, path, 0, err) ||
           err_wrap(err, "jail: the writable tree %s", path);
}

uint64_t tree_size(const char *path)
{
    ARENA_AUTO struct arena scratch = {0};
    struct tree_walk walk = {.arena = &scratch, .see = tree_add_size};
    struct err ignored;
    (void)!tree_visit(&walk, AT_FDCWD, path, 0, &ignored);
    return walk.bytes;
}
