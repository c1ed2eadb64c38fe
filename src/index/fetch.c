/* Artifacts: checked against every hash named for them, kept in the cache by digest. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "index/state.h"
#include "os/fd.h"
#include "os/file.h"
#include "base/url.h"

#define FETCH_MAX ((size_t)16 << 30)

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

static bool fetch_local(struct index_file *file, struct str *path, struct err *err)
{
    struct digest digest;
    FD_AUTO int fd = open(file->path.ptr, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening %s", file->path.ptr);
    if (!digest_fd(fd, &digest, err))
        return false;
    if (file->has_sha256 && !digest_eq(&digest, &file->sha256))
        return err_set(err, ERR_DIGEST, "%s: has SHA-256 %s, not %s as promised", file->path.ptr,
                       digest_to_hex(&digest).text, digest_to_hex(&file->sha256).text);
    file->sha256 = digest;
    file->has_sha256 = true;
    *path = file->path;
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

static bool fetch_put_in_place(struct index *index, struct index_file *file, const char *beside,
                               struct str *path, struct err *err)
{
    struct str place = fetch_place(index, file);
    if (!file_mkdirs(AT_FDCWD, fetch_dir(index, &file->sha256), 0755, err))
        return false;
    if (rename(beside, place.ptr) < 0)
        return err_errno(err, "putting %s in place", place.ptr);
    *path = place;
    return true;
}

static bool fetch_remote(struct index *index, struct index_file *file, struct str *path,
                         struct err *err)
{
    const char *parent =
        arena_printf(&index->arena, STR_FMT "/files", STR_ARG(index->config.cache_dir)).ptr;
    char *beside =
        (char *)(uintptr_t)arena_printf(&index->arena, "%s/download-XXXXXX", parent).ptr;
    struct http_request request = {.url = url_without_fragment(file->url),
                                   .size_limit = FETCH_MAX,
                                   .has_sha256 = file->has_sha256,
                                   .sha256 = file->sha256};
    struct http_response response;
    if (!file_mkdirs(AT_FDCWD, parent, 0755, err))
        return false;
    FD_AUTO int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "creating a file below %s", parent);
    request.fd = fd;
    fetch_other_hash(file, &request);
    bool ok = http_get(index->http, &request, &index->arena, &response, err);
    if (ok && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
        ok = err_errno(err, "writing %s", beside);
    if (ok) {
        file->sha256 = response.digest;
        file->has_sha256 = true;
        ok = fetch_put_in_place(index, file, beside, path, err);
    }
    if (!ok)
        unlink(beside);
    return ok;
}

bool index_fetch(struct index *index, struct index_file *file, struct str *path, struct err *err)
{
    if (file->path.len)
        return fetch_local(file, path, err);
    if (!index->config.cache_dir.len)
        return err_set(err, ERR_USAGE, STR_FMT ": nowhere to keep it: no cache directory is set",
                       STR_ARG(file->filename));
    if (!file_path_is_safe(file->filename) || str_has_char(file->filename, '/'))
        return err_set(err, ERR_FORMAT, "file name " STR_FMT " leads elsewhere",
                       STR_ARG(file->filename));
    if (file->has_sha256) {
        struct str place = fetch_place(index, file);
        if (access(place.ptr, R_OK) == 0) { /* renamed there only after its digest was checked */
            *path = place;
            return true;
        }
    }
    if (index->config.offline)
        return err_set(err, ERR_NETWORK, STR_FMT ": not in the cache, and this run is offline",
                       STR_ARG(file->filename));
    return fetch_remote(index, file, path, err);
}

bool index_fetch_all(struct index *index, struct index_file *const *files, size_t len,
                     struct str *paths, struct err *errs)
{
    bool all = true;
    for (size_t i = 0; i < len; i++)
        all = index_fetch(index, files[i], &paths[i], &errs[i]) && all;
    return all;
}
