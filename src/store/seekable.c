#include "store/seekable.h"
#include "base/endian.h"
#include "base/vec.h"
#include "os/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum {
    SEEKABLE_LEVEL = 3,
    SEEKABLE_HEAD = 8,   /* magic and length of the skippable frame */
    SEEKABLE_ENTRY = 8,  /* two lengths */
    SEEKABLE_FOOTER = 9, /* number of frames, descriptor, magic */
    SEEKABLE_FRAME_MAX = 16 << 20,
    SEEKABLE_FRAMES_MAX = 1 << 16,
    SEEKABLE_HAS_CHECKSUMS = 0x80,
};
#define SEEKABLE_SKIPPABLE 0x184D2A5EU
#define SEEKABLE_MAGIC 0x8F92EAB1U

struct seekable_out {
    int fd;
    const char *what;
    struct digest_stream *digest;
    VEC(struct seekable_frame) frames;
};

static bool seekable_put(struct seekable_out *out, struct str bytes, struct err *err)
{
    digest_add(out->digest, bytes);
    return file_write_all(out->fd, out->what, bytes, err);
}

static bool seekable_put_table(struct seekable_out *out, struct arena *arena, struct err *err)
{
    size_t body = out->frames.len * SEEKABLE_ENTRY + SEEKABLE_FOOTER;
    unsigned char *table = arena_alloc(arena, SEEKABLE_HEAD + body), *at = table + SEEKABLE_HEAD;
    write_le32(table, SEEKABLE_SKIPPABLE);
    write_le32(table + 4, (uint32_t)body);
    for (size_t i = 0; i < out->frames.len; i++, at += SEEKABLE_ENTRY) {
        write_le32(at, (uint32_t)out->frames.at[i].file_len);
        write_le32(at + 4, (uint32_t)out->frames.at[i].text_len);
    }
    write_le32(at, (uint32_t)out->frames.len);
    at[4] = 0;
    write_le32(at + 5, SEEKABLE_MAGIC);
    return seekable_put(out, str_of(table, SEEKABLE_HEAD + body), err);
}

/* As much as there is, up to `room`. */
static bool seekable_fill(int fd, const char *what, char *bytes, size_t room, size_t *len,
                          struct err *err)
{
    size_t have = 0;
    while (have < room) {
        ssize_t got = read(fd, bytes + have, room - have);
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

static bool seekable_put_frames(struct seekable_out *out, int from, struct arena *arena,
                                int64_t *text_bytes, struct err *err)
{
    size_t room = ZSTD_compressBound(SEEKABLE_FRAME), len = 0;
    char *text = arena_alloc(arena, SEEKABLE_FRAME), *frame = arena_alloc(arena, room);
    *text_bytes = 0;
    do {
        if (!seekable_fill(from, out->what, text, SEEKABLE_FRAME, &len, err))
            return false;
        if (!len && out->frames.len)
            break;
        size_t packed = ZSTD_compress(frame, room, text, len, SEEKABLE_LEVEL);
        if (ZSTD_isError(packed))
            return err_set(err, ERR_SYSTEM, "compressing %s: %s", out->what,
                           ZSTD_getErrorName(packed));
        struct seekable_frame *made = vec_push(&out->frames, arena);
        made->file_len = (int64_t)packed;
        made->text_len = (int64_t)len;
        *text_bytes += (int64_t)len;
        if (!seekable_put(out, str_of(frame, packed), err))
            return false;
    } while (len == SEEKABLE_FRAME);
    return true;
}

bool seekable_write(int from, int to, const char *what, int64_t *text_bytes, struct digest *digest,
                    struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct seekable_out out = {.fd = to, .what = what, .digest = digest_open()};
    int64_t bytes = 0;
    bool good = seekable_put_frames(&out, from, &scratch, &bytes, err) &&
                seekable_put_table(&out, &scratch, err);
    struct digest made = digest_finish(out.digest);
    if (!good)
        return false;
    *text_bytes = bytes;
    *digest = made;
    return true;
}

static bool seekable_pread(int fd, const char *what, int64_t at, void *bytes, size_t len,
                           struct err *err)
{
    size_t have;
    if (!file_read_at(fd, what, at, bytes, len, &have, err))
        return false;
    return have == len || err_set(err, ERR_FORMAT, "%s: the file ends at byte %lld, too early",
                                  what, (long long)at + (long long)have);
}

/* Fills the frames from the table and checks that they and the table are the whole file. */
static bool seekable_index(struct seekable *file, const unsigned char *table, size_t entry,
                           int64_t table_at, struct arena *arena, struct err *err)
{
    int64_t file_at = 0, text_at = 0;
    file->frames = ARENA_ARRAY(arena, struct seekable_frame, file->frame_count + 1);
    for (size_t i = 0; i < file->frame_count; i++, table += entry) {
        struct seekable_frame *frame = &file->frames[i];
        frame->file_at = file_at;
        frame->text_at = text_at;
        frame->file_len = read_le32(table);
        frame->text_len = read_le32(table + 4);
        if (frame->text_len > SEEKABLE_FRAME_MAX || frame->file_len > SEEKABLE_FRAME_MAX)
            return err_set(err, ERR_LIMIT, "%s: frame %zu is larger than %d bytes", file->what, i,
                           SEEKABLE_FRAME_MAX);
        file_at += frame->file_len;
        text_at += frame->text_len;
    }
    if (file_at != table_at)
        return err_set(err, ERR_FORMAT, "%s: its frames end at byte %lld, its table begins at %lld",
                       file->what, (long long)file_at, (long long)table_at);
    file->text_bytes = text_at;
    return true;
}

bool seekable_open(int fd, const char *what, struct arena *arena, struct seekable *file,
                   struct err *err)
{
    unsigned char footer[SEEKABLE_FOOTER];
    struct seekable opened = {.fd = fd, .what = what};
    int64_t size = lseek(fd, 0, SEEK_END);
    if (size < 0)
        return err_errno(err, "%s", what);
    if (size < SEEKABLE_HEAD + SEEKABLE_FOOTER)
        return err_set(err, ERR_FORMAT, "%s: %lld bytes are too few for a sealed log", what,
                       (long long)size);
    if (!seekable_pread(fd, what, size - SEEKABLE_FOOTER, footer, sizeof footer, err))
        return false;
    if (read_le32(footer + 5) != SEEKABLE_MAGIC)
        return err_set(err, ERR_FORMAT, "%s: not a sealed log: no table at its end", what);
    size_t entry = footer[4] & SEEKABLE_HAS_CHECKSUMS ? SEEKABLE_ENTRY + 4 : SEEKABLE_ENTRY;
    opened.frame_count = read_le32(footer);
    if (opened.frame_count > SEEKABLE_FRAMES_MAX)
        return err_set(err, ERR_LIMIT, "%s: %zu frames, more than %d", what, opened.frame_count,
                       SEEKABLE_FRAMES_MAX);
    size_t body = opened.frame_count * entry + SEEKABLE_FOOTER;
    int64_t table_at = size - (int64_t)body - SEEKABLE_HEAD;
    unsigned char *table = arena_alloc(arena, SEEKABLE_HEAD + body);
    if (table_at < 0)
        return err_set(err, ERR_FORMAT, "%s: a table of %zu frames does not fit", what,
                       opened.frame_count);
    if (!seekable_pread(fd, what, table_at, table, SEEKABLE_HEAD + body, err))
        return false;
    if (read_le32(table) != SEEKABLE_SKIPPABLE || read_le32(table + 4) != body)
        return err_set(err, ERR_FORMAT, "%s: no table at byte %lld", what, (long long)table_at);
    if (!seekable_index(&opened, table + SEEKABLE_HEAD, entry, table_at, arena, err))
        return false;
    *file = opened;
    return true;
}

static bool seekable_unpack(const struct seekable *file, const struct seekable_frame *frame,
                            struct arena *arena, char *text, struct err *err)
{
    char *packed = arena_alloc(arena, (size_t)frame->file_len + 1);
    if (!seekable_pread(file->fd, file->what, frame->file_at, packed, (size_t)frame->file_len, err))
        return false;
    size_t got = ZSTD_decompress(text, (size_t)frame->text_len, packed, (size_t)frame->file_len);
    if (ZSTD_isError(got) || got != (size_t)frame->text_len)
        return err_set(err, ERR_FORMAT, "%s: damaged at byte %lld: %s", file->what,
                       (long long)frame->file_at,
                       ZSTD_isError(got) ? ZSTD_getErrorName(got) : "shorter than it says");
    return true;
}

bool seekable_read(const struct seekable *file, int64_t from, int64_t count, struct arena *arena,
                   struct str *text, struct err *err)
{
    if (from < 0 || count < 0)
        return err_set(err, ERR_USAGE, "a range of a log begins at %lld with %lld bytes",
                       (long long)from, (long long)count);
    if (from > file->text_bytes)
        from = file->text_bytes;
    if (count > file->text_bytes - from)
        count = file->text_bytes - from;
    char *bytes = arena_alloc(arena, (size_t)count + 1);
    for (size_t i = 0; i < file->frame_count; i++) {
        ARENA_AUTO struct arena scratch = {0};
        const struct seekable_frame *frame = &file->frames[i];
        int64_t first = from > frame->text_at ? from : frame->text_at;
        int64_t end = frame->text_at + frame->text_len;
        if (end > from + count)
            end = from + count;
        if (first >= end)
            continue;
        char *whole = arena_alloc(&scratch, (size_t)frame->text_len + 1);
        if (!seekable_unpack(file, frame, &scratch, whole, err))
            return false;
        memcpy(bytes + (first - from), whole + (first - frame->text_at), (size_t)(end - first));
    }
    *text = str_of(bytes, (size_t)count);
    return true;
}
