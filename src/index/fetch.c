/* Artifacts: checked against every hash named for them, kept in the cache by digest. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "index/state.h"
#include "os/fd.h"
#include "index/sweep.h"
#include "os/file.h"
#include "base/url.h"

#define FETCH_MAX ((size_t)16 << 30)

enum { FETCH_TOGETHER = 64 }; /* downloads under way: each holds a descriptor */

static const char *fetch_dir(struct index *index, const struct digest *digest)
{
    return arena_printf(&index->arena, STR_FMT "/files/%s", STR_ARG(index->config.cache_dir),
                        digest_to_hex(digest).text)
        .ptr;
}

static struct str fetch_place(struct index *index, const struct index_file *file)
{
    return arena_printf(&index->arena, "%s/" STR_FMT, fetch_dir(index, &file->sha256),
                        STR_ARG(file->filename));
}

const char *index_is_fetched(struct index *index, const struct index_file *file)
{
    struct str place;
    if (url_to_path(file->url, &index->arena, &place))
        return access(place.ptr, R_OK) == 0 ? place.ptr : NULL;
    if (!index->config.cache_dir.len || !file->has_sha256 || !file->url.len)
        return NULL;
    place = fetch_place(index, file);
    return access(place.ptr, R_OK) == 0 ? place.ptr : NULL;
}

static bool fetch_local(struct index_file *file, struct str place, struct str *path,
                        struct err *err)
{
    struct digest digest;
    FD_AUTO int fd = open(place.ptr, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening %s", place.ptr);
    if (!digest_fd(fd, &digest, err))
        return false;
    if (file->has_sha256 && !digest_eq(&digest, &file->sha256))
        return err_set(err, ERR_DIGEST, "%s: has SHA-256 %s, not %s as promised", place.ptr,
                       digest_to_hex(&digest).text, digest_to_hex(&file->sha256).text);
    file->sha256 = digest;
    file->has_sha256 = true;
    *path = place;
    return true;
}

/* The strongest promise besides SHA-256, for indexes that make no better one. */
static void fetch_other_hash(const struct index_file *file, struct http_request *request)
{
    static const char *const strong[] = {"sha512", "sha384", "sha224", "sha1", "md5"};
    for (size_t i = 0; i < sizeof strong / sizeof *strong && !file->has_sha256; i++) {
        struct str hex = simple_find_hash(file->hashes, file->hashes_len, strong[i]);
        if (!hex.len)
            continue;
        request->hash_algorithm = str_from(strong[i]);
        request->hash_hex = hex;
        return;
    }
}

/* A download under way, or a path that is there already. */
struct fetch {
    struct index_file *file;
    struct str path; /* set: nothing is left to do */
    struct http_transfer *transfer;
    int fd;
    const char *beside; /* where it grows until it is whole and checked */
};

static bool fetch_start_remote(struct index *index, struct fetch *fetch, struct err *err)
{
    struct index_file *file = fetch->file;
    const char *parent =
        arena_printf(&index->arena, STR_FMT "/files", STR_ARG(index->config.cache_dir)).ptr;
    char *beside = (char *)(uintptr_t)arena_printf(&index->arena, "%s/download-XXXXXX", parent).ptr;
    struct http_request request = {.url = url_without_fragment(file->url),
                                   .size_limit = FETCH_MAX,
                                   .has_sha256 = file->has_sha256,
                                   .sha256 = file->sha256};
    if (!file_mkdirs(AT_FDCWD, parent, 0755, err) || !sweep_new_file(beside, &fetch->fd, err))
        return false;
    fetch->beside = beside;
    request.fd = fetch->fd;
    fetch_other_hash(file, &request);
    fetch->transfer = http_start(index->http, &request, &index->arena);
    return true;
}

static bool fetch_start(struct index *index, struct index_file *file, struct fetch *fetch,
                        struct err *err)
{
    *fetch = (struct fetch){.file = file, .fd = -1};
    struct str place = file->path;
    if (place.len || url_to_path(file->url, &index->arena, &place))
        return fetch_local(file, place, &fetch->path, err);
    if (!index->config.cache_dir.len)
        return err_set(err, ERR_USAGE, STR_FMT ": nowhere to keep it: no cache directory is set",
                       STR_ARG(file->filename));
    if (!file_path_is_safe(file->filename) || str_has_char(file->filename, '/'))
        return err_set(err, ERR_FORMAT, "file name " STR_FMT " leads elsewhere",
                       STR_ARG(file->filename));
    if (file->has_sha256) {
        place = fetch_place(index, file);
        if (access(place.ptr, R_OK) == 0) { /* renamed there only after its digest was checked */
            fetch->path = place;
            return true;
        }
    }
    if (index->config.offline)
        return err_set(err, ERR_NETWORK, STR_FMT ": not in the cache, and this run is offline",
                       STR_ARG(file->filename));
    return fetch_start_remote(index, fetch, err);
}

static bool fetch_put_in_place(struct index *index, struct fetch *fetch, struct err *err)
{
    struct str place = fetch_place(index, fetch->file);
    const char *dir = fetch_dir(index, &fetch->file->sha256);
    if (fchmod(fetch->fd, 0644) < 0 || fsync(fetch->fd) < 0)
        return err_errno(err, "writing %s", fetch->beside);
    if (!file_mkdirs(AT_FDCWD, dir, 0755, err))
        return false;
    if (rename(fetch->beside, place.ptr) < 0)
        return err_errno(err, "putting %s in place", place.ptr);
    fetch->path = place;
    return file_sync_dir(AT_FDCWD, dir, err);
}

static bool fetch_finish(struct index *index, struct fetch *fetch, struct str *path,
                         struct err *err)
{
    struct http_response response;
    bool ok = true;
    if (fetch->transfer) {
        ok = http_wait(index->http, fetch->transfer, &response, err);
        if (ok) {
            fetch->file->sha256 = response.digest;
            fetch->file->has_sha256 = true;
            ok = fetch_put_in_place(index, fetch, err);
        }
        if (!ok)
            unlink(fetch->beside);
        fd_close(&fetch->fd);
    }
    if (ok)
        *path = fetch->path;
    return ok;
}

bool index_fetch(struct index *index, struct index_file *file, struct str *path, struct err *err)
{
    struct fetch fetch;
    return fetch_start(index, file, &fetch, err) && fetch_finish(index, &fetch, path, err);
}

bool index_fetch_all(struct index *index, struct index_file *const *files, size_t len,
                     struct str *paths, struct err *errs)
{
    struct fetch window[FETCH_TOGETHER];
    bool all = true;
    for (size_t from = 0; from < len; from += FETCH_TOGETHER) {
        size_t count = len - from < FETCH_TOGETHER ? len - from : FETCH_TOGETHER;
        bool started[FETCH_TOGETHER];
        for (size_t i = 0; i < count; i++)
            started[i] = fetch_start(index, files[from + i], &window[i], &errs[from + i]);
        for (size_t i = 0; i < count; i++)
            all = started[i] &&
                  fetch_finish(index, &window[i], &paths[from + i], &errs[from + i]) && all;
    }
    return all;
}
