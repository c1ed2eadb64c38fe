#include "os/file.h"
#include "base/vec.h"
#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

bool file_read_fd(int fd, const char *what, size_t limit, struct arena *arena, struct str *bytes,
                  struct err *err)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return err_errno(err, "%s", what);
    if (S_ISREG(info.st_mode) && (uint64_t)info.st_size > limit)
        return err_set(err, ERR_LIMIT, "%s: %lld bytes, more than the %zu allowed", what,
                       (long long)info.st_size, limit);
    size_t room = S_ISREG(info.st_mode) ? (size_t)info.st_size + 1 : 1 << 16, len = 0;
    char *data = arena_alloc(arena, room + 1);
    for (;;) {
        if (len == room) {
            char *larger = arena_alloc(arena, room * 2 + 1);
            memcpy(larger, data, len);
            data = larger;
            room *= 2;
        }
        ssize_t got = read(fd, data + len, room - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "reading %s", what);
        if (got == 0)
            break;
        len += (size_t)got;
        if (len > limit)
            return err_set(err, ERR_LIMIT, "%s: more than %zu bytes", what, limit);
    }
    data[len] = '\0';
    *bytes = str_of(data, len);
    return true;
}

bool file_read(int dirfd, const char *path, size_t limit, struct arena *arena, struct str *bytes,
               struct err *err)
{
    FD_AUTO int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening %s", path);
    return file_read_fd(fd, path, limit, arena, bytes, err);
}

bool file_read_at(int fd, const char *what, int64_t at, void *to, size_t room, size_t *len,
                  struct err *err)
{
    size_t have = 0;
    while (have < room) {
        ssize_t got = pread(fd, (char *)to + have, room - have, at + (int64_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "reading %s", what);
        if (got == 0)
            break;
        have += (size_t)got;
    }
    *len = have;
    return true;
}

bool file_map(int dirfd, const char *path, size_t limit, struct str *bytes, struct err *err)
{
    struct stat info;
    FD_AUTO int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0)
        return err_errno(err, "opening %s", path);
    if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > limit)
        return err_set(err, ERR_LIMIT, "%s: no file, or more than %zu bytes", path, limit);
    size_t len = (size_t)info.st_size;
    const void *at = len ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : "";
    if (at == MAP_FAILED)
        return err_errno(err, "mapping %s", path);
    *bytes = str_of(at, len);
    return true;
}

void file_unmap(struct str bytes)
{
    if (bytes.len)
        munmap((void *)(uintptr_t)bytes.ptr, bytes.len);
}

bool file_write_all(int fd, const char *what, struct str bytes, struct err *err)
{
    while (bytes.len) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_errno(err, "writing %s", what);
        bytes = str_from_pos(bytes, (size_t)put);
    }
    return true;
}

bool file_sync_dir(int dirfd, const char *path, struct err *err)
{
    FD_AUTO int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return err_errno(err, "syncing directory %s", path);
    return true;
}

/* The directory part of a path, "." when there is none. */
static const char *file_parent(struct arena *arena, const char *path)
{
    struct str whole = str_from(path);
    size_t slash = str_rfind_char(whole, '/');
    if (slash == whole.len)
        return ".";
    return arena_cstr(arena, str_slice(whole, 0, slash ? slash : 1));
}

/* A name beside `path` that no other process or call uses. */
static const char *file_beside(struct arena *arena, const char *path)
{
    static unsigned counter;
    unsigned count = __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
    return arena_printf(arena, "%s.tmp-%d-%u", path, (int)getpid(), count).ptr;
}

/* Puts the new file in place of `path`; synced, and its directory too, where that is asked. */
static bool file_put_in_place(int fd, int dirfd, const char *beside, const char *path, bool synced,
                              struct arena *arena, struct err *err)
{
    if (synced && fsync(fd) < 0)
        return err_errno(err, "syncing %s", path);
    if (renameat(dirfd, beside, dirfd, path) < 0)
        return err_errno(err, "renaming %s into place", path);
    return !synced || file_sync_dir(dirfd, file_parent(arena, path), err);
}

/* A device, a pipe, /dev/stdout: a file in its place would take it away from everybody. */
static bool file_is_special(int dirfd, const char *path)
{
    struct stat info, link;
    if (fstatat(dirfd, path, &info, 0) < 0 ||
        fstatat(dirfd, path, &link, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(info.st_mode))
        return false;
    return !S_ISREG(info.st_mode) ||
           (S_ISLNK(link.st_mode) && str_starts(str_from(path), STR("/dev/")));
}

static bool file_replace(int dirfd, const char *path, mode_t mode, struct str bytes, bool synced,
                         struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    if (file_is_special(dirfd, path)) {
        FD_AUTO int special = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return special < 0 ? err_errno(err, "opening %s", path)
                           : file_write_all(special, path, bytes, err);
    }
    const char *beside = file_beside(&scratch, path);
    FD_AUTO int fd = openat(dirfd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(err, "creating %s", path);
    if (file_write_all(fd, path, bytes, err) &&
        file_put_in_place(fd, dirfd, beside, path, synced, &scratch, err))
        return true;
    unlinkat(dirfd, beside, 0);
    return false;
}

bool file_write(int dirfd, const char *path, mode_t mode, struct str bytes, struct err *err)
{
    return file_replace(dirfd, path, mode, bytes, true, err);
}

bool file_write_unsynced(int dirfd, const char *path, mode_t mode, struct str bytes,
                         struct err *err)
{
    return file_replace(dirfd, path, mode, bytes, false, err);
}

bool file_copy_bytes(int from, int to, const char *what, struct err *err)
{
    if (ioctl(to, FICLONE, from) == 0)
        return true;
    for (;;) {
        ssize_t moved = sendfile(to, from, NULL, 1 << 24);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0)
            return err_errno(err, "copying to %s", what);
        if (moved == 0)
            return true;
    }
}

bool file_copy(int src_dirfd, const char *src, int dst_dirfd, const char *dst, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct stat info;
    FD_AUTO int from = openat(src_dirfd, src, O_RDONLY | O_CLOEXEC);
    if (from < 0 || fstat(from, &info) < 0)
        return err_errno(err, "opening %s", src);
    const char *beside = file_beside(&scratch, dst);
    FD_AUTO int to =
        openat(dst_dirfd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 07777);
    if (to < 0)
        return err_errno(err, "creating %s", dst);
    if (file_copy_bytes(from, to, dst, err) &&
        file_put_in_place(to, dst_dirfd, beside, dst, true, &scratch, err))
        return true;
    unlinkat(dst_dirfd, beside, 0);
    return false;
}

bool file_mkdirs(int dirfd, const char *path, mode_t mode, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    if (!*path)
        return err_set(err, ERR_USAGE, "the name of a directory is empty");
    char *part = memcpy(arena_alloc(&scratch, strlen(path) + 1), path, strlen(path));
    for (char *slash = part + 1;; slash++) {
        if (*slash && *slash != '/')
            continue;
        char kept = *slash;
        *slash = '\0';
        struct stat info;
        if (mkdirat(dirfd, part, mode) < 0 && errno != EEXIST)
            return err_errno(err, "creating directory %s", part);
        if (!kept) {
            if (fstatat(dirfd, part, &info, 0) < 0)
                return err_errno(err, "%s", part);
            if (!S_ISDIR(info.st_mode))
                return err_set(err, ERR_SYSTEM, "%s is there and is not a directory", part);
            return true;
        }
        *slash = kept;
    }
}

static bool file_each_with(int dirfd, const char *path, int flags, file_visit_fn *visit,
                           void *state, struct err *err);

/* A tree to be removed. What lies deeper than FILE_REMOVE_DEPTH is moved to the top and removed
 * from there: a build that nests thousands of directories costs neither as many descriptors nor
 * stack. */
enum { FILE_REMOVE_DEPTH = 32 };
struct file_removal {
    int top;
    unsigned depth;
    unsigned moved;
};

static bool file_remove_step(struct file_removal *removal, int dirfd, const char *path,
                             struct err *err);

static bool file_remove_entry(void *state, int dirfd, struct str name, struct err *err)
{
    return file_remove_step(state, dirfd, name.ptr, err);
}

static bool file_move_up(struct file_removal *removal, int dirfd, const char *path, struct err *err)
{
    char name[32];
    do {
        snprintf(name, sizeof name, "deep-%u", removal->moved++);
        if (renameat(dirfd, path, removal->top, name) == 0)
            return true;
    } while (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR);
    return err_errno(err, "removing %s", path);
}

/* True in `gone` when one call was enough; else a directory with something in it. */
static bool file_remove_simple(int dirfd, const char *path, bool *gone, struct err *err)
{
    *gone = unlinkat(dirfd, path, 0) == 0 || errno == ENOENT;
    if (*gone)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return err_errno(err, "removing %s", path);
    *gone = unlinkat(dirfd, path, AT_REMOVEDIR) == 0;
    if (*gone)
        return true;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return err_errno(err, "removing %s", path);
    /* A build may leave directories without permissions behind. */
    if (fchmodat(dirfd, path, 0700, 0) < 0 && errno != EPERM)
        return err_errno(err, "removing %s", path);
    return true;
}

static bool file_remove_step(struct file_removal *removal, int dirfd, const char *path,
                             struct err *err)
{
    bool gone;
    if (!file_remove_simple(dirfd, path, &gone, err) || gone)
        return gone;
    if (removal->depth == FILE_REMOVE_DEPTH)
        return file_move_up(removal, dirfd, path, err);
    removal->depth++;
    bool emptied = file_each_with(dirfd, path, O_NOFOLLOW, file_remove_entry, removal, err);
    removal->depth--;
    if (!emptied)
        return false;
    if (unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return err_errno(err, "removing %s", path);
    return true;
}

bool file_remove_tree(int dirfd, const char *path, struct err *err)
{
    bool gone;
    if (!file_remove_simple(dirfd, path, &gone, err) || gone)
        return gone;
    FD_AUTO int top = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0)
        return err_errno(err, "opening directory %s", path);
    struct file_removal removal = {.top = top};
    for (;;) {
        unsigned before = removal.moved;
        if (!file_each_with(top, ".", 0, file_remove_entry, &removal, err))
            return false;
        if (unlinkat(dirfd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return true;
        if (removal.moved == before)
            return err_errno(err, "removing %s", path);
    }
}

bool file_make_temp_dir(const char *parent, const char *prefix, struct arena *arena,
                        struct str *path, struct err *err)
{
    struct str made = arena_printf(arena, "%s/%sXXXXXX", parent, prefix);
    if (!mkdtemp((char *)(uintptr_t)made.ptr))
        return err_errno(err, "creating a directory below %s", parent);
    *path = made;
    return true;
}

bool file_lock(int dirfd, const char *path, bool wait, int *fd, struct err *err)
{
    FD_AUTO int lock = openat(dirfd, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return err_errno(err, "opening the lock %s", path);
    while (flock(lock, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0) {
        if (errno == EINTR)
            continue;
        if (errno == EWOULDBLOCK)
            return err_set(err, ERR_CONFLICT, "%s is held by another process", path);
        return err_errno(err, "locking %s", path);
    }
    *fd = fd_take(&lock);
    return true;
}

static int file_name_cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool file_each_with(int dirfd, const char *path, int flags, file_visit_fn *visit,
                           void *state, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    VEC(struct str) names = {0};
    FD_AUTO int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    if (fd < 0)
        return err_errno(err, "opening directory %s", path);
    int copy = dup(fd);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        fd_close(&copy);
        return err_errno(err, "reading directory %s", path);
    }
    errno = 0;
    for (struct dirent *entry; (entry = readdir(dir)); errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *vec_push(&names, &scratch) = arena_str(&scratch, str_from(entry->d_name));
    int failed = errno;
    closedir(dir);
    if (failed) {
        errno = failed;
        return err_errno(err, "reading directory %s", path);
    }
    if (names.len)
        qsort(names.at, names.len, sizeof *names.at, file_name_cmp);
    for (size_t i = 0; i < names.len; i++)
        if (!visit(state, fd, names.at[i], err))
            return false;
    return true;
}

bool file_each(int dirfd, const char *path, file_visit_fn *visit, void *state, struct err *err)
{
    return file_each_with(dirfd, path, 0, visit, state, err);
}

bool file_path_is_safe(struct str path)
{
    struct str rest = path, part;
    if (!path.len || path.ptr[0] == '/' || memchr(path.ptr, '\0', path.len))
        return false;
    while (str_next(&rest, '/', &part))
        if (!part.len || str_eq(part, STR(".")) || str_eq(part, STR("..")))
            return false;
    return true;
}

bool file_absolute(struct str path, struct arena *arena, struct str *absolute, struct err *err)
{
    char here[4096];
    if (str_starts(path, STR("/"))) {
        *absolute = arena_str(arena, path);
        return true;
    }
    if (!getcwd(here, sizeof here))
        return err_errno(err, "finding the working directory");
    while (str_starts(path, STR("./")))
        path = str_from_pos(path, 2);
    *absolute = file_join(arena, str_from(here), path);
    return true;
}

struct str file_join(struct arena *arena, struct str dir, struct str name)
{
    bool slash = dir.len && dir.ptr[dir.len - 1] != '/';
    return arena_printf(arena, STR_FMT "%s" STR_FMT, STR_ARG(dir), slash ? "/" : "", STR_ARG(name));
}
