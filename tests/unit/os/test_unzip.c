#include "os/unzip.h"

#include <libdeflate.h>
#include <string.h>

#include "base/buf.h"
#include "base/endian.h"
#include "unit.h"

/* An archive as it is made here, field by field, so that each can lie. */
struct made {
    struct buf bytes, directory;
    size_t count;
};

struct member {
    const char *name, *local_name; /* local_name NULL: the same */
    struct str bytes;
    bool deflated, wide, encrypted, locked; /* locked: encrypted, says the local header alone */
    unsigned method;                        /* 0: by `deflated` */
    uint32_t more;                          /* added to the directory's packed size */
    uint32_t crc_off, local_off;            /* of both, and of the local header's fields alone */
    bool shared;                            /* the directory leads to the first member's header */
};

static void put(struct buf *buf, int bytes, uint64_t value)
{
    for (int i = 0; i < bytes; i++)
        buf_add_char(buf, (char)(value >> (8 * i)));
}

static void add(struct made *made, const struct member *m)
{
    char packed[4096];
    size_t packed_len = m->bytes.len;
    memcpy(packed, m->bytes.ptr, packed_len);
    if (m->deflated) {
        struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
        packed_len =
            libdeflate_deflate_compress(c, m->bytes.ptr, m->bytes.len, packed, sizeof packed);
        libdeflate_free_compressor(c);
    }
    unsigned method = m->method ? m->method : m->deflated ? 8 : 0;
    const char *local = m->local_name ? m->local_name : m->name;
    uint32_t crc = libdeflate_crc32(0, m->bytes.ptr, m->bytes.len) ^ m->crc_off;
    size_t header_at = made->bytes.len;
    put(&made->bytes, 4, 0x04034b50);
    put(&made->bytes, 2, 20);
    put(&made->bytes, 2, m->encrypted || m->locked);
    put(&made->bytes, 2, method);
    put(&made->bytes, 4, 0);
    put(&made->bytes, 4, crc ^ m->local_off);
    put(&made->bytes, 4, packed_len);
    put(&made->bytes, 4, m->bytes.len);
    put(&made->bytes, 2, strlen(local));
    put(&made->bytes, 2, 3); /* an extra field that says nothing */
    buf_add(&made->bytes, str_from(local));
    buf_add(&made->bytes, STR("abc"));
    buf_add(&made->bytes, str_of(packed, packed_len));
    struct buf *d = &made->directory;
    put(d, 4, 0x02014b50);
    put(d, 2, 3 << 8 | 20);
    put(d, 2, 20);
    put(d, 2, m->encrypted);
    put(d, 2, method);
    put(d, 4, 0);
    put(d, 4, crc);
    put(d, 4, m->wide ? UINT32_MAX : packed_len + m->more);
    put(d, 4, m->wide ? UINT32_MAX : m->bytes.len);
    put(d, 2, strlen(m->name));
    put(d, 2, m->wide ? 28 : 0);
    put(d, 2, 0);
    put(d, 2, 0);
    put(d, 2, 0);
    put(d, 4, 0100755u << 16);
    put(d, 4, m->wide ? UINT32_MAX : m->shared ? 0 : header_at);
    buf_add(d, str_from(m->name));
    if (m->wide) {
        put(d, 2, 1);
        put(d, 2, 24);
        put(d, 8, m->bytes.len);
        put(d, 8, packed_len);
        put(d, 8, header_at);
    }
    made->count++;
}

static struct str finish(struct made *made, bool wide, const char *comment)
{
    struct buf *b = &made->bytes;
    size_t at = b->len, size = made->directory.len;
    buf_add(b, buf_str(&made->directory));
    if (wide) {
        size_t end64 = b->len;
        put(b, 4, 0x06064b50);
        put(b, 8, 44);
        put(b, 4, 45 << 16 | 45);
        put(b, 8, 0);
        put(b, 8, made->count);
        put(b, 8, made->count);
        put(b, 8, size);
        put(b, 8, at);
        put(b, 4, 0x07064b50);
        put(b, 4, 0);
        put(b, 8, end64);
        put(b, 4, 1);
    }
    put(b, 4, 0x06054b50);
    put(b, 4, 0);
    put(b, 2, wide ? UINT16_MAX : made->count);
    put(b, 2, wide ? UINT16_MAX : made->count);
    put(b, 4, wide ? UINT32_MAX : size);
    put(b, 4, wide ? UINT32_MAX : at);
    put(b, 2, strlen(comment));
    buf_add(b, str_from(comment));
    return buf_str(b);
}

static void made_free(struct made *made)
{
    buf_free(&made->bytes);
    buf_free(&made->directory);
    made->count = 0;
}

static bool read_str(void *state, uint64_t at, void *to, size_t len, struct err *err)
{
    const struct str *bytes = state;
    if (at > bytes->len || len > bytes->len - at)
        return err_set(err, ERR_FORMAT, "ends early");
    memcpy(to, bytes->ptr + at, len);
    return true;
}

#define TEXT "all work and no play makes all work and no play and all work"

static void reads_what_was_packed(void **state)
{
    (void)state;
    static const char *const comments[] = {"", "a comment", "with PK\5\6 in it"};
    struct err err = {0};
    for (int i = 0; i < 12; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct made made = {0};
        struct unzip_list list;
        char to[sizeof TEXT];
        size_t got;
        bool deflated = i & 1, wide = i & 2;
        add(&made, &(struct member){
                       .name = "a/x", .bytes = STR(TEXT), .deflated = deflated, .wide = wide});
        add(&made, &(struct member){.name = "empty", .bytes = STR("")});
        struct str archive = finish(&made, wide, comments[i / 4]);
        struct unzip_source source = {read_str, &archive, archive.len};
        assert_ok(unzip_list(&source, 2, &arena, &list, &err));
        assert_int_equal(list.len, 2);
        assert_str(list.at[0].name, "a/x");
        assert_int_equal(list.at[0].mode, 0755);
        assert_ok(unzip_read(&source, &list.at[0], to, &err));
        assert_memory_equal(to, TEXT, sizeof TEXT - 1);
        assert_ok(unzip_read(&source, &list.at[1], to, &err));
        struct unzip_stream *stream = NULL;
        struct buf BUF_AUTO all = {0};
        assert_ok(unzip_open(&source, &list.at[0], &stream, &err));
        do {
            assert_ok(unzip_next(stream, to, 7, &got, &err));
            buf_add(&all, str_of(to, got));
        } while (got > 0);
        unzip_close(&stream);
        assert_true(str_eq(buf_str(&all), STR(TEXT)));
        assert_false(unzip_list(&source, 1, &arena, &list, &err));
        assert_int_equal(err.code, ERR_LIMIT);
        made_free(&made);
    }
}

static void refused_as(struct str archive, const char *why);

/* Python's zipfile writes 64-bit records from 2 GiB on, and in the end record what fits there. */
static void reads_two_end_records_that_agree(void **state)
{
    (void)state;
    for (int lie = 0; lie < 4; lie++) {
        struct made made = {0};
        add(&made, &(struct member){.name = "a", .bytes = STR(TEXT)});
        size_t at = made.bytes.len, size = made.directory.len;
        struct str archive = finish(&made, true, "");
        unsigned char *end = (unsigned char *)made.bytes.ptr + archive.len - 22;
        write_le16(end + 8, (uint16_t)(lie == 1 ? 2 : 1));
        write_le16(end + 10, (uint16_t)(lie == 1 ? 2 : 1));
        write_le32(end + 12, (uint32_t)(size + (lie == 2)));
        write_le32(end + 16, (uint32_t)(at + (lie == 3)));
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct unzip_list list;
        struct unzip_source source = {read_str, &archive, archive.len};
        if (lie)
            refused_as(archive, "end records differ");
        else
            assert_ok(unzip_list(&source, 2, &arena, &list, &err));
        made_free(&made);
    }
}

static void refused_as(struct str archive, const char *why)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct unzip_list list;
    char to[4096];
    struct unzip_source source = {read_str, &archive, archive.len};
    bool ok = unzip_list(&source, 100, &arena, &list, &err);
    for (size_t i = 0; ok && i < list.len; i++)
        ok = unzip_read(&source, &list.at[i], to, &err);
    if (ok)
        fail_msg("read, though %s", why);
    if (strstr(err.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void refuses_lies_about_members(void **state)
{
    (void)state;
    static const struct {
        struct member member;
        const char *why;
    } lies[] = {
        {{.name = "a", .local_name = "b"}, "its header says otherwise"},
        {{.name = "a", .encrypted = true}, "is encrypted"},
        {{.name = "a", .method = 12}, "packed in a way"},
        {{.name = "a", .method = 8}, "broken"},
        {{.name = "a", .more = 1}, "its header says otherwise"},
        {{.name = "a", .local_off = 1}, "its header says otherwise"},
        {{.name = "a", .locked = true}, "its header says otherwise"},
        {{.name = "a", .more = 100}, "overlap"},
        {{.name = "a", .crc_off = 1}, "does not match its checksum"},
        {{.name = ""}, "damaged"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct made made = {0};
        struct member member = lies[i].member;
        member.bytes = STR("xyz");
        add(&made, &member);
        refused_as(finish(&made, false, ""), lies[i].why);
        made_free(&made);
    }
}

static void refuses_lies_about_the_archive(void **state)
{
    (void)state;
    struct made made = {0};
    struct member member = {.name = "a", .bytes = STR("xyz")};
    add(&made, &member);
    struct str whole = finish(&made, false, "");
    refused_as(STR(""), "empty");
    refused_as(str_slice(whole, 0, 21), "too short");
    refused_as(str_slice(whole, 0, whole.len - 1), "no end record");
    struct buf BUF_AUTO before = {0}, behind = {0};
    buf_add(&before, STR("#!/bin/sh\n"));
    buf_add(&before, whole);
    refused_as(buf_str(&before), "elsewhere than it says");
    buf_add(&behind, whole);
    buf_add(&behind, whole);
    refused_as(buf_str(&behind), "elsewhere than it says");
    buf_add_char(&behind, 'x');
    refused_as(buf_str(&behind), "no end record");
    made_free(
        &made); /* two that share a header; the bytes of the second are room enough for both */
    add(&made, &member);
    add(&made, &(struct member){.name = "b", .bytes = STR("xyz"), .shared = true});
    refused_as(finish(&made, false, ""), "overlap");
    made.count = 2; /* one more than there are */
    made.bytes.len = 0;
    made.directory.len = 0;
    add(&made, &member);
    refused_as(finish(&made, false, ""), "damaged");
    made_free(&made);
}

/* As many as the end record can count without a 64-bit one, which Python then leaves out. */
static void counts_to_the_last(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct made made = {0};
    struct unzip_list list;
    struct err err = {0};
    for (int i = 0; i < UINT16_MAX; i++)
        add(&made, &(struct member){.name = arena_printf(&arena, "%d", i).ptr, .bytes = STR("")});
    struct str archive = finish(&made, false, "");
    struct unzip_source source = {read_str, &archive, archive.len};
    assert_ok(unzip_list(&source, UINT16_MAX, &arena, &list, &err));
    assert_int_equal(list.len, UINT16_MAX);
    made_free(&made);
}

/* Every byte in turn: an answer or an error, and never bytes that differ from what was packed. */
static void survives_damage(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        struct made made = {0};
        add(&made,
            &(struct member){.name = "a", .bytes = STR(TEXT), .deflated = true, .wide = wide});
        struct str archive = finish(&made, wide, "");
        struct unzip_source source = {read_str, &archive, archive.len};
        for (size_t i = 0; i < archive.len * 8; i++) {
            ARENA_AUTO struct arena arena = {0};
            struct err err;
            struct unzip_list list;
            char to[4096];
            made.bytes.ptr[i / 8] ^= (char)(1 << i % 8);
            if (unzip_list(&source, 100, &arena, &list, &err) && list.len == 1 &&
                list.at[0].size <= sizeof to && unzip_read(&source, &list.at[0], to, &err))
                assert_true(str_eq(str_of(to, (size_t)list.at[0].size), STR(TEXT)));
            made.bytes.ptr[i / 8] ^= (char)(1 << i % 8);
        }
        made_free(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_packed),
        cmocka_unit_test(reads_two_end_records_that_agree),
        cmocka_unit_test(refuses_lies_about_members),
        cmocka_unit_test(refuses_lies_about_the_archive),
        cmocka_unit_test(counts_to_the_last),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
