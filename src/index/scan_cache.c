#include "index/scan_cache.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/vec.h"
#include "index/sweep.h"
#include "os/fd.h"
#include "os/file.h"

static const struct str scan_cache_magic = STR_INIT("RFNSCAN");

/* ---- what is kept of a file: one row a field ---- */

enum scan_cache_kind { SCAN_CACHE_TEXT, SCAN_CACHE_LIST, SCAN_CACHE_NUMBER };

struct scan_cache_field {
    enum scan_cache_kind kind;
    size_t at;  /* in struct scan_file */
    size_t len; /* of a list: where its length is; of a number: its bytes */
};

#define TEXT(member)                                                                               \
    {                                                                                              \
        SCAN_CACHE_TEXT, offsetof(struct scan_file, member), 0                                     \
    }
#define LIST(member)                                                                               \
    {                                                                                              \
        SCAN_CACHE_LIST, offsetof(struct scan_file, member),                                       \
            offsetof(struct scan_file, member##_len)                                               \
    }
#define NUMBER(member)                                                                             \
    {                                                                                              \
        SCAN_CACHE_NUMBER, offsetof(struct scan_file, member),                                     \
            sizeof((struct scan_file *)0)->member                                                  \
    }
#define METADATA(member)                                                                           \
    TEXT(member.metadata_version), NUMBER(member.major), NUMBER(member.minor), TEXT(member.name),  \
        TEXT(member.version), TEXT(member.requires_python), TEXT(member.license),                  \
        TEXT(member.license_expression), LIST(member.requires_dist), LIST(member.provides_extra),  \
        LIST(member.dynamic), LIST(member.import_names), LIST(member.import_namespaces),           \
        NUMBER(member.header_len)

static const struct scan_cache_field scan_cache_stamp[] = {
    NUMBER(kind), NUMBER(size), NUMBER(mtime_ns), NUMBER(ctime_ns), NUMBER(device), NUMBER(inode),
};
static const struct scan_cache_field scan_cache_wheel[] = {
    METADATA(wheel.metadata),   TEXT(wheel.info.wheel_version),
    TEXT(wheel.info.generator), NUMBER(wheel.info.root_is_purelib),
    TEXT(wheel.info.build),     LIST(wheel.info.tags),
    TEXT(wheel.dist_info),      NUMBER(wheel.members),
    NUMBER(wheel.total_size),   NUMBER(wheel.tags_agree),
};
static const struct scan_cache_field scan_cache_sdist[] = {
    METADATA(sdist.metadata),   TEXT(sdist.top),
    NUMBER(sdist.has_metadata), NUMBER(sdist.declared),
    TEXT(sdist.pyproject_text), NUMBER(sdist.has_setup_py),
};

struct scan_cache_fields {
    const struct scan_cache_field *at;
    size_t len;
};
#define FIELDS(table) ((struct scan_cache_fields){(table), sizeof(table) / sizeof *(table)})

static struct scan_cache_fields scan_cache_fields_of(enum scan_kind kind)
{
    return kind == SCAN_WHEEL ? FIELDS(scan_cache_wheel) : FIELDS(scan_cache_sdist);
}

/* ---- reading ---- */

struct scan_cache_entry {
    struct str name, rest; /* rest: stamp, digest, fields */
};

struct scan_cache {
    const struct scan_cache_entry *entries; /* ascending names */
    size_t len;
};

/* What is left of the bytes; once too few are left nothing is. */
struct scan_cache_taker {
    struct str rest;
    bool failed;
};

static struct str scan_cache_bytes(struct scan_cache_taker *taker, uint64_t len)
{
    if (taker->failed || len > taker->rest.len) {
        taker->failed = true;
        return STR("");
    }
    struct str bytes = str_slice(taker->rest, 0, (size_t)len);
    taker->rest = str_from_pos(taker->rest, (size_t)len);
    return bytes;
}

static uint64_t scan_cache_integer(struct scan_cache_taker *taker, size_t width)
{
    struct str bytes = scan_cache_bytes(taker, width);
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    return bytes.len == 8 ? read_le64(at) : bytes.len == 4 ? read_le32(at) : 0;
}

static struct str scan_cache_text(struct scan_cache_taker *taker)
{
    return scan_cache_bytes(taker, scan_cache_integer(taker, 4));
}

static void scan_cache_take_list(struct scan_cache_taker *taker, struct arena *arena,
                                 const struct str **list, size_t *len)
{
    uint64_t count = scan_cache_integer(taker, 4);
    if (count > taker->rest.len / 4) { /* each has a length at least */
        taker->failed = true;
        return;
    }
    struct str *texts = count ? ARENA_ARRAY(arena, struct str, (size_t)count) : NULL;
    for (size_t i = 0; i < count; i++)
        texts[i] = scan_cache_text(taker);
    *list = texts;
    *len = (size_t)count;
}

static void scan_cache_take_number(struct scan_cache_taker *taker, void *to, size_t width)
{
    uint64_t value = scan_cache_integer(taker, 8);
    if ((width == 4 && value > UINT32_MAX) || (width == 1 && value > 1)) {
        taker->failed = true;
        return;
    }
    const uint32_t four = (uint32_t)value;
    const bool one = value;
    memcpy(to, width == 8 ? (const void *)&value : width == 4 ? (const void *)&four : &one, width);
}

static void scan_cache_take_fields(struct scan_cache_taker *taker, struct scan_cache_fields fields,
                                   struct arena *arena, struct scan_file *file)
{
    for (size_t i = 0; i < fields.len && !taker->failed; i++) {
        const struct scan_cache_field *field = &fields.at[i];
        char *to = (char *)file + field->at;
        if (field->kind == SCAN_CACHE_TEXT)
            *(struct str *)(void *)to = scan_cache_text(taker);
        else if (field->kind == SCAN_CACHE_NUMBER)
            scan_cache_take_number(taker, to, field->len);
        else
            scan_cache_take_list(taker, arena, (const struct str **)(void *)to,
                                 (size_t *)(void *)((char *)file + field->len));
    }
}

static bool scan_cache_same(const struct scan_file *a, const struct scan_file *b)
{
    return a->kind == b->kind && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->device == b->device && a->inode == b->inode;
}

static const struct scan_cache_entry *scan_cache_find(const struct scan_cache *cache,
                                                      struct str name)
{
    size_t from = 0, to = cache->len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_cmp(name, cache->entries[middle].name);
        if (order == 0)
            return &cache->entries[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

/* What the name says, and what a pyproject.toml says, is read again: neither is worth keeping. */
static bool scan_cache_read_names(struct scan_file *file, struct arena *arena)
{
    struct err ignored = {0};
    if (file->kind == SCAN_WHEEL)
        return filename_parse_wheel(file->filename, arena, &file->wheel.name, &ignored);
    return filename_parse_sdist(file->filename, STR(""), arena, &file->sdist.name, &ignored) &&
           pyproject_parse(file->sdist.pyproject_text, "pyproject.toml", arena,
                           &file->sdist.pyproject, &ignored);
}

bool scan_cache_take(const struct scan_cache *cache, struct scan_file *file, struct arena *arena)
{
    const struct scan_cache_entry *entry = cache ? scan_cache_find(cache, file->filename) : NULL;
    if (!entry)
        return false;
    struct scan_cache_taker taker = {.rest = entry->rest};
    struct scan_file known = {.filename = file->filename, .path = file->path};
    scan_cache_take_fields(&taker, FIELDS(scan_cache_stamp), arena, &known);
    struct str digest = scan_cache_bytes(&taker, DIGEST_SIZE);
    if (taker.failed || !scan_cache_same(&known, file))
        return false;
    scan_cache_take_fields(&taker, scan_cache_fields_of(known.kind), arena, &known);
    if (taker.failed || taker.rest.len || !scan_cache_read_names(&known, arena))
        return false;
    memcpy(known.digest.bytes, digest.ptr, DIGEST_SIZE);
    known.has_digest = true;
    *file = known;
    return true;
}

/* ---- the whole file ---- */

static const uint64_t *scan_cache_limits(const struct scan_options *options, uint64_t limits[6])
{
    const uint64_t values[6] = {options->wheel.members,      options->wheel.total_size,
                                options->wheel.member_ratio, options->wheel.total_ratio,
                                options->sdist.members,      options->sdist.total_size};
    memcpy(limits, values, sizeof values);
    return limits;
}

static void scan_cache_add_integer(struct buf *out, uint64_t value, size_t width)
{
    unsigned char *to = (unsigned char *)buf_space(out, width);
    if (width == 8)
        write_le64(to, value);
    else
        write_le32(to, (uint32_t)value);
    out->len += width;
}

static void scan_cache_add_head(struct buf *out, const struct scan_options *options)
{
    uint64_t limits[6];
    buf_add(out, scan_cache_magic);
    scan_cache_add_integer(out, SCAN_CACHE_VERSION, 4);
    for (size_t i = 0; i < 6; i++)
        scan_cache_add_integer(out, scan_cache_limits(options, limits)[i], 8);
}

const struct scan_cache *scan_cache_read(struct str bytes, const struct scan_options *options,
                                         struct arena *arena)
{
    BUF_AUTO struct buf head = {0};
    scan_cache_add_head(&head, options);
    if (bytes.len < head.len + DIGEST_SIZE || !str_starts(bytes, buf_str(&head)))
        return NULL;
    struct str body = str_slice(bytes, 0, bytes.len - DIGEST_SIZE);
    struct digest digest = digest_of(body);
    if (memcmp(digest.bytes, bytes.ptr + body.len, DIGEST_SIZE) != 0)
        return NULL;
    struct scan_cache_taker taker = {.rest = str_from_pos(body, head.len)};
    VEC(struct scan_cache_entry) entries = {0};
    while (taker.rest.len && !taker.failed) {
        struct scan_cache_taker record = {.rest = scan_cache_text(&taker)};
        struct scan_cache_entry entry = {.name = scan_cache_text(&record), .rest = record.rest};
        if (record.failed ||
            (entries.len && str_cmp(entries.at[entries.len - 1].name, entry.name) >= 0))
            return NULL;
        *vec_push(&entries, arena) = entry;
    }
    if (taker.failed)
        return NULL;
    struct scan_cache *cache = ARENA_NEW(arena, struct scan_cache);
    *cache = (struct scan_cache){entries.at, entries.len};
    return cache;
}

size_t scan_cache_count(const struct scan_cache *cache)
{
    return cache ? cache->len : 0;
}

const struct scan_cache *scan_cache_load(const char *path, const struct scan_options *options,
                                         struct arena *arena)
{
    struct stat info;
    struct str bytes;
    struct err ignored = {0};
    FD_AUTO int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid() ||
        info.st_mode & (S_IWGRP | S_IWOTH))
        return NULL;
    if (!file_read_fd(fd, path, SCAN_CACHE_LIMIT, arena, &bytes, &ignored))
        return NULL;
    return scan_cache_read(bytes, options, arena);
}

/* ---- writing ---- */

static void scan_cache_add_text(struct buf *out, struct str text)
{
    scan_cache_add_integer(out, text.len, 4);
    buf_add(out, text);
}

static void scan_cache_add_number(struct buf *out, const void *from, size_t width)
{
    uint64_t eight = 0;
    uint32_t four = 0;
    bool one = false;
    memcpy(width == 8 ? (void *)&eight : width == 4 ? (void *)&four : &one, from, width);
    scan_cache_add_integer(out, width == 8 ? eight : width == 4 ? four : one, 8);
}

static void scan_cache_add_fields(struct buf *out, struct scan_cache_fields fields,
                                  const struct scan_file *file)
{
    for (size_t i = 0; i < fields.len; i++) {
        const struct scan_cache_field *field = &fields.at[i];
        const char *from = (const char *)file + field->at;
        if (field->kind == SCAN_CACHE_NUMBER) {
            scan_cache_add_number(out, from, field->len);
        } else if (field->kind == SCAN_CACHE_TEXT) {
            scan_cache_add_text(out, *(const struct str *)(const void *)from);
        } else {
            const struct str *list = *(const struct str *const *)(const void *)from;
            size_t len = *(const size_t *)(const void *)((const char *)file + field->len);
            scan_cache_add_integer(out, len, 4);
            for (size_t k = 0; k < len; k++)
                scan_cache_add_text(out, list[k]);
        }
    }
}

bool scan_cache_keeps(const struct scan_file *file, int64_t began_ns)
{
    int64_t changed = file->mtime_ns > file->ctime_ns ? file->mtime_ns : file->ctime_ns;
    bool told = file->kind == SCAN_WHEEL || file->kind == SCAN_SDIST;
    return told && file->has_digest && changed < began_ns - SCAN_CACHE_TICK_NS;
}

static void scan_cache_add_file(struct buf *out, const struct scan_file *file)
{
    size_t at = out->len;
    scan_cache_add_integer(out, 0, 4);
    scan_cache_add_text(out, file->filename);
    scan_cache_add_fields(out, FIELDS(scan_cache_stamp), file);
    buf_add(out, str_of(file->digest.bytes, DIGEST_SIZE));
    scan_cache_add_fields(out, scan_cache_fields_of(file->kind), file);
    write_le32((unsigned char *)out->ptr + at, (uint32_t)(out->len - at - 4));
}

static bool scan_cache_put(const char *path, struct str bytes, struct arena *arena, struct err *err)
{
    struct str whole = str_from(path);
    struct str dir = str_slice(whole, 0, str_rfind_char(whole, '/'));
    char *beside = (char *)(uintptr_t)arena_printf(arena, STR_FMT "/new-XXXXXX", STR_ARG(dir)).ptr;
    FD_AUTO int fd = -1;
    if (!file_mkdirs(AT_FDCWD, arena_cstr(arena, dir), 0755, err) ||
        !sweep_new_file(beside, &fd, err))
        return false;
    if (file_write_all(fd, path, bytes, err) &&
        (rename(beside, path) == 0 || err_errno(err, "renaming %s", path)))
        return true;
    unlink(beside);
    return false;
}

void scan_cache_write(const struct scan_options *options, const struct scan_file *files, size_t len,
                      int64_t began_ns, struct buf *out)
{
    scan_cache_add_head(out, options);
    for (size_t i = 0; i < len && out->len <= SCAN_CACHE_LIMIT; i++)
        if (scan_cache_keeps(&files[i], began_ns))
            scan_cache_add_file(out, &files[i]);
    struct digest digest = digest_of(buf_str(out));
    buf_add(out, str_of(digest.bytes, DIGEST_SIZE));
}

bool scan_cache_save(const char *path, const struct scan_options *options,
                     const struct scan_file *files, size_t len, int64_t began_ns, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    BUF_AUTO struct buf out = {0};
    scan_cache_write(options, files, len, began_ns, &out);
    return out.len > SCAN_CACHE_LIMIT || scan_cache_put(path, buf_str(&out), &scratch, err);
}
