#include "store/buildlog.h"
#include "base/mem.h"
#include "os/fd.h"
#include "os/file.h"
#include "store/seekable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct buildlog {
    int dirfd;  /* of the package's directory */
    int fd;     /* the growing file */
    char *base; /* "<name>-<version>" */
    int64_t attempt, size, limit;
};

enum { BUILDLOG_LIMIT = 64 << 20, BUILDLOG_NAME_MAX = 200 };

struct buildlog_names {
    char growing[32], sealed[32], beside[40];
};

static struct buildlog_names buildlog_names_of(int64_t attempt)
{
    struct buildlog_names names;
    snprintf(names.growing, sizeof names.growing, "%lld.log", (long long)attempt);
    snprintf(names.sealed, sizeof names.sealed, "%lld.log.zst", (long long)attempt);
    snprintf(names.beside, sizeof names.beside, "%lld.log.zst.tmp", (long long)attempt);
    return names;
}

/* Names come from outside: a path part is made of them, never a path. */
static const char *buildlog_base(struct arena *arena, const struct buildlog_id *id)
{
    struct str whole = arena_printf(arena, "%.*s-%.*s", STR_ARG(id->name), STR_ARG(id->version));
    char *safe = arena_alloc(arena, BUILDLOG_NAME_MAX + 1);
    for (size_t i = 0; i < whole.len && i < BUILDLOG_NAME_MAX; i++) {
        char c = whole.ptr[i];
        bool good = char_is_alnum(c) || c == '-' || c == '_' || c == '+' || (c == '.' && i > 0);
        safe[i] = good ? c : '_';
    }
    return safe;
}

static bool buildlog_open_dir(const char *dir, const char *base, bool make, int *dirfd,
                              struct err *err)
{
    if (make && !file_mkdirs(AT_FDCWD, dir, 0777, err))
        return false;
    FD_AUTO int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return err_errno(err, "opening the logs in %s", dir);
    if (make && !file_mkdirs(top, base, 0777, err))
        return err_wrap(err, "logs in %s", dir);
    int opened = openat(top, base, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (opened < 0)
        return err_errno(err, "opening the logs in %s/%s", dir, base);
    *dirfd = opened;
    return true;
}

static struct buildlog *buildlog_make(int *dirfd, int *fd, const char *base, int64_t attempt,
                                      int64_t size)
{
    struct buildlog *log = mem_alloc(sizeof *log);
    log->base = mem_alloc(strlen(base) + 1);
    memcpy(log->base, base, strlen(base));
    log->dirfd = fd_take(dirfd);
    log->fd = fd_take(fd);
    log->attempt = attempt;
    log->size = size;
    return log;
}

bool buildlog_open(const char *dir, const struct buildlog_id *id, int64_t limit,
                   struct buildlog **log, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    const char *base = buildlog_base(&scratch, id);
    struct buildlog_names names = buildlog_names_of(id->attempt);
    FD_AUTO int dirfd = -1;
    struct stat info;
    if (!buildlog_open_dir(dir, base, true, &dirfd, err))
        return false;
    if (faccessat(dirfd, names.sealed, F_OK, 0) == 0 &&
        faccessat(dirfd, names.growing, F_OK, 0) < 0)
        return err_set(err, ERR_CONFLICT, "the log %s/%s is sealed", base, names.sealed);
    FD_AUTO int fd = openat(dirfd, names.growing, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0 || fstat(fd, &info) < 0)
        return err_errno(err, "opening the log %s/%s", base, names.growing);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return err_set(err, ERR_CONFLICT, "the log %s/%s has a writer", base, names.growing);
    *log = buildlog_make(&dirfd, &fd, base, id->attempt, info.st_size);
    (*log)->limit = limit > 0 ? limit : BUILDLOG_LIMIT;
    return true;
}

bool buildlog_forget(const char *dir, const struct buildlog_id *id, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    const char *base = buildlog_base(&scratch, id);
    const struct buildlog_names names = buildlog_names_of(id->attempt);
    const char *const both[] = {names.growing, names.sealed};
    struct err absent = {0};
    FD_AUTO int dirfd = -1;
    if (!buildlog_open_dir(dir, base, false, &dirfd, &absent))
        return absent.code == ERR_NOT_FOUND || err_set(err, absent.code, "%s", absent.text);
    for (size_t i = 0; i < sizeof both / sizeof *both; i++)
        if (unlinkat(dirfd, both[i], 0) < 0 && errno != ENOENT)
            return err_errno(err, "removing the old log %s/%s", base, both[i]);
    return true;
}

int64_t buildlog_size(const struct buildlog *log)
{
    return log->size;
}

void buildlog_close(struct buildlog **log)
{
    if (!*log)
        return;
    fd_close(&(*log)->fd);
    fd_close(&(*log)->dirfd);
    mem_free((*log)->base);
    mem_free(*log);
    *log = NULL;
}

bool buildlog_append(struct buildlog *log, int64_t offset, struct str chunk, struct err *err)
{
    if (offset < 0 || offset > log->size)
        return err_set(err, ERR_CONFLICT, "a chunk at byte %lld of a log that has %lld",
                       (long long)offset, (long long)log->size);
    /* What is there was sent before: only the rest is new. */
    int64_t known = log->size - offset;
    if ((uint64_t)known >= chunk.len)
        return true;
    chunk = str_from_pos(chunk, (size_t)known);
    bool fits = (int64_t)chunk.len <= log->limit - log->size;
    if (!fits)
        chunk = str_slice(chunk, 0, log->limit > log->size ? (size_t)(log->limit - log->size) : 0);
    while (chunk.len) {
        ssize_t put = pwrite(log->fd, chunk.ptr, chunk.len, log->size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && (errno == ENOSPC || errno == EDQUOT))
            return err_set(err, ERR_SYSTEM,
                           "the disk is full, the log of %s cannot go on: make room and run again",
                           log->base);
        if (put < 0)
            return err_errno(err, "writing the log of %s", log->base);
        log->size += put;
        chunk = str_from_pos(chunk, (size_t)put);
    }
    return fits || err_set(err, ERR_LIMIT, "the log of %s is longer than the %lld bytes allowed",
                           log->base, (long long)log->limit);
}

static bool buildlog_write_sealed(const struct buildlog *log, const struct buildlog_names *names,
                                  struct buildlog_sealed *made, struct err *err)
{
    if (unlinkat(log->dirfd, names->beside, 0) < 0 && errno != ENOENT)
        return err_errno(err, "removing %s/%s", log->base, names->beside);
    FD_AUTO int to =
        openat(log->dirfd, names->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (to < 0 || lseek(log->fd, 0, SEEK_SET) < 0)
        return err_errno(err, "creating %s/%s", log->base, names->beside);
    if (!seekable_write(log->fd, to, log->base, &made->bytes, &made->digest, err))
        return false;
    if (fsync(to) < 0 || renameat(log->dirfd, names->beside, log->dirfd, names->sealed) < 0)
        return err_errno(err, "sealing the log %s/%s", log->base, names->sealed);
    /* The growing one goes only when nothing can bring back the time before the rename. */
    if (!file_sync_dir(log->dirfd, ".", err))
        return false;
    if (unlinkat(log->dirfd, names->growing, 0) < 0 && errno != ENOENT)
        return err_errno(err, "removing %s/%s", log->base, names->growing);
    return true;
}

bool buildlog_seal(struct buildlog **log, struct arena *arena, struct buildlog_sealed *sealed,
                   struct err *err)
{
    struct buildlog_names names = buildlog_names_of((*log)->attempt);
    struct buildlog_sealed made = {0};
    if (!buildlog_write_sealed(*log, &names, &made, err)) {
        unlinkat((*log)->dirfd, names.beside, 0);
        return false;
    }
    made.path = arena_printf(arena, "%s/%s", (*log)->base, names.sealed);
    *sealed = made;
    buildlog_close(log);
    return true;
}

struct buildlog_sweep {
    const char *base;
    int64_t sealed;
};

static bool buildlog_recover_file(void *state, int dirfd, struct str name, struct err *err)
{
    struct buildlog_sweep *sweep = state;
    ARENA_AUTO struct arena scratch = {0};
    struct buildlog_sealed sealed;
    uint64_t attempt = 0;
    struct stat info;
    /* Sealing the growing file beside it may have taken it away already. */
    if (str_ends(name, STR(".log.zst.tmp")))
        return unlinkat(dirfd, name.ptr, 0) == 0 || errno == ENOENT ||
               err_errno(err, "removing %s", name.ptr);
    if (!str_ends(name, STR(".log")) || !str_to_u64(str_slice(name, 0, name.len - 4), &attempt) ||
        attempt > INT64_MAX)
        return true;
    FD_AUTO int fd = openat(dirfd, name.ptr, O_RDWR | O_CLOEXEC | O_NOFOLLOW), dir = dup(dirfd);
    if (fd < 0 || dir < 0 || fstat(fd, &info) < 0)
        return err_errno(err, "opening the log %s/%s", sweep->base, name.ptr);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return true;
    struct buildlog *log = buildlog_make(&dir, &fd, sweep->base, (int64_t)attempt, info.st_size);
    bool good = buildlog_seal(&log, &scratch, &sealed, err);
    buildlog_close(&log);
    sweep->sealed += good;
    return good;
}

static bool buildlog_recover_dir(void *state, int dirfd, struct str name, struct err *err)
{
    struct buildlog_sweep *sweep = state;
    struct stat info;
    if (fstatat(dirfd, name.ptr, &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(info.st_mode))
        return true;
    sweep->base = name.ptr;
    return file_each(dirfd, name.ptr, buildlog_recover_file, sweep, err);
}

bool buildlog_recover(const char *dir, int64_t *sealed, struct err *err)
{
    struct buildlog_sweep sweep = {0};
    struct stat info;
    if (stat(dir, &info) == 0 && !file_each(AT_FDCWD, dir, buildlog_recover_dir, &sweep, err))
        return false;
    if (sealed)
        *sealed = sweep.sealed;
    return true;
}

static bool buildlog_read_growing(int fd, const char *what, int64_t from, int64_t count,
                                  struct arena *arena, struct str *text, int64_t *size,
                                  struct err *err)
{
    struct stat info;
    size_t have;
    if (fstat(fd, &info) < 0)
        return err_errno(err, "%s", what);
    if (from > info.st_size)
        from = info.st_size;
    if (count > info.st_size - from)
        count = info.st_size - from;
    char *bytes = arena_alloc(arena, (size_t)count + 1);
    if (!file_read_at(fd, what, from, bytes, (size_t)count, &have, err))
        return false;
    *text = str_of(bytes, have);
    *size = info.st_size;
    return true;
}

bool buildlog_read(const char *dir, const struct buildlog_id *id, int64_t from, int64_t count,
                   struct arena *arena, struct str *text, int64_t *size, struct err *err)
{
    const char *base = buildlog_base(arena, id);
    struct buildlog_names names = buildlog_names_of(id->attempt);
    FD_AUTO int dirfd = -1;
    struct seekable file;
    if (from < 0 || count < 0)
        return err_set(err, ERR_USAGE, "a range of a log begins at %lld with %lld bytes",
                       (long long)from, (long long)count);
    if (!buildlog_open_dir(dir, base, false, &dirfd, err))
        return false;
    FD_AUTO int growing = openat(dirfd, names.growing, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (growing >= 0)
        return buildlog_read_growing(growing, base, from, count, arena, text, size, err);
    FD_AUTO int sealed = openat(dirfd, names.sealed, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (sealed < 0)
        return err_errno(err, "the log %s/%s", base, names.sealed);
    if (!seekable_open(sealed, base, arena, &file, err) ||
        !seekable_read(&file, from, count, arena, text, err))
        return false;
    *size = file.text_bytes;
    return true;
}

bool buildlog_tail(const char *dir, const struct buildlog_id *id, int64_t count,
                   struct arena *arena, struct str *text, struct err *err)
{
    int64_t size = 0;
    struct str tail = STR("");
    if (!buildlog_read(dir, id, 0, 0, arena, &tail, &size, err))
        return false;
    int64_t from = size > count ? size - count : 0;
    if (!buildlog_read(dir, id, from, count, arena, &tail, &size, err))
        return false;
    size_t line = str_find_char(tail, '\n');
    *text = from && line < tail.len ? str_from_pos(tail, line + 1) : tail;
    return true;
}
