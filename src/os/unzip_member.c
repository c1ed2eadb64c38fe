#include <libdeflate.h>
#include <string.h>
#include <zlib.h>

#include "base/endian.h"
#include "base/mem.h"
#include "os/unzip.h"

enum {
    LOCAL_SIZE = 30, /* of a local header without name and extra field (APPNOTE 4.3.7) */
    NAME_MAX_SIZE = 65535,
    STREAM_CHUNK = 8192,
};

#define LOCAL_MAGIC 0x04034b50u

/* Of general purpose bit flags (4.4.4). */
enum { FLAG_ENCRYPTED = 1, FLAG_SIZES_BEHIND = 8 };

static bool member_err(const struct unzip_member *member, enum err_code code, const char *why,
                       struct err *err)
{
    return err_set(err, code, "member %.300s: %s", member->name.ptr, why);
}

/* A size of the local header: all ones stand for one in its extra field. */
static bool is_size(uint32_t said, uint64_t size)
{
    return said == UINT32_MAX || said == size;
}

static bool agrees(const unsigned char *header, const char *name, const struct unzip_member *m)
{
    uint16_t flags = read_le16(header + 6);
    if (read_le32(header) != LOCAL_MAGIC || read_le16(header + 8) != m->method ||
        (flags & FLAG_ENCRYPTED) || read_le16(header + 26) != m->name.len ||
        memcmp(name, m->name.ptr, m->name.len) != 0)
        return false;
    return (flags & FLAG_SIZES_BEHIND) != 0 || /* then they are zero here */
           (read_le32(header + 14) == m->crc && is_size(read_le32(header + 18), m->packed_size) &&
            is_size(read_le32(header + 22), m->size));
}

/* Where its bytes begin; the local header must not tell another story than the directory. */
static bool find_bytes(const struct unzip_source *source, const struct unzip_member *m,
                       uint64_t *at, struct err *err)
{
    unsigned char header[LOCAL_SIZE];
    char name[NAME_MAX_SIZE];
    if (m->method != UNZIP_STORED && m->method != UNZIP_DEFLATED)
        return member_err(m, ERR_FORMAT, "packed in a way that wheels do not use", err);
    if (m->header_at > source->size || source->size - m->header_at < LOCAL_SIZE + m->name.len)
        return member_err(m, ERR_FORMAT, "it is not where the directory says", err);
    if (!source->read(source->state, m->header_at, header, sizeof header, err) ||
        !source->read(source->state, m->header_at + LOCAL_SIZE, name, m->name.len, err))
        return false;
    if (!agrees(header, name, m))
        return member_err(m, ERR_FORMAT, "its header says otherwise than the directory", err);
    *at = m->header_at + LOCAL_SIZE + m->name.len + read_le16(header + 28);
    if (*at > source->size || source->size - *at < m->packed_size ||
        (m->method == UNZIP_STORED && m->size != m->packed_size))
        return member_err(m, ERR_FORMAT, "it is shorter than it says", err);
    return true;
}

/* libdeflate does whole buffers some four times as fast as zlib's stream does. */
static bool inflate_whole(const struct unzip_member *m, const char *packed, char *to,
                          struct err *err)
{
    size_t made = 0;
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    if (inflater == NULL)
        return member_err(m, ERR_SYSTEM, "out of memory for unpacking", err);
    enum libdeflate_result result = libdeflate_deflate_decompress(
        inflater, packed, (size_t)m->packed_size, to, (size_t)m->size, &made);
    libdeflate_free_decompressor(inflater);
    return (result == LIBDEFLATE_SUCCESS && made == m->size) ||
           member_err(m, ERR_FORMAT, "its packed bytes are broken", err);
}

static bool read_deflated(const struct unzip_source *source, const struct unzip_member *m,
                          uint64_t at, char *to, struct err *err)
{
    char *packed = mem_buffer((size_t)m->packed_size);
    bool ok = source->read(source->state, at, packed, (size_t)m->packed_size, err) &&
              inflate_whole(m, packed, to, err);
    mem_free(packed);
    return ok;
}

bool unzip_read(const struct unzip_source *source, const struct unzip_member *member, char *to,
                struct err *err)
{
    uint64_t at;
    if (!find_bytes(source, member, &at, err))
        return false;
    if (member->method == UNZIP_DEFLATED
            ? !read_deflated(source, member, at, to, err)
            : !source->read(source->state, at, to, (size_t)member->size, err))
        return false;
    return libdeflate_crc32(0, to, (size_t)member->size) == member->crc ||
           member_err(member, ERR_DIGEST, "it does not match its checksum", err);
}

struct unzip_stream {
    const struct unzip_source *source;
    const struct unzip_member *member;
    uint64_t at, left; /* of the packed bytes */
    uint64_t to_come;  /* of the member's own */
    z_stream z;
    bool inflates;
    unsigned char chunk[STREAM_CHUNK];
};

bool unzip_open(const struct unzip_source *source, const struct unzip_member *member,
                struct unzip_stream **stream, struct err *err)
{
    uint64_t at;
    if (!find_bytes(source, member, &at, err))
        return false;
    struct unzip_stream *s = mem_alloc(sizeof *s);
    *s = (struct unzip_stream){.source = source,
                               .member = member,
                               .at = at,
                               .left = member->packed_size,
                               .to_come = member->size,
                               .inflates = member->method == UNZIP_DEFLATED};
    if (s->inflates && inflateInit2(&s->z, -MAX_WBITS) != Z_OK) {
        mem_free(s);
        return member_err(member, ERR_SYSTEM, "out of memory for unpacking", err);
    }
    *stream = s;
    return true;
}

static bool stream_fill(struct unzip_stream *s, struct err *err)
{
    size_t len = s->left < STREAM_CHUNK ? (size_t)s->left : STREAM_CHUNK;
    if (!s->source->read(s->source->state, s->at, s->chunk, len, err))
        return false;
    s->at += len;
    s->left -= len;
    s->z.next_in = s->chunk;
    s->z.avail_in = (uInt)len;
    return true;
}

static bool stream_inflate(struct unzip_stream *s, char *to, size_t size, struct err *err)
{
    s->z.next_out = (unsigned char *)to;
    s->z.avail_out = (uInt)size;
    while (s->z.avail_out > 0) {
        if (s->z.avail_in == 0 && s->left > 0 && !stream_fill(s, err))
            return false;
        int result = inflate(&s->z, Z_NO_FLUSH);
        if (s->z.avail_out > 0 && result != Z_OK)
            return member_err(s->member, ERR_FORMAT, "its packed bytes are broken", err);
    }
    return true;
}

bool unzip_next(struct unzip_stream *stream, char *to, size_t size, size_t *got, struct err *err)
{
    struct unzip_stream *s = stream;
    if (size > s->to_come)
        size = (size_t)s->to_come;
    if (s->inflates ? !stream_inflate(s, to, size, err)
                    : !s->source->read(s->source->state, s->at, to, size, err))
        return false;
    if (!s->inflates)
        s->at += size;
    s->to_come -= size;
    *got = size;
    return true;
}

uint32_t unzip_crc(uint32_t crc, struct str bytes)
{
    return libdeflate_crc32(crc, bytes.ptr, bytes.len);
}

void unzip_close(struct unzip_stream **stream)
{
    if (*stream == NULL)
        return;
    if ((*stream)->inflates)
        (void)inflateEnd(&(*stream)->z);
    mem_free(*stream);
    *stream = NULL;
}
