#include "os/unzip.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "os/file.h"

enum {
    END_SIZE = 22, /* end of central directory record (APPNOTE 4.3.16) */
    COMMENT_MAX = 65535,
    TAIL_FIRST = 4096,  /* where the end record nearly always is, and often the whole directory */
    LOCATOR_SIZE = 20,  /* 4.3.15 */
    END64_SIZE = 56,    /* 4.3.14, without the extensible part */
    ENTRY_SIZE = 46,    /* 4.3.12, without name, extra field and comment */
    LOCAL_SIZE = 30,    /* 4.3.7 */
    EXTRA64 = 0x0001,   /* 4.5.3 */
    MADE_ON_UNIX = 3,   /* 4.4.2 */
    FLAG_ENCRYPTED = 1, /* 4.4.4 */
    DIRECTORY_MAX = 256 << 20,
};

#define END_MAGIC 0x06054b50u
#define LOCATOR_MAGIC 0x07064b50u
#define END64_MAGIC 0x06064b50u
#define ENTRY_MAGIC 0x02014b50u

bool unzip_pread(void *fd, uint64_t at, void *to, size_t len, struct err *err)
{
    size_t have;
    return file_read_at(*(const int *)fd, "it", (int64_t)at, to, len, &have, err) &&
           (have == len || err_set(err, ERR_FORMAT, "ends early; get the file again"));
}

static bool broken(struct err *err, const char *why)
{
    return err_set(err, ERR_FORMAT, "not a whole zip archive (%s); get the file again", why);
}

/* The last bytes of the archive, and what the records at its end say. */
struct tail {
    uint64_t at; /* of bytes */
    const unsigned char *bytes;
    size_t len;
    size_t end; /* of the end record, in bytes */
    uint64_t count, directory_at, directory_size;
};

static bool read_tail(const struct unzip_source *source, uint64_t len, struct arena *arena,
                      struct tail *tail, struct err *err)
{
    unsigned char *bytes = arena_alloc(arena, (size_t)len);
    tail->at = source->size - len;
    tail->bytes = bytes;
    tail->len = (size_t)len;
    return source->read(source->state, tail->at, bytes, tail->len, err);
}

/* The one whose comment reaches to the very end: anything else may hide a second directory. */
static bool find_end(struct tail *tail)
{
    for (size_t at = tail->len < END_SIZE ? 0 : tail->len - END_SIZE + 1; at-- > 0;)
        if (read_le32(tail->bytes + at) == END_MAGIC &&
            read_le16(tail->bytes + at + 20) == tail->len - at - END_SIZE) {
            tail->end = at;
            return true;
        }
    return false;
}

/* The 64-bit record's locator is right before the end record. */
static bool has_locator(const struct tail *tail)
{
    return tail->end >= LOCATOR_SIZE &&
           read_le32(tail->bytes + tail->end - LOCATOR_SIZE) == LOCATOR_MAGIC;
}

/* Beside a 64-bit record the numbers of disks may be all ones too. */
static bool is_one_disk(const struct tail *tail)
{
    const unsigned char *end = tail->bytes + tail->end;
    uint16_t here = read_le16(end + 4), first = read_le16(end + 6);
    bool wide = has_locator(tail);
    return (here == 0 || (wide && here == UINT16_MAX)) &&
           (first == 0 || (wide && first == UINT16_MAX)) &&
           read_le16(end + 8) == read_le16(end + 10);
}

/* The 64-bit record is right before its locator. */
static bool read_end64(const struct unzip_source *source, struct tail *tail, struct err *err)
{
    unsigned char record[END64_SIZE];
    const unsigned char *locator = tail->bytes + tail->end - LOCATOR_SIZE;
    uint64_t at = read_le64(locator + 8), locator_at = tail->at + tail->end - LOCATOR_SIZE;
    if (at > locator_at || locator_at - at < END64_SIZE)
        return broken(err, "a 64-bit record is elsewhere than it says");
    if (!source->read(source->state, at, record, sizeof record, err))
        return false;
    if (read_le32(record) != END64_MAGIC || read_le64(record + 4) != locator_at - at - 12 ||
        read_le32(record + 16) != 0 || read_le32(record + 20) != 0 ||
        read_le64(record + 24) != read_le64(record + 32))
        return broken(err, "a 64-bit record is damaged");
    tail->count = read_le64(record + 32);
    tail->directory_size = read_le64(record + 40);
    tail->directory_at = read_le64(record + 48);
    return tail->directory_at <= at && at - tail->directory_at == tail->directory_size
               ? true
               : broken(err, "its directory is elsewhere than it says");
}

/* What the end record says itself, besides its 64-bit record, must be the same. */
static bool agrees(const unsigned char *end, const struct tail *tail)
{
    uint16_t count = read_le16(end + 10);
    uint32_t size = read_le32(end + 12), at = read_le32(end + 16);
    return (count == UINT16_MAX || count == tail->count) &&
           (size == UINT32_MAX || size == tail->directory_size) &&
           (at == UINT32_MAX || at == tail->directory_at);
}

static bool read_end(const struct unzip_source *source, struct tail *tail, struct err *err)
{
    const unsigned char *end = tail->bytes + tail->end;
    uint64_t end_at = tail->at + tail->end;
    if (!is_one_disk(tail))
        return broken(err, "a part of a split archive");
    if (has_locator(tail))
        return read_end64(source, tail, err) &&
               (agrees(end, tail) || broken(err, "its two end records differ"));
    tail->count = read_le16(end + 10);
    tail->directory_size = read_le32(end + 12);
    tail->directory_at = read_le32(end + 16);
    return tail->directory_at <= end_at && end_at - tail->directory_at == tail->directory_size
               ? true
               : broken(err, "its directory is elsewhere than it says");
}

static bool open_tail(const struct unzip_source *source, struct arena *arena, struct tail *tail,
                      struct err *err)
{
    uint64_t most = LOCATOR_SIZE + END_SIZE + COMMENT_MAX;
    if (most > source->size)
        most = source->size;
    if (source->size < END_SIZE)
        return broken(err, source->size == 0 ? "the file is empty" : "it is too short");
    if (!read_tail(source, most < TAIL_FIRST ? most : TAIL_FIRST, arena, tail, err))
        return false;
    bool found = find_end(tail);
    if ((!found || tail->end < LOCATOR_SIZE) && most > tail->len) {
        if (!read_tail(source, most, arena, tail, err))
            return false;
        found = find_end(tail);
    }
    return found ? read_end(source, tail, err) : broken(err, "no end record");
}

/* A reader of the directory's bytes that stops at their end. */
struct cursor {
    const unsigned char *at;
    size_t left;
};

static const unsigned char *take(struct cursor *cursor, size_t len)
{
    const unsigned char *taken = cursor->at;
    if (len > cursor->left)
        return NULL;
    cursor->at += len;
    cursor->left -= len;
    return taken;
}

/* Each 32-bit field that is all ones stands in the extra field, in this order. */
static bool widen(struct cursor extra, struct unzip_member *m)
{
    uint64_t *const fields[] = {&m->size, &m->packed_size, &m->header_at};
    struct cursor found = {0};
    const unsigned char *head;
    while (found.at == NULL && (head = take(&extra, 4)) != NULL) {
        size_t len = read_le16(head + 2);
        const unsigned char *body = take(&extra, len);
        if (body != NULL && read_le16(head) == EXTRA64)
            found = (struct cursor){body, len};
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const unsigned char *wide;
        if (*fields[i] != UINT32_MAX)
            continue;
        if ((wide = take(&found, 8)) == NULL)
            return false;
        *fields[i] = read_le64(wide);
    }
    return true;
}

static bool read_entry(struct cursor *directory, struct arena *arena, struct unzip_member *m,
                       struct err *err)
{
    const unsigned char *entry = take(directory, ENTRY_SIZE);
    if (entry == NULL || read_le32(entry) != ENTRY_MAGIC)
        return broken(err, "its directory is damaged");
    size_t name_len = read_le16(entry + 28), extra_len = read_le16(entry + 30);
    const unsigned char *name = take(directory, name_len), *extra = take(directory, extra_len),
                        *comment = take(directory, read_le16(entry + 32));
    if (name == NULL || extra == NULL || comment == NULL || name_len == 0 ||
        memchr(name, 0, name_len) != NULL)
        return broken(err, "its directory is damaged");
    *m = (struct unzip_member){.name = arena_str(arena, str_of((const char *)name, name_len)),
                               .method = read_le16(entry + 10),
                               .crc = read_le32(entry + 16),
                               .packed_size = read_le32(entry + 20),
                               .size = read_le32(entry + 24),
                               .header_at = read_le32(entry + 42)};
    if (entry[5] == MADE_ON_UNIX)
        m->mode = (uint16_t)(read_le32(entry + 38) >> 16 & 07777);
    if (!widen((struct cursor){extra, extra_len}, m))
        return broken(err, "its directory is damaged");
    if (read_le16(entry + 8) & FLAG_ENCRYPTED)
        return err_set(err, ERR_FORMAT, "the member \"%.200s\" is encrypted", m->name.ptr);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct unzip_member *x = *(const struct unzip_member *const *)a,
                              *y = *(const struct unzip_member *const *)b;
    return (x->header_at > y->header_at) - (x->header_at < y->header_at);
}

/* Each ends before the next begins, the last before the directory. */
static bool are_apart(const struct unzip_list *list, uint64_t directory_at)
{
    ARENA_AUTO struct arena scratch = {0};
    const struct unzip_member **sorted =
        ARENA_ARRAY(&scratch, const struct unzip_member *, list->len);
    bool in_order = true; /* as nearly all are */
    for (size_t i = 0; i < list->len; i++) {
        sorted[i] = &list->at[i];
        in_order = in_order && (i == 0 || by_place(&sorted[i - 1], &sorted[i]) <= 0);
    }
    if (!in_order)
        qsort(sorted, list->len, sizeof *sorted, by_place);
    for (size_t i = 0; i < list->len; i++) {
        uint64_t end = i + 1 < list->len ? sorted[i + 1]->header_at : directory_at;
        uint64_t header = LOCAL_SIZE + sorted[i]->name.len;
        if (sorted[i]->header_at > end || end - sorted[i]->header_at < header ||
            end - sorted[i]->header_at - header < sorted[i]->packed_size)
            return false;
    }
    return true;
}

static bool read_entries(struct cursor directory, uint64_t count, uint64_t directory_at,
                         struct arena *arena, struct unzip_list *list, struct err *err)
{
    struct unzip_member *members = ARENA_ARRAY(arena, struct unzip_member, (size_t)count);
    for (size_t i = 0; i < count; i++)
        if (!read_entry(&directory, arena, &members[i], err))
            return false;
    *list = (struct unzip_list){members, (size_t)count};
    if (!are_apart(list, directory_at))
        return err_set(err, ERR_LIMIT, "its members overlap (a zip bomb?)");
    return directory.left == 0 ? true : broken(err, "more in its directory than it says");
}

bool unzip_list(const struct unzip_source *source, uint64_t most, struct arena *arena,
                struct unzip_list *list, struct err *err)
{
    struct arena ARENA_AUTO scratch = {0};
    struct tail tail = {0};
    if (!open_tail(source, &scratch, &tail, err))
        return false;
    if (tail.count > most)
        return err_set(err, ERR_LIMIT, "has %llu members, more than the %llu allowed",
                       (unsigned long long)tail.count, (unsigned long long)most);
    if (tail.directory_size > DIRECTORY_MAX || tail.directory_size / ENTRY_SIZE < tail.count)
        return broken(err, "its directory is damaged");
    size_t size = (size_t)tail.directory_size;
    const unsigned char *bytes;
    if (tail.directory_at >= tail.at) {
        bytes = tail.bytes + (tail.directory_at - tail.at);
    } else {
        unsigned char *read = arena_alloc(&scratch, size);
        if (!source->read(source->state, tail.directory_at, read, size, err))
            return false;
        bytes = read;
    }
    return read_entries((struct cursor){bytes, size}, tail.count, tail.directory_at, arena, list,
                        err);
}
