#include "image/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/merged.h"
#include "os/fd.h"
#include "os/file.h"

struct root_adding {
    int to; /* the directory in the root that matches the one being visited */
    struct arena *arena;
};

static bool root_add_dir(int from, const char *name, int to, struct arena *arena, struct err *err);

static bool root_add_link(int from, const char *name, int to, struct err *err)
{
    char says[PATH_MAX];
    ssize_t len = readlinkat(from, name, says, sizeof says - 1);
    if (len < 0)
        return err_errno(err, "cannot read link %s", name);
    says[len] = 0;
    return symlinkat(says, to, name) == 0 || errno == EEXIST ||
           err_errno(err, "cannot link %s", name);
}

static bool root_add_file(int from, const char *name, int to, struct err *err)
{
    if (linkat(from, name, to, name, 0) == 0 || errno == EEXIST)
        return true;
    /* Another file system, or more links than this one allows. */
    if (errno == EXDEV || errno == EMLINK || errno == EPERM)
        return file_copy(from, name, to, name, err);
    return err_errno(err, "cannot link %s", name);
}

static bool root_add_one(void *state, int dirfd, struct str name, struct err *err)
{
    struct root_adding *adding = state;
    const char *leaf = arena_cstr(adding->arena, name);
    struct stat info;
    if (fstatat(dirfd, leaf, &info, AT_SYMLINK_NOFOLLOW))
        return err_errno(err, "cannot look at %s", leaf);
    if (S_ISDIR(info.st_mode))
        return root_add_dir(dirfd, leaf, adding->to, adding->arena, err);
    if (S_ISLNK(info.st_mode))
        return root_add_link(dirfd, leaf, adding->to, err);
    return root_add_file(dirfd, leaf, adding->to, err);
}

/* A package's directory where another has a link is an error: following it could leave the root. */
static bool root_add_dir(int from, const char *name, int to, struct arena *arena, struct err *err)
{
    bool is_new = mkdirat(to, name, 0755) == 0;
    if (!is_new && errno != EEXIST)
        return err_errno(err, "cannot make directory %s", name);
    int FD_AUTO fd = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "directory %s of one package is something else in another", name);
    if (is_new && fchmod(fd, 0755)) /* whatever the umask */
        return err_errno(err, "cannot open up directory %s", name);
    struct root_adding adding = {fd, arena};
    return file_each(from, name, root_add_one, &adding, err);
}

bool root_add_tree(const char *root, const char *from, struct err *err)
{
    struct arena ARENA_AUTO arena = {0};
    int FD_AUTO fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open %s", root);
    struct root_adding adding = {fd, &arena};
    return file_each(AT_FDCWD, from, root_add_one, &adding, err) ||
           err_wrap(err, "composing %s", root);
}

/* Mount points of the jail and of builds are there too: a root is mounted read-only. */
static const char *const root_dirs[] = {
    "usr/bin", "usr/sbin", "usr/lib",  "usr/share", "etc",  "proc",  "sys",     "dev",
    "run",     "tmp",      "var/tmp",  "root",      "home", "build", "sysroot", "floor",
    "out",     "work",     "refinery", "env",       "pack", NULL};

bool root_skeleton(const char *root, const struct arch *arch, struct err *err)
{
    struct arena ARENA_AUTO arena = {0};
    int FD_AUTO fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open %s", root);
    for (size_t i = 0; root_dirs[i]; i++)
        if (!file_mkdirs(fd, root_dirs[i], 0755, err))
            return false;
    bool has_lib64 = str_starts(str_from(arch->loader), STR("/lib64/"));
    for (size_t i = 0; merged_names[i]; i++) {
        struct str name = str_from(merged_names[i]),
                   inside = arena_printf(&arena, "usr/%s", name.ptr);
        bool usual =
            str_eq(name, STR("bin")) || str_eq(name, STR("sbin")) || str_eq(name, STR("lib"));
        if (!usual && !(has_lib64 && str_eq(name, STR("lib64"))))
            continue;
        if (!file_mkdirs(fd, inside.ptr, 0755, err))
            return false;
        if (symlinkat(inside.ptr, fd, name.ptr))
            return err_errno(err, "cannot link %s/%s", root, name.ptr);
    }
    static const char *const open_dirs[] = {"tmp", "var/tmp"};
    for (size_t i = 0; i < sizeof open_dirs / sizeof *open_dirs; i++)
        if (fchmodat(fd, open_dirs[i], 01777, 0))
            return err_errno(err, "cannot open up %s/%s", root, open_dirs[i]);
    return true;
}

/* `path` is "/usr/include"; parents that are links are refused. */
static bool root_one_link(int root, const struct image_link *link, struct arena *arena,
                          struct err *err)
{
    struct str path = str_from_pos(link->path, 1), parent, name;
    if (!str_starts(link->path, STR("/")) || !file_path_is_safe(path))
        return err_set(err, ERR_USAGE, "a link at \"" STR_FMT "\"", STR_ARG(link->path));
    size_t slash = str_rfind_char(path, '/');
    parent = slash == path.len ? STR(".") : str_slice(path, 0, slash);
    name = slash == path.len ? path : str_from_pos(path, slash + 1);
    const char *dir = arena_cstr(arena, parent), *leaf = arena_cstr(arena, name);
    if (slash != path.len && !file_mkdirs(root, dir, 0755, err))
        return false;
    int FD_AUTO fd = openat(root, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open directory %s", dir);
    if (!file_remove_tree(fd, leaf, err))
        return false;
    int failed = link->target.len ? symlinkat(arena_cstr(arena, link->target), fd, leaf)
                                  : mkdirat(fd, leaf, 0755);
    return !failed || err_errno(err, "cannot make " STR_FMT, STR_ARG(link->path));
}

bool root_links(const char *root, const struct image_link *links, size_t count, struct err *err)
{
    struct arena ARENA_AUTO arena = {0};
    int FD_AUTO fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open %s", root);
    for (size_t i = 0; i < count; i++)
        if (!root_one_link(fd, &links[i], &arena, err))
            return err_wrap(err, "composing %s", root);
    return true;
}
