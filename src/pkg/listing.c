#include "pkg/listing.h"

#include <string.h>

#include "base/endian.h"
#include "base/url.h"
#include "pkg/listing_form.h"

/*
 * Eight bytes a step. Each step is one to one in what it has and in what comes, so that a change
 * within one word is always seen.
 */
uint32_t listing_sum(struct str bytes)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    uint64_t sum = bytes.len * odd;
    size_t len = bytes.len;
    for (; len >= 8; at += 8, len -= 8) {
        sum = (sum ^ read_le64(at)) * odd;
        sum ^= sum >> 32;
    }
    unsigned char rest[8] = {0};
    if (len)
        memcpy(rest, at, len);
    sum = (sum ^ read_le64(rest)) * odd;
    return (uint32_t)(sum ^ sum >> 32);
}

static const unsigned char *byte_at(const struct listing *listing, size_t at)
{
    return (const unsigned char *)listing->bytes.ptr + at;
}

static uint32_t number_at(const struct listing *listing, size_t at)
{
    return read_le32(byte_at(listing, at));
}

/* ---- where the rows are ---- */

static size_t set_at(const struct listing *listing, uint32_t set)
{
    (void)listing;
    return LISTING_HEADER + (size_t)set * LISTING_SET_ROW;
}

static size_t python_at(const struct listing *listing, uint32_t python)
{
    return set_at(listing, listing->sets) + (size_t)python * LISTING_PYTHON_ROW;
}

static size_t release_at(const struct listing *listing, uint32_t release)
{
    return python_at(listing, listing->pythons) + (size_t)release * LISTING_RELEASE_ROW;
}

static size_t file_at(const struct listing *listing, uint32_t file)
{
    return release_at(listing, listing->releases) + (size_t)file * LISTING_FILE_ROW;
}

static struct str text_at(const struct listing *listing, size_t row)
{
    return str_of(byte_at(listing, number_at(listing, row)), number_at(listing, row + 4));
}

/* ---- whether all of them point into the head ---- */

static bool text_fits(const struct listing *listing, uint32_t at, uint64_t len)
{
    return at >= listing->texts && at <= listing->head && len <= listing->head - at;
}

static bool row_fits(const struct listing *listing, size_t row)
{
    return text_fits(listing, number_at(listing, row), number_at(listing, row + 4));
}

static bool sets_fit(const struct listing *listing)
{
    for (uint32_t i = 0; i < listing->sets; i++) {
        size_t row = set_at(listing, i);
        const unsigned char *lens = byte_at(listing, row + 4);
        if (!text_fits(listing, number_at(listing, row),
                       (uint64_t)read_le16(lens) + read_le16(lens + 2) + read_le16(lens + 4) + 2))
            return false;
    }
    for (uint32_t i = 0; i < listing->pythons; i++)
        if (!row_fits(listing, python_at(listing, i)))
            return false;
    return true;
}

/* Each release has files and a record, and follows on the one before it. */
static bool releases_fit(const struct listing *listing)
{
    uint32_t files = 0, records = listing->head;
    for (uint32_t i = 0; i < listing->releases; i++) {
        size_t row = release_at(listing, i);
        uint32_t file = number_at(listing, row + 8), record = number_at(listing, row + 12);
        if (!row_fits(listing, row) || (i ? file <= files : file != 0) ||
            (i ? record <= records : record != listing->head) || file >= listing->files ||
            record >= listing->bytes.len)
            return false;
        files = file;
        records = record;
    }
    return listing->releases || !listing->files;
}

static bool files_fit(const struct listing *listing)
{
    for (uint32_t i = 0; i < listing->files; i++) {
        struct listing_file file = listing_file(listing, i);
        if ((file.set != LISTING_SDIST && file.set >= listing->sets) ||
            file.python >= listing->pythons)
            return false;
    }
    return true;
}

static bool read_header(struct str bytes, struct listing *made)
{
    static const struct str magic = STR_INIT(LISTING_MAGIC);
    *made = (struct listing){.bytes = bytes};
    if (bytes.len < LISTING_HEADER || bytes.len > LISTING_LIMIT || !str_starts(bytes, magic))
        return false;
    made->head = number_at(made, LISTING_AT_HEAD);
    made->sets = number_at(made, LISTING_AT_SETS);
    made->pythons = number_at(made, LISTING_AT_PYTHONS);
    made->releases = number_at(made, LISTING_AT_RELEASES);
    made->files = number_at(made, LISTING_AT_FILES);
    made->texts = number_at(made, LISTING_AT_TEXTS);
    made->skipped = number_at(made, LISTING_AT_SKIPPED);
    made->status = (enum simple_status)number_at(made, LISTING_AT_STATUS);
    return number_at(made, LISTING_AT_TOTAL) == bytes.len && made->head >= LISTING_HEADER &&
           made->head <= bytes.len && made->sets <= LISTING_LIMIT &&
           made->pythons <= LISTING_LIMIT && made->releases <= LISTING_LIMIT &&
           made->files <= LISTING_LIMIT && made->texts <= made->head &&
           file_at(made, made->files) == made->texts && made->status <= SIMPLE_DEPRECATED &&
           number_at(made, LISTING_AT_SUM) ==
               listing_sum(str_slice(bytes, LISTING_AT_SUM + 4, made->head));
}

bool listing_read(struct str bytes, const struct listing_stamp *stamp, struct listing *listing)
{
    struct listing made;
    if (!read_header(bytes, &made) ||
        (stamp && (read_le64(byte_at(&made, LISTING_AT_STAMP)) != stamp->len ||
                   number_at(&made, LISTING_AT_STAMP + 8) != stamp->crc)) ||
        !row_fits(&made, LISTING_AT_REASON) || !sets_fit(&made) || !releases_fit(&made) ||
        !files_fit(&made))
        return false;
    made.status_reason = text_at(&made, LISTING_AT_REASON);
    *listing = made;
    return true;
}

struct str listing_version(const struct listing *listing, uint32_t release)
{
    return text_at(listing, release_at(listing, release));
}

static uint32_t first_file(const struct listing *listing, uint32_t release)
{
    return release < listing->releases ? number_at(listing, release_at(listing, release) + 8)
                                       : listing->files;
}

void listing_release(const struct listing *listing, uint32_t release, uint32_t *from, uint32_t *to)
{
    *from = first_file(listing, release);
    *to = first_file(listing, release + 1);
}

struct listing_file listing_file(const struct listing *listing, uint32_t file)
{
    const unsigned char *row = byte_at(listing, file_at(listing, file));
    uint32_t python = read_le32(row + 12);
    return (struct listing_file){.uploaded_ms = (int64_t)read_le64(row),
                                 .set = read_le32(row + 8),
                                 .python = python & ~LISTING_YANKED,
                                 .yanked = python & LISTING_YANKED};
}

struct tag listing_set(const struct listing *listing, uint32_t set)
{
    size_t row = set_at(listing, set);
    const unsigned char *lens = byte_at(listing, row + 4);
    const char *text = listing->bytes.ptr + number_at(listing, row);
    struct tag tag = {.python = str_of(text, read_le16(lens))};
    tag.abi = str_of(text + tag.python.len + 1, read_le16(lens + 2));
    tag.platform = str_of(tag.abi.ptr + tag.abi.len + 1, read_le16(lens + 4));
    return tag;
}

struct str listing_python(const struct listing *listing, uint32_t python)
{
    return text_at(listing, python_at(listing, python));
}

/* ---- the record of a release ---- */

/* What is left of a record; once too little is left nothing is. */
struct taker {
    struct str rest;
    bool failed;
};

static struct str take_bytes(struct taker *taker, size_t len)
{
    if (taker->failed || len > taker->rest.len) {
        taker->failed = true;
        return STR("");
    }
    struct str bytes = str_slice(taker->rest, 0, len);
    taker->rest = str_from_pos(taker->rest, len);
    return bytes;
}

static uint64_t take_number(struct taker *taker, size_t width)
{
    struct str bytes = take_bytes(taker, width);
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    return bytes.len == 8 ? read_le64(at) : bytes.len == 4 ? read_le32(at) : 0;
}

static struct str take_text(struct taker *taker)
{
    return take_bytes(taker, (size_t)take_number(taker, 4));
}

static void take_hashes(struct taker *taker, struct arena *arena, const struct simple_hash **hashes,
                        size_t *len)
{
    uint64_t count = take_number(taker, 4);
    if (count > taker->rest.len / 8) { /* each has two lengths at least */
        taker->failed = true;
        return;
    }
    struct simple_hash *made = count ? ARENA_ARRAY(arena, struct simple_hash, (size_t)count) : NULL;
    for (size_t i = 0; i < count; i++) {
        made[i].algorithm = take_text(taker);
        made[i].hex = take_text(taker);
    }
    *hashes = made;
    *len = (size_t)count;
}

static void take_file(struct taker *taker, struct str origin, struct arena *arena,
                      struct simple_file *file)
{
    uint64_t flags = take_number(taker, 4);
    file->filename = take_text(taker);
    struct str link = take_text(taker);
    file->size = (int64_t)take_number(taker, 8);
    file->yanked_reason = take_text(taker);
    file->has_metadata = flags & LISTING_HAS_METADATA;
    take_hashes(taker, arena, &file->hashes, &file->hashes_len);
    take_hashes(taker, arena, &file->metadata_hashes, &file->metadata_hashes_len);
    file->url = arena_printf(arena, STR_FMT STR_FMT STR_FMT,
                             STR_ARG(flags & LISTING_SAME_ORIGIN ? origin : STR("")), STR_ARG(link),
                             STR_ARG(flags & LISTING_ENDS_IN_NAME ? file->filename : STR("")));
}

struct str listing_origin(struct str url)
{
    return str_slice(url, 0, (size_t)(url_split(url).path.ptr - url.ptr));
}

bool listing_files(const struct listing *listing, uint32_t release, struct str url,
                   struct arena *arena, const struct simple_file **files, size_t *len)
{
    uint32_t from, to;
    size_t at = number_at(listing, release_at(listing, release) + 12);
    size_t end = release + 1 < listing->releases
                     ? number_at(listing, release_at(listing, release + 1) + 12)
                     : listing->bytes.len;
    /* A copy: what was mapped to read it can be given back. */
    struct taker taker = {.rest = arena_str(arena, str_slice(listing->bytes, at, end))};
    uint32_t sum = (uint32_t)take_number(&taker, 4);
    if (taker.failed || sum != listing_sum(taker.rest))
        return false;
    listing_release(listing, release, &from, &to);
    struct simple_file *made = ARENA_ARRAY(arena, struct simple_file, to - from);
    struct str origin = listing_origin(url);
    for (uint32_t i = from; i < to; i++) {
        struct listing_file row = listing_file(listing, i);
        take_file(&taker, origin, arena, &made[i - from]);
        made[i - from].requires_python = listing_python(listing, row.python);
        made[i - from].yanked = row.yanked;
        made[i - from].upload_time_ms = row.uploaded_ms;
    }
    if (taker.failed || taker.rest.len)
        return false;
    *files = made;
    *len = to - from;
    return true;
}
