#include "image/unpacked.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"
#include "image/deb.h"
#include "os/fd.h"
#include "os/file.h"

enum { UNPACKED_THREADS_MAX = 8 };

struct str unpacked_path(const char *cache, const struct digest *sha256, struct arena *arena)
{
    return arena_printf(arena, "%s/packages/%s", cache, digest_to_hex(sha256).text);
}

bool unpacked_is_there(const char *cache, const struct digest *sha256, struct arena *arena)
{
    return access(unpacked_path(cache, sha256, arena).ptr, F_OK) == 0;
}

/* What the threads share: each takes the next package until there is none. */
struct unpacked_work {
    const struct apt_packages *missing;
    const char *debs, *fresh; /* the downloads; where unpacked ones wait for their rename */
    struct apt *apt;
    atomic_size_t next, done;
    atomic_bool failed;
    pthread_mutex_t mutex; /* over err */
    struct err err;
};

static bool unpacked_check(const char *path, const struct apt_package *package, struct err *err)
{
    struct digest digest;
    int FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open the download %s", path);
    if (!digest_fd(fd, &digest, err))
        return false;
    return digest_eq(&digest, &package->sha256) ||
           err_set(err, ERR_DIGEST, "%s: its digest is not the one that the signed index names",
                   path);
}

static bool unpacked_one(const struct unpacked_work *work, const struct apt_package *package,
                         struct err *err)
{
    struct arena ARENA_AUTO arena = {0};
    struct str deb = arena_printf(&arena, "%s/" STR_FMT, work->debs, STR_ARG(package->file));
    struct str dir =
        arena_printf(&arena, "%s/%s", work->fresh, digest_to_hex(&package->sha256).text);
    if (!unpacked_check(deb.ptr, package, err))
        return false;
    if (mkdir(dir.ptr, 0755) || chmod(dir.ptr, 0755))
        return err_errno(err, "cannot make %s", dir.ptr);
    return deb_unpack(deb.ptr, dir.ptr, &deb_default_limits, err);
}

static void unpacked_next(struct unpacked_work *work, bool tells)
{
    size_t i;
    while (!atomic_load(&work->failed) &&
           (i = atomic_fetch_add(&work->next, 1)) < work->missing->len) {
        struct err err;
        const struct apt_package *package = &work->missing->at[i];
        if (!unpacked_one(work, package, &err)) {
            pthread_mutex_lock(&work->mutex);
            if (!atomic_exchange(&work->failed, true))
                work->err = err;
            pthread_mutex_unlock(&work->mutex);
        }
        size_t done = atomic_fetch_add(&work->done, 1) + 1;
        if (tells && work->apt->progress)
            work->apt->progress(work->apt->state,
                                &(struct image_progress){IMAGE_UNPACK, work->apt->what,
                                                         package->name, done, work->missing->len});
    }
}

static void *unpacked_thread(void *state)
{
    unpacked_next(state, false);
    return NULL;
}

static bool unpacked_all(struct unpacked_work *work, struct err *err)
{
    pthread_t threads[UNPACKED_THREADS_MAX];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = processors > 1 ? (size_t)processors - 1 : 0, started = 0;
    while (started < wanted && started < UNPACKED_THREADS_MAX &&
           pthread_create(&threads[started], NULL, unpacked_thread, work) == 0)
        started++;
    unpacked_next(work, true); /* this thread works too, and it alone reports */
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (!atomic_load(&work->failed))
        return true;
    *err = work->err;
    return false;
}

/* On the disk before they get their names: a name means complete, power cut or not. */
static bool unpacked_name(const struct unpacked_work *work, const char *cache, struct arena *arena,
                          struct err *err)
{
    int FD_AUTO fd = open(work->fresh, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd))
        return err_errno(err, "cannot write %s to disk", work->fresh);
    for (size_t i = 0; i < work->missing->len; i++) {
        const struct digest *sha256 = &work->missing->at[i].sha256;
        struct str to = unpacked_path(cache, sha256, arena);
        if (renameat(fd, digest_to_hex(sha256).text, AT_FDCWD, to.ptr) && errno != EEXIST &&
            errno != ENOTEMPTY) /* another process was faster */
            return err_errno(err, "cannot name %s", to.ptr);
    }
    return true;
}

bool unpacked_fetch(struct apt *apt, const char *cache, const struct apt_packages *packages,
                    struct arena *arena, struct err *err)
{
    struct apt_packages missing = {0};
    for (size_t i = 0; i < packages->len; i++)
        if (!unpacked_is_there(cache, &packages->at[i].sha256, arena))
            *vec_push(&missing, arena) = packages->at[i];
    if (missing.len == 0)
        return true;
    struct str named = arena_printf(arena, "%s/packages", cache);
    struct str debs = arena_printf(arena, "%s/debs", apt->dir);
    struct str fresh = arena_printf(arena, "%s/fresh", apt->dir);
    /* Left by a process that was killed; the lock says that nobody works on them. */
    if (!file_remove_tree(AT_FDCWD, debs.ptr, err) || !file_remove_tree(AT_FDCWD, fresh.ptr, err) ||
        !file_mkdirs(AT_FDCWD, named.ptr, 0755, err) ||
        !file_mkdirs(AT_FDCWD, fresh.ptr, 0755, err))
        return false;
    struct unpacked_work work = {.missing = &missing,
                                 .debs = debs.ptr,
                                 .fresh = fresh.ptr,
                                 .apt = apt,
                                 .mutex = PTHREAD_MUTEX_INITIALIZER};
    bool ok = apt_download(apt, &missing, debs.ptr, arena, err) && unpacked_all(&work, err) &&
              unpacked_name(&work, cache, arena, err);
    struct err
        ignored; /* a leftover costs space, not correctness; the first error is the one to tell */
    (void)!file_remove_tree(AT_FDCWD, debs.ptr, &ignored);
    (void)!file_remove_tree(AT_FDCWD, fresh.ptr, &ignored);
    return ok;
}
