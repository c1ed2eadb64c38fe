/*
 * A wheel's METADATA without the wheel: the archive's end is fetched first (the
 * central directory and, as a rule, *.dist-info lie there), then whatever else
 * the reader asks for. A server without ranges sends the whole: a small wheel is
 * read from memory, a large one goes through the cache of artifacts.
 */
#include <fcntl.h>
#include <string.h>

#include "index/state.h"

enum { REMOTE_TAIL = 160 << 10, REMOTE_PIECE = 64 << 10, REMOTE_WHOLE_MAX = 32 << 20 };

struct remote_piece {
    uint64_t at;
    struct str bytes;
};

struct remote {
    struct index *index;
    const struct index_file *file;
    struct arena arena; /* until the wheel was read */
    VEC(struct remote_piece) pieces;
    uint64_t size;
    bool too_large; /* the server knows no ranges, and the wheel is no small one */
};

static bool remote_get(struct remote *remote, int64_t from, int64_t len,
                       struct http_response *response, struct err *err)
{
    struct http_request request = {.url = remote->file->url,
                                   .has_range = true,
                                   .range_from = from,
                                   .range_len = len,
                                   .size_limit = REMOTE_WHOLE_MAX};
    bool ok = http_get(remote->index->http, &request, &remote->arena, response, err);
    remote->too_large = !ok && err->code == ERR_LIMIT;
    return ok;
}

static bool remote_open(struct remote *remote, struct err *err)
{
    struct http_response response;
    if (!remote_get(remote, -1, REMOTE_TAIL, &response, err))
        return false;
    bool whole = response.status == 200;
    if (!whole && response.total_size < (int64_t)response.body.len)
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": the server does not say its size",
                       STR_ARG(remote->file->filename));
    remote->size = whole ? response.body.len : (uint64_t)response.total_size;
    *vec_push(&remote->pieces, &remote->arena) =
        (struct remote_piece){remote->size - response.body.len, response.body};
    return true;
}

static bool remote_copy(const struct remote *remote, uint64_t at, void *buf, size_t len)
{
    for (size_t i = 0; i < remote->pieces.len; i++) {
        const struct remote_piece *piece = &remote->pieces.at[i];
        if (at < piece->at || at + len > piece->at + piece->bytes.len)
            continue;
        memcpy(buf, piece->bytes.ptr + (at - piece->at), len);
        return true;
    }
    return false;
}

static bool remote_read(void *state, uint64_t at, void *buf, size_t len, struct err *err)
{
    struct remote *remote = state;
    struct http_response response;
    if (!len || remote_copy(remote, at, buf, len))
        return true;
    if (at > remote->size || len > remote->size - at)
        return err_set(err, ERR_FORMAT, STR_FMT ": ends too early",
                       STR_ARG(remote->file->filename));
    uint64_t more = len < REMOTE_PIECE ? REMOTE_PIECE : len;
    if (more > remote->size - at)
        more = remote->size - at;
    if (!remote_get(remote, (int64_t)at, (int64_t)more, &response, err))
        return false;
    *vec_push(&remote->pieces, &remote->arena) =
        (struct remote_piece){response.status == 200 ? 0 : at, response.body};
    return remote_copy(remote, at, buf, len) ||
           err_set(err, ERR_NETWORK, STR_FMT ": the server sent another part than asked for",
                   STR_ARG(remote->file->filename));
}

bool index_read_remote(struct index *index, const struct index_file *file, struct wheel *wheel,
                       struct err *err)
{
    struct remote remote = {.index = index, .file = file};
    bool ok = remote_open(&remote, err);
    if (ok) {
        const struct unzip_source source = {
            .read = remote_read, .state = &remote, .size = remote.size};
        ok = wheel_read_source(&source, file->filename, NULL, &index->arena, wheel, err);
    }
    arena_free(&remote.arena);
    if (ok || !remote.too_large)
        return ok;
    struct str path;
    return index_fetch(index, (struct index_file *)(uintptr_t)file, &path, err) &&
           wheel_read(AT_FDCWD, path.ptr, NULL, &index->arena, wheel, err);
}
