#include "index/scan.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "index/scan_cache.h"
#include "os/fd.h"
#include "os/file.h"
#include "pkg/requirement.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SCAN_FILE_LIMIT = 1000000,
    SCAN_THREADS = 8,
    SCAN_TOGETHER = 16,
    SCAN_WHOLE = 64 << 10, /* a wheel up to here is read at once, and its digest costs no more */
};

/* The files to look at, and what is wrong with each (NULL: nothing). */
struct scan_work {
    const struct scan_options *options;
    const struct scan_cache *cache;
    int dirfd;
    struct scan_file *files;
    const struct err **wrong;
    size_t len;
    atomic_size_t next, known;
};

struct scan_thread {
    pthread_t id;
    struct scan_work *work;
    struct arena arena;
    char *whole; /* SCAN_WHOLE bytes */
};

struct scan_listing {
    struct str dir;
    size_t limit, ignored;
    struct arena *arena;
    VEC(struct str) names;
    VEC(enum scan_kind) kinds;
};

/* What a name promises; false when the scan has no interest in it. */
static bool scan_kind_of(struct str name, enum scan_kind *kind)
{
    if (!name.len || name.ptr[0] == '.')
        return false;
    switch (filename_kind(name)) {
    case FILENAME_WHEEL:
        *kind = SCAN_WHEEL;
        return true;
    case FILENAME_SDIST:
        *kind = SCAN_SDIST;
        return true;
    case FILENAME_OTHER:
        break;
    }
    bool lock = str_starts(name, STR("pylock.")) && str_ends(name, STR(".toml"));
    if (lock) {
        *kind = SCAN_LOCK;
        return true;
    }
    bool text = str_ends(name, STR(".txt"));
    bool named =
        str_starts(name, STR("constraints")) || str_find(name, STR("requirements")) < name.len;
    if (!(text && named) && !str_ends(name, STR(".in"))) /* a README.txt is no requirements file */
        return false;
    *kind = str_starts(name, STR("constraints")) ? SCAN_CONSTRAINTS : SCAN_REQUIREMENTS;
    return true;
}

static bool scan_list_name(void *state, int dirfd, struct str name, struct err *err)
{
    struct scan_listing *listing = state;
    enum scan_kind kind;
    (void)dirfd;
    if (!scan_kind_of(name, &kind)) {
        listing->ignored++;
        return true;
    }
    if (listing->names.len >= listing->limit)
        return err_set(err, ERR_LIMIT, "more than the %zu files allowed", listing->limit);
    *vec_push(&listing->names, listing->arena) = arena_str(listing->arena, name);
    *vec_push(&listing->kinds, listing->arena) = kind;
    return true;
}

static bool scan_memory_read(void *state, uint64_t at, void *buf, size_t len, struct err *err)
{
    const struct str *bytes = state;
    if (at > bytes->len || len > bytes->len - at)
        return err_set(err, ERR_FORMAT, "ends early; get the file again");
    memcpy(buf, bytes->ptr + at, len);
    return true;
}

static bool scan_small_wheel(struct scan_thread *thread, struct scan_file *file, struct err *err)
{
    const char *name = file->filename.ptr;
    size_t size = (size_t)file->size, got = 0;
    FD_AUTO int fd = openat(thread->work->dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(err, "opening %s", name);
    while (got < size) {
        ssize_t some = read(fd, thread->whole + got, size - got);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return err_errno(err, "reading %s", name);
        if (some == 0)
            return err_set(err, ERR_FORMAT, "%s: ends early; get the file again", name);
        got += (size_t)some;
    }
    struct str bytes = str_of(thread->whole, size);
    const struct unzip_source source = {scan_memory_read, &bytes, size};
    if (!wheel_read_source(&source, file->filename, &thread->work->options->wheel, &thread->arena,
                           &file->wheel, err))
        return false;
    file->digest = digest_of(bytes);
    file->has_digest = true;
    return true;
}

static bool scan_wheel(struct scan_thread *thread, struct scan_file *file, struct err *err)
{
    const struct scan_work *work = thread->work;
    return file->size <= SCAN_WHOLE
               ? scan_small_wheel(thread, file, err)
               : wheel_read(work->dirfd, file->filename.ptr, &work->options->wheel, &thread->arena,
                            &file->wheel, err);
}

/* One that cannot be read would end the whole resolution; here it costs its own wheel only. */
static bool scan_check_requires(const struct scan_file *file, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    const struct metadata *metadata = &file->wheel.metadata;
    struct requirement ignored;
    for (size_t i = 0; i < metadata->requires_dist_len; i++)
        if (!requirement_parse(metadata->requires_dist[i], &scratch, &ignored, err))
            return err_wrap(err, STR_FMT ": Requires-Dist", STR_ARG(file->filename));
    return true;
}

static int64_t scan_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool scan_read_file(struct scan_thread *thread, struct scan_file *file, struct err *err)
{
    const struct scan_work *work = thread->work;
    const char *name = file->filename.ptr;
    struct digest ignored;
    if (file->kind == SCAN_WHEEL &&
        (!scan_wheel(thread, file, err) || !scan_check_requires(file, err)))
        return false;
    if (file->kind == SCAN_SDIST && !sdist_read(work->dirfd, name, STR(""), &work->options->sdist,
                                                &thread->arena, &file->sdist, err))
        return false;
    if (file->kind == SCAN_WHEEL && !file->wheel.tags_agree)
        return err_set(err, ERR_FORMAT,
                       "%s: its name lies: its tags are not those in its WHEEL file; rename or "
                       "replace it",
                       name);
    return !work->options->digests || scan_digest(file, &ignored, err);
}

static bool scan_look_at(struct scan_thread *thread, struct scan_file *file, struct err *err)
{
    struct scan_work *work = thread->work;
    const char *name = file->filename.ptr;
    struct stat info;
    if (fstatat(work->dirfd, name, &info, 0) < 0)
        return err_errno(err, "%s", name);
    file->size = info.st_size;
    file->mtime_ns = scan_ns(info.st_mtim);
    file->ctime_ns = scan_ns(info.st_ctim);
    file->device = info.st_dev;
    file->inode = info.st_ino;
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, "%s: not a regular file", name);
    if (file->kind != SCAN_WHEEL && file->kind != SCAN_SDIST)
        return true;
    if (!scan_cache_take(work->cache, file, &thread->arena))
        return scan_read_file(thread, file, err);
    atomic_fetch_add(&work->known, 1);
    return true;
}

static void scan_try(struct scan_thread *thread, size_t index)
{
    struct err err = {0};
    if (scan_look_at(thread, &thread->work->files[index], &err))
        return;
    struct err *kept = ARENA_NEW(&thread->arena, struct err);
    *kept = err;
    thread->work->wrong[index] = kept;
}

static void *scan_thread_main(void *state)
{
    struct scan_thread *thread = state;
    struct scan_work *work = thread->work;
    thread->whole = ARENA_ARRAY(&thread->arena, char, SCAN_WHOLE);
    for (;;) {
        size_t from = atomic_fetch_add(&work->next, SCAN_TOGETHER);
        if (from >= work->len)
            return NULL;
        for (size_t i = from; i < work->len && i < from + SCAN_TOGETHER; i++)
            scan_try(thread, i);
    }
}

static size_t scan_thread_count(const struct scan_options *options, size_t files)
{
    long cpus = options->threads ? options->threads : sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = cpus < 1 ? 1 : (size_t)cpus;
    if (count > SCAN_THREADS)
        count = SCAN_THREADS;
    size_t useful = files / SCAN_TOGETHER + 1;
    return count < useful ? count : useful;
}

/* The calling thread works too; a thread that cannot be started is simply not there. */
static void scan_run(struct scan_work *work, struct arena *arena)
{
    struct scan_thread threads[SCAN_THREADS] = {0};
    size_t count = scan_thread_count(work->options, work->len), started = 1;
    threads[0].work = work;
    for (; started < count; started++) {
        threads[started].work = work;
        if (pthread_create(&threads[started].id, NULL, scan_thread_main, &threads[started]))
            break;
    }
    scan_thread_main(&threads[0]);
    for (size_t i = 0; i < started; i++) {
        if (i)
            pthread_join(threads[i].id, NULL);
        arena_adopt(arena, &threads[i].arena);
    }
}

/* Equal versions give equal texts: 1.0 and 1 are one release. */
static struct str scan_version(const struct version *version, struct arena *arena)
{
    struct str normal = version_normal(version, arena), base = version_base(version, arena);
    struct str rest = str_from_pos(normal, base.len);
    while (str_ends(base, STR(".0")))
        base.len -= 2;
    return arena_printf(arena, STR_FMT STR_FMT, STR_ARG(base), STR_ARG(rest));
}

/* What two files have in common when they claim to be the same one. */
static struct str scan_identity(const struct scan_file *file, struct arena *arena)
{
    const struct wheel_name *wheel = &file->wheel.name;
    const struct sdist_name *sdist = &file->sdist.name;
    if (file->kind == SCAN_SDIST)
        return arena_printf(arena, STR_FMT " " STR_FMT, STR_ARG(sdist->name),
                            STR_ARG(scan_version(&sdist->version, arena)));
    return arena_printf(arena,
                        STR_FMT " " STR_FMT " %llu" STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT,
                        STR_ARG(wheel->name), STR_ARG(scan_version(&wheel->version, arena)),
                        (unsigned long long)wheel->build, STR_ARG(wheel->build_suffix),
                        STR_ARG(wheel->python), STR_ARG(wheel->abi), STR_ARG(wheel->platform));
}

struct scan_result {
    struct scan_file *files; /* the first `len` of those looked at */
    size_t len;
    VEC(struct scan_complaint) complaints;
    struct map names, seen; /* name of a project, identity -> place in files + 1 */
    size_t ignored;
};

static void scan_complain(struct scan_result *result, struct str filename, const struct err *err,
                          struct arena *arena)
{
    *vec_push(&result->complaints, arena) =
        (struct scan_complaint){filename, err->code, arena_str(arena, str_from(err->text))};
}

/* The place + 1 of the file that was the first with the key; it is `place` when there was none. */
static size_t scan_first(struct map *map, struct str key, size_t place, struct arena *arena)
{
    void **first = map_at(map, arena, key);
    if (!*first)
        *first = (void *)(uintptr_t)(place + 1);
    return (size_t)(uintptr_t)*first - 1;
}

/* The earlier file that this one claims to be, or NULL. */
static struct scan_file *scan_earlier(struct scan_result *result, const struct scan_file *file,
                                      struct arena *arena)
{
    size_t here = result->len;
    if (file->kind != SCAN_WHEEL && file->kind != SCAN_SDIST)
        return NULL;
    struct str name = file->kind == SCAN_WHEEL ? file->wheel.name.name : file->sdist.name.name;
    size_t first = scan_first(&result->names, name, here, arena);
    if (first == here) /* most are the only one of their project */
        return NULL;
    (void)scan_first(&result->seen, scan_identity(&result->files[first], arena), first, arena);
    first = scan_first(&result->seen, scan_identity(file, arena), here, arena);
    return first == here ? NULL : &result->files[first];
}

/* True when the file is the same as an earlier one, or only claims to be (then with a complaint).
 */
static bool scan_is_duplicate(struct scan_result *result, struct scan_file *file,
                              struct arena *arena)
{
    struct scan_file *other = scan_earlier(result, file, arena);
    struct err err = {0};
    struct digest first, second;
    if (!other)
        return false;
    bool read = scan_digest(other, &first, &err) && scan_digest(file, &second, &err);
    if (read && digest_eq(&first, &second)) {
        result->ignored++;
        return true;
    }
    if (read)
        err_set(&err, ERR_CONFLICT,
                STR_FMT ": claims to be the same as " STR_FMT " and has other bytes; remove one",
                STR_ARG(file->filename), STR_ARG(other->filename));
    scan_complain(result, file->filename, &err, arena);
    return true;
}

static bool scan_list(const char *dir, const struct scan_options *options, int *dirfd,
                      struct scan_listing *listing, struct err *err)
{
    listing->limit = options->file_limit ? options->file_limit : SCAN_FILE_LIMIT;
    *dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*dirfd < 0)
        return err_errno(err, "opening the input directory %s", dir);
    return file_each(AT_FDCWD, dir, scan_list_name, listing, err) || err_wrap(err, "%s", dir);
}

/* A cache that cannot be written costs the next scan time, and this one nothing. */
static void scan_remember(const struct scan_work *work, const struct scan_result *result,
                          int64_t began_ns)
{
    struct err err = {0};
    size_t kept = 0;
    for (size_t i = 0; i < result->len; i++)
        kept += scan_cache_keeps(&result->files[i], began_ns);
    bool same = kept == work->known && kept == scan_cache_count(work->cache);
    if (!same && !scan_cache_save(work->options->cache, work->options, result->files, result->len,
                                  began_ns, &err))
        log_debug("the scan is not remembered: %s", err.text);
}

static void scan_sift(struct scan_work *work, struct arena *arena, struct scan_result *result)
{
    for (size_t i = 0; i < work->len; i++) {
        struct scan_file *file = &work->files[i];
        if (work->wrong[i])
            scan_complain(result, file->filename, work->wrong[i], arena);
        else if (!scan_is_duplicate(result, file, arena))
            result->files[result->len++] = *file;
    }
}

bool scan_dir(const char *dir, const struct scan_options *given, struct arena *arena,
              struct scan *scan, struct err *err)
{
    const struct scan_options none = {0}, *options = given ? given : &none;
    const struct clock *clock = options->clock ? options->clock : clock_system();
    const int64_t began_ns = clock_wall_ms(clock) * 1000000;
    struct scan_listing listing = {.dir = str_from(dir), .arena = arena};
    FD_AUTO int dirfd = -1;
    if (!scan_list(dir, options, &dirfd, &listing, err))
        return false;
    struct scan_work work = {.options = options, .dirfd = dirfd, .len = listing.names.len};
    if (options->cache)
        work.cache = scan_cache_load(options->cache, options, arena);
    work.files = ARENA_ARRAY(arena, struct scan_file, work.len + 1);
    work.wrong = ARENA_ARRAY(arena, const struct err *, work.len + 1);
    for (size_t i = 0; i < work.len; i++)
        work.files[i] =
            (struct scan_file){.kind = listing.kinds.at[i],
                               .filename = listing.names.at[i],
                               .path = file_join(arena, listing.dir, listing.names.at[i])};
    scan_run(&work, arena);
    struct scan_result result = {.files = work.files, .ignored = listing.ignored};
    scan_sift(&work, arena, &result);
    if (options->cache)
        scan_remember(&work, &result, began_ns);
    *scan = (struct scan){result.files,          result.len,     result.complaints.at,
                          result.complaints.len, result.ignored, work.known};
    return true;
}

bool scan_digest(struct scan_file *file, struct digest *digest, struct err *err)
{
    struct stat info;
    if (!file->has_digest) {
        FD_AUTO int fd = open(file->path.ptr, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &info) < 0)
            return err_errno(err, "opening %s", file->path.ptr);
        int64_t mtime = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
        if (info.st_size != file->size || mtime != file->mtime_ns)
            return err_set(err, ERR_CONFLICT, "%s changed while it was being used; run again",
                           file->path.ptr);
        if (!digest_fd(fd, &file->digest, err))
            return err_wrap(err, "%s", file->path.ptr);
        file->has_digest = true;
    }
    *digest = file->digest;
    return true;
}
