/*
 * Zip archives (PKWARE's APPNOTE 6.3, with its 64-bit records), read only and
 * by what wheels need: members stored or deflated. The bytes come through a
 * callback, so that an archive on a server is read by ranges.
 *
 * Everything is hostile: where two readers could see two different archives
 * (bytes before or behind it, members that overlap, a local header with another
 * name), there is an error and no choice. Nothing here knows paths: what a name may be
 * is the caller's matter. Any number of threads may read members at once, if
 * the callback allows it.
 */
#ifndef REFINERY_OS_UNZIP_H
#define REFINERY_OS_UNZIP_H

#include "base/arena.h"

/* Fills `to` with bytes [at, at + len) of the archive, all of them or an error. */
struct unzip_source {
    bool (*read)(void *state, uint64_t at, void *to, size_t len, struct err *err);
    void *state;
    uint64_t size;
};

/* For a source whose state is an int, a file descriptor. */
CHECKED bool unzip_pread(void *fd, uint64_t at, void *to, size_t len, struct err *err);

enum unzip_method { UNZIP_STORED = 0, UNZIP_DEFLATED = 8 };

struct unzip_member {
    struct str name; /* as written, NUL-terminated, not empty */
    uint64_t size, packed_size;
    uint64_t header_at; /* of its local header */
    uint32_t crc;
    uint16_t method; /* APPNOTE 4.4.5; others than unzip_method cannot be read */
    uint16_t mode;   /* Unix permission bits; 0 where the archive does not say */
};

struct unzip_list {
    const struct unzip_member *at; /* in the order of the central directory */
    size_t len;
};

/* More than `most` members are ERR_LIMIT. Names and the list live in the arena. */
CHECKED bool unzip_list(const struct unzip_source *source, uint64_t most, struct arena *arena,
                        struct unzip_list *list, struct err *err);

/* All of a member into `to` (member->size bytes), its checksum compared. */
CHECKED bool unzip_read(const struct unzip_source *source, const struct unzip_member *member,
                        char *to, struct err *err);

/* A member piece by piece, without its checksum. */
struct unzip_stream;
CHECKED bool unzip_open(const struct unzip_source *source, const struct unzip_member *member,
                        struct unzip_stream **stream, struct err *err);
/* As many bytes as fit, fewer (in the end 0) when the member ends. */
CHECKED bool unzip_next(struct unzip_stream *stream, char *to, size_t size, size_t *got,
                        struct err *err);
void unzip_close(struct unzip_stream **stream);
/* The checksum of bytes behind those of `crc` (0: none): what a member's must be at its end. */
uint32_t unzip_crc(uint32_t crc, struct str bytes);

#endif
