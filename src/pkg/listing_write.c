#include <stdlib.h>

#include "base/endian.h"
#include "base/map.h"
#include "base/url.h"
#include "pkg/listing_form.h"

struct writer {
    struct arena arena;
    struct map sets, pythons; /* text -> number + 1 */
    struct buf set_rows, python_rows, release_rows, file_rows, texts, records;
};

static void put_number(struct buf *out, uint64_t value, size_t width)
{
    unsigned char bytes[8];
    write_le64(bytes, value);
    buf_add(out, str_of(bytes, width));
}

static void put_text(struct buf *out, struct str text)
{
    put_number(out, text.len, 4);
    buf_add(out, text);
}

/* A text of the head: its row holds the place among the texts, to which their begin is added. */
static void put_row(struct writer *writer, struct buf *rows, struct str text)
{
    put_number(rows, writer->texts.len, 4);
    put_number(rows, text.len, 4);
    buf_add(&writer->texts, text);
}

/* The number of a text; true when it is a new one. */
static bool is_new(struct writer *writer, struct map *map, struct str text, uint32_t *number)
{
    void **place = map_at(map, &writer->arena, text);
    bool new = !*place;
    if (new)
        *place = (void *)(uintptr_t)map->len;
    *number = (uint32_t)(uintptr_t)*place - 1;
    return new;
}

/* The set as it stands in the file's name, from the first tag to the last. */
static uint32_t set_number(struct writer *writer, const struct tag *set)
{
    struct str text =
        str_of(set->python.ptr, (size_t)(set->platform.ptr - set->python.ptr) + set->platform.len);
    uint32_t number;
    if (is_new(writer, &writer->sets, text, &number)) {
        put_number(&writer->set_rows, writer->texts.len, 4);
        put_number(&writer->set_rows, set->python.len, 2);
        put_number(&writer->set_rows, set->abi.len, 2);
        put_number(&writer->set_rows, set->platform.len, 2);
        put_number(&writer->set_rows, 0, 2);
        buf_add(&writer->texts, text);
    }
    return number;
}

static uint32_t python_number(struct writer *writer, struct str text)
{
    uint32_t number;
    if (is_new(writer, &writer->pythons, text, &number))
        put_row(writer, &writer->python_rows, text);
    return number;
}

static void put_hashes(struct buf *out, const struct simple_hash *hashes, size_t len)
{
    put_number(out, len, 4);
    for (size_t i = 0; i < len; i++) {
        put_text(out, hashes[i].algorithm);
        put_text(out, hashes[i].hex);
    }
}

static void put_file(struct writer *writer, struct str origin, const struct simple_file *file)
{
    struct buf *out = &writer->records;
    struct str link = file->url;
    uint64_t flags = file->has_metadata ? LISTING_HAS_METADATA : 0;
    if (origin.len && str_starts(link, origin) &&
        str_starts(str_from_pos(link, origin.len), STR("/"))) {
        flags |= LISTING_SAME_ORIGIN;
        link = str_from_pos(link, origin.len);
    }
    if (str_ends(link, file->filename)) {
        flags |= LISTING_ENDS_IN_NAME;
        link.len -= file->filename.len;
    }
    put_number(out, flags, 4);
    put_text(out, file->filename);
    put_text(out, link);
    put_number(out, (uint64_t)file->size, 8);
    put_text(out, file->yanked_reason);
    put_hashes(out, file->hashes, file->hashes_len);
    put_hashes(out, file->metadata_hashes, file->metadata_hashes_len);
}

static void put_release(struct writer *writer, struct str origin,
                        const struct listing_entry *entries, size_t len)
{
    put_row(writer, &writer->release_rows, entries->version.text);
    put_number(&writer->release_rows, writer->file_rows.len / LISTING_FILE_ROW, 4);
    put_number(&writer->release_rows, writer->records.len, 4);
    size_t at = writer->records.len;
    put_number(&writer->records, 0, 4);
    for (size_t i = 0; i < len; i++) {
        const struct simple_file *file = entries[i].file;
        uint32_t python = python_number(writer, file->requires_python);
        put_number(&writer->file_rows, (uint64_t)file->upload_time_ms, 8);
        put_number(&writer->file_rows,
                   entries[i].is_wheel ? set_number(writer, &entries[i].set) : LISTING_SDIST, 4);
        put_number(&writer->file_rows, python | (file->yanked ? LISTING_YANKED : 0), 4);
        put_file(writer, origin, file);
    }
    write_le32((unsigned char *)writer->records.ptr + at,
               listing_sum(str_from_pos(buf_str(&writer->records), at + 4)));
}

/* Adds where the texts or records begin to the places in rows, which so far count from there. */
static void move_places(struct buf *rows, size_t row, size_t column, size_t begin)
{
    for (size_t at = column; at < rows->len; at += row) {
        unsigned char *place = (unsigned char *)rows->ptr + at;
        write_le32(place, (uint32_t)(read_le32(place) + begin));
    }
}

static void put_header(struct buf *out, const struct listing_page *page,
                       const struct writer *writer, size_t texts, size_t head, size_t reason)
{
    const struct {
        uint64_t value;
        size_t width;
    } fields[] = {
        {0, 4},
        {head, 4},
        {head + writer->records.len, 4},
        {writer->sets.len, 4},
        {writer->pythons.len, 4},
        {writer->release_rows.len / LISTING_RELEASE_ROW, 4},
        {writer->file_rows.len / LISTING_FILE_ROW, 4},
        {texts, 4},
        {page->stamp.len, 8},
        {page->stamp.crc, 4},
        {page->skipped, 4},
        {page->status, 4},
        {texts + reason, 4},
        {page->status_reason.len, 4},
    };
    buf_add(out, STR(LISTING_MAGIC));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        put_number(out, fields[i].value, fields[i].width);
}

static bool put_all(struct writer *writer, const struct listing_page *page, struct buf *out)
{
    struct buf *const rows[] = {&writer->set_rows, &writer->python_rows, &writer->release_rows,
                                &writer->file_rows};
    size_t texts = LISTING_HEADER, reason = writer->texts.len;
    buf_add(&writer->texts, page->status_reason);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        texts += rows[i]->len;
    size_t head = texts + writer->texts.len;
    if (head + writer->records.len > LISTING_LIMIT)
        return false;
    move_places(&writer->set_rows, LISTING_SET_ROW, 0, texts);
    move_places(&writer->python_rows, LISTING_PYTHON_ROW, 0, texts);
    move_places(&writer->release_rows, LISTING_RELEASE_ROW, 0, texts);
    move_places(&writer->release_rows, LISTING_RELEASE_ROW, 12, head);
    size_t at = out->len;
    put_header(out, page, writer, texts, head, reason);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        buf_add(out, buf_str(rows[i]));
    buf_add(out, buf_str(&writer->texts));
    struct str summed = str_slice(buf_str(out), at + LISTING_AT_HEAD, at + head);
    write_le32((unsigned char *)out->ptr + at + LISTING_AT_SUM, listing_sum(summed));
    buf_add(out, buf_str(&writer->records));
    return true;
}

static int entry_cmp(const void *a, const void *b)
{
    const struct listing_entry *x = a, *y = b;
    int order = version_cmp(&y->version, &x->version);
    if (!order)
        order = y->is_wheel - x->is_wheel;
    return order ? order : str_cmp(x->file->filename, y->file->filename);
}

static void writer_free(struct writer *writer)
{
    struct buf *const bufs[] = {&writer->set_rows,  &writer->python_rows, &writer->release_rows,
                                &writer->file_rows, &writer->texts,       &writer->records};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        buf_free(bufs[i]);
    arena_free(&writer->arena);
}

bool listing_write(const struct listing_page *page, struct listing_entry *entries, size_t len,
                   struct buf *out)
{
    struct writer writer = {0};
    struct str origin = listing_origin(page->url);
    if (len)
        qsort(entries, len, sizeof *entries, entry_cmp);
    for (size_t from = 0, to; from < len; from = to) {
        for (to = from + 1;
             to < len && version_cmp(&entries[from].version, &entries[to].version) == 0;)
            to++;
        put_release(&writer, origin, &entries[from], to - from);
    }
    bool fits = put_all(&writer, page, out);
    writer_free(&writer);
    return fits;
}
