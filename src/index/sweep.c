#include "index/sweep.h"

#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/file.h"

#define SWEEP_PATTERN "XXXXXX"

enum { SWEEP_TRIES = 100 };

/* A sweeper may come between creation and lock: what it removed has no name left. */
static bool sweep_is_mine(int fd)
{
    struct stat info;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &info) == 0 && info.st_nlink > 0;
}

bool sweep_new_file(char *path, int *fd, struct err *err)
{
    char *pattern = path + strlen(path) - strlen(SWEEP_PATTERN);
    for (int i = 0; i < SWEEP_TRIES; i++) {
        memcpy(pattern, SWEEP_PATTERN, strlen(SWEEP_PATTERN));
        FD_AUTO int made = mkostemp(path, O_CLOEXEC);
        if (made < 0)
            return err_errno(err, "creating a file like %s", path);
        if (sweep_is_mine(made)) {
            *fd = fd_take(&made);
            return true;
        }
    }
    return err_set(err, ERR_CONFLICT, "%s: files vanish as soon as they are made", path);
}

bool sweep_new_directory(const char *parent, struct arena *arena, struct str *path, int *lock,
                         struct err *err)
{
    for (int i = 0; i < SWEEP_TRIES; i++) {
        if (!file_make_temp_dir(parent, "taking-", arena, path, err))
            return false;
        FD_AUTO int made = open(path->ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (made >= 0 && sweep_is_mine(made)) {
            *lock = fd_take(&made);
            return true;
        }
    }
    return err_set(err, ERR_CONFLICT, "%s: directories vanish as soon as they are made", parent);
}

static bool sweep_entry(void *state, int dirfd, struct str name, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    const struct str *prefix = state;
    const char *plain = arena_cstr(&scratch, name);
    if (!str_starts(name, *prefix))
        return true;
    FD_AUTO int fd = openat(dirfd, plain, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) /* gone meanwhile, or under way */
        return true;
    return file_remove_tree(dirfd, plain, err);
}

bool sweep_leftovers(const char *cache_dir, struct err *err)
{
    static const struct {
        const char *dir;
        struct str prefix;
    } places[] = {{"files", STR_INIT("download-")},
                  {"trees", STR_INIT("taking-")},
                  {"scan", STR_INIT("new-")}};
    ARENA_AUTO struct arena scratch = {0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct err absent = {0};
        struct str prefix = places[i].prefix;
        const char *dir = arena_printf(&scratch, "%s/%s", cache_dir, places[i].dir).ptr;
        if (!file_each(AT_FDCWD, dir, sweep_entry, &prefix, &absent) &&
            absent.code != ERR_NOT_FOUND)
            return err_set(err, absent.code, "%s", absent.text);
    }
    return true;
}
