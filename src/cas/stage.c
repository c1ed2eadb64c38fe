#include "cas/stage.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { STAGE_TRIES = 1000 };

bool stage_open(int dirfd, struct stage *stage, struct err *err)
{
    static unsigned counter;
    for (int i = 0; i < STAGE_TRIES; i++) {
        struct stage made = {.dirfd = dirfd};
        struct stat info;
        snprintf(made.name, sizeof made.name, "%d-%u", (int)getpid(),
                 __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED));
        made.fd = openat(dirfd, made.name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (made.fd < 0 && errno == EEXIST)
            continue;
        if (made.fd < 0)
            return err_errno(err, "creating a file in the content store");
        if (flock(made.fd, LOCK_EX | LOCK_NB) == 0 && fstat(made.fd, &info) == 0 && info.st_nlink) {
            *stage = made;
            return true;
        }
        /* A cleaner saw it between its creation and its locking. */
        stage_drop(&made);
    }
    return err_set(err, ERR_SYSTEM, "no free name for a new file in the content store");
}

void stage_drop(struct stage *stage)
{
    if (stage->fd >= 0)
        unlinkat(stage->dirfd, stage->name, 0);
    fd_close(&stage->fd);
}

void stage_close(struct stage *stage)
{
    fd_close(&stage->fd);
}

static bool stage_clean_one(void *state, int dirfd, struct str name, struct err *err)
{
    (void)state;
    FD_AUTO int fd = openat(dirfd, name.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || err_errno(err, "opening %s in the content store", name.ptr);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK || err_errno(err, "locking %s", name.ptr);
    if (unlinkat(dirfd, name.ptr, 0) < 0 && errno != ENOENT)
        return err_errno(err, "removing %s from the content store", name.ptr);
    return true;
}

bool stage_clean(int dirfd, struct err *err)
{
    return file_each(dirfd, ".", stage_clean_one, NULL, err);
}
