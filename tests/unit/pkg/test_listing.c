#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "pkg/filename.h"
#include "pkg/listing_form.h"

#define URL STR("https://me:s3cret@h/simple/foo/")

struct made {
    struct arena arena;
    struct buf bytes;
    struct simple_page page;
    struct listing listing;
};

static const struct listing_stamp stamp = {1234, 0xfedcba98};

static void write_page(struct made *m, const char *json)
{
    struct err err = {0};
    assert_ok(simple_parse_json(str_from(json), URL, &m->arena, &m->page, &err));
    struct listing_entry *entries = ARENA_ARRAY(&m->arena, struct listing_entry, m->page.files_len);
    for (size_t i = 0; i < m->page.files_len; i++) {
        const struct simple_file *file = &m->page.files[i];
        struct wheel_name wheel;
        struct sdist_name sdist;
        entries[i].file = file;
        entries[i].is_wheel = filename_kind(file->filename) == FILENAME_WHEEL;
        if (entries[i].is_wheel) {
            assert_ok(filename_parse_wheel(file->filename, &m->arena, &wheel, &err));
            entries[i].version = wheel.version;
            entries[i].set = (struct tag){wheel.python, wheel.abi, wheel.platform};
        } else {
            assert_ok(filename_parse_sdist(file->filename, STR("foo"), &m->arena, &sdist, &err));
            entries[i].version = sdist.version;
        }
    }
    const struct listing_page head = {.url = URL,
                                      .stamp = stamp,
                                      .skipped = 7,
                                      .status = m->page.status,
                                      .status_reason = m->page.status_reason};
    assert_true(listing_write(&head, entries, m->page.files_len, &m->bytes));
}

static int set_up(void **state)
{
    struct made *m = calloc(1, sizeof *m);
    write_page(
        m, "{\"meta\":{\"api-version\":\"1.4\"},\"name\":\"foo\","
           "\"project-status\":{\"status\":\"deprecated\",\"reason\":\"use bar\"},\"files\":["
           "{\"filename\":\"foo-1.0.tar.gz\",\"url\":\"../../f/foo-1.0.tar.gz\",\"hashes\":{"
           "\"sha256\":\"ab\",\"md5\":\"cd\"},\"requires-python\":\">=3\",\"size\":12,"
           "\"upload-time\":\"2023-01-31T12:00:00.25Z\",\"yanked\":\"broken\"},"
           "{\"filename\":\"foo-1.10-py3-none-any.whl\",\"url\":\"https://x/w.whl\","
           "\"hashes\":{},\"core-metadata\":{\"sha256\":\"ee\"},\"yanked\":true},"
           "{\"filename\":\"foo-1.0.0-cp311-abi3-manylinux_2_17_s390x.manylinux2014_s390x.whl\","
           "\"url\":\"x/foo-1.0.0-cp311-abi3-manylinux_2_17_s390x.manylinux2014_s390x.whl\","
           "\"requires-python\":\">=3\"},"
           "{\"filename\":\"foo-1.9rc1-py3-none-any.whl\",\"url\":\"y.whl\"}]}");
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct made *m = *state;
    buf_free(&m->bytes);
    arena_free(&m->arena);
    free(m);
    return 0;
}

static void rows(void **state)
{
    struct made *m = *state;
    uint32_t from, to;
    assert_true(listing_read(buf_str(&m->bytes), &stamp, &m->listing));
    const struct listing *l = &m->listing;
    assert_int_equal(l->releases, 3);
    assert_int_equal(l->files, 4);
    assert_int_equal(l->skipped, 7);
    assert_int_equal(l->status, SIMPLE_DEPRECATED);
    assert_str(l->status_reason, "use bar");
    assert_str(listing_version(l, 0), "1.10"); /* newest first, and not by the text */
    assert_str(listing_version(l, 1), "1.9rc1");
    assert_str(listing_version(l, 2), "1.0.0"); /* of the first file: wheels before sdists */
    listing_release(l, 2, &from, &to);
    assert_int_equal(from, 2);
    assert_int_equal(to, 4);
    assert_int_equal(l->sets, 2);    /* py3-none-any is kept once */
    assert_int_equal(l->pythons, 2); /* ">=3" and none */
    struct listing_file wheel = listing_file(l, 2), sdist = listing_file(l, 3);
    struct tag set = listing_set(l, wheel.set);
    assert_str(set.python, "cp311");
    assert_str(set.abi, "abi3");
    assert_str(set.platform, "manylinux_2_17_s390x.manylinux2014_s390x");
    assert_int_equal(listing_file(l, 0).set, listing_file(l, 1).set);
    assert_true(listing_file(l, 0).yanked);
    assert_false(wheel.yanked);
    assert_true(wheel.uploaded_ms == -1);
    assert_true(sdist.set == LISTING_SDIST);
    assert_true(sdist.yanked);
    assert_true(sdist.uploaded_ms == 1675166400250);
    assert_int_equal(wheel.python, sdist.python);
    assert_str(listing_python(l, sdist.python), ">=3");
}

static void records(void **state)
{
    struct made *m = *state;
    const struct simple_file *files;
    size_t len;
    assert_true(listing_read(buf_str(&m->bytes), NULL, &m->listing));
    assert_true(listing_files(&m->listing, 2, URL, &m->arena, &files, &len));
    assert_int_equal(len, 2);
    assert_str(files[1].filename, "foo-1.0.tar.gz");
    assert_str(files[1].url, "https://me:s3cret@h/f/foo-1.0.tar.gz");
    assert_str(simple_find_hash(files[1].hashes, files[1].hashes_len, "md5"), "cd");
    assert_str(files[1].requires_python, ">=3");
    assert_str(files[1].yanked_reason, "broken");
    assert_int_equal(files[1].size, 12);
    assert_false(files[1].has_metadata);
    assert_int_equal(files[0].size, -1);
    assert_true(listing_files(&m->listing, 0, URL, &m->arena, &files, &len));
    assert_str(files[0].url, "https://x/w.whl"); /* does not end in the file's name */
    assert_true(files[0].has_metadata && files[0].yanked);
    assert_str(simple_find_hash(files[0].metadata_hashes, files[0].metadata_hashes_len, "sha256"),
               "ee");
}

/* A page's own user and password are not kept: its links get those of now. */
static void credentials(void **state)
{
    struct made *m = *state;
    const struct simple_file *files;
    size_t len;
    struct str bytes = buf_str(&m->bytes);
    assert_int_equal(str_find(bytes, STR("s3cret")), bytes.len);
    assert_true(listing_read(bytes, NULL, &m->listing));
    assert_true(
        listing_files(&m->listing, 1, STR("http://you:new@h:8/s/"), &m->arena, &files, &len));
    assert_str(files[0].url, "http://you:new@h:8/simple/foo/y.whl");
}

/* All of it can be read: what a reader would be told. */
static bool is_whole(struct made *m, struct str bytes)
{
    const struct simple_file *files;
    size_t len;
    if (!listing_read(bytes, &stamp, &m->listing))
        return false;
    for (uint32_t i = 0; i < m->listing.releases; i++)
        if (!listing_files(&m->listing, i, URL, &m->arena, &files, &len))
            return false;
    return true;
}

static void every_damage(void **state)
{
    struct made *m = *state;
    struct str bytes = buf_str(&m->bytes);
    char *copy = ARENA_ARRAY(&m->arena, char, bytes.len + 1);
    memcpy(copy, bytes.ptr, bytes.len);
    assert_true(is_whole(m, bytes));
    for (size_t i = 0; i < bytes.len; i++) {
        copy[i] = (char)(copy[i] ^ 0x20);
        if (is_whole(m, str_of(copy, bytes.len)))
            fail_msg("a changed byte %zu is not seen", i);
        copy[i] = bytes.ptr[i];
        if (is_whole(m, str_of(copy, i)))
            fail_msg("%zu bytes of %zu are taken for all", i, bytes.len);
    }
    assert_false(is_whole(m, str_of(copy, bytes.len + 1)));
}

static void another_page(void **state)
{
    struct made *m = *state;
    struct listing_stamp other = stamp;
    other.len++;
    assert_false(listing_read(buf_str(&m->bytes), &other, &m->listing));
    other = stamp;
    other.crc++;
    assert_false(listing_read(buf_str(&m->bytes), &other, &m->listing));
}

static void in_the_head(const struct listing *l, struct str text)
{
    const char *from = l->bytes.ptr + l->texts, *end = l->bytes.ptr + l->head;
    assert_true(text.ptr >= from && text.ptr <= end && text.len <= (size_t)(end - text.ptr));
}

static void all_in_the_head(struct made *m, const struct listing *l)
{
    const struct simple_file *files;
    size_t len;
    in_the_head(l, l->status_reason);
    for (uint32_t i = 0; i < l->pythons; i++)
        in_the_head(l, listing_python(l, i));
    for (uint32_t i = 0; i < l->sets; i++) {
        in_the_head(l, listing_set(l, i).python);
        in_the_head(l, listing_set(l, i).platform);
    }
    for (uint32_t i = 0; i < l->releases; i++) {
        in_the_head(l, listing_version(l, i));
        (void)listing_files(l, i, URL, &m->arena, &files, &len);
    }
}

/* With right checksums each number of the head is another one; nothing may lead outside. */
static void hostile_numbers(void **state)
{
    struct made *m = *state;
    struct str bytes = buf_str(&m->bytes);
    assert_true(listing_read(bytes, NULL, &m->listing));
    const uint32_t head = m->listing.head, whole = (uint32_t)bytes.len;
    const uint32_t values[] = {0,          1,          67,         head - 1,   head,      whole,
                               whole - 20, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
    for (size_t at = LISTING_AT_HEAD; at + 4 <= m->listing.texts; at += 4)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            /* Of its very own size, so that a sanitizer sees what lies behind it. */
            unsigned char *copy = malloc(bytes.len);
            memcpy(copy, bytes.ptr, bytes.len);
            write_le32(copy + at, values[v]);
            write_le32(copy + LISTING_AT_SUM,
                       listing_sum(str_of(copy + LISTING_AT_HEAD, head - LISTING_AT_HEAD)));
            struct listing l;
            if (listing_read(str_of(copy, bytes.len), NULL, &l))
                all_in_the_head(m, &l);
            free(copy);
        }
}

static void no_files(void **state)
{
    struct made m = {0};
    (void)state;
    write_page(&m, "{\"files\":[]}");
    assert_true(listing_read(buf_str(&m.bytes), &stamp, &m.listing));
    assert_int_equal(m.listing.releases, 0);
    buf_free(&m.bytes);
    arena_free(&m.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(credentials, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_numbers, set_up, tear_down),
        cmocka_unit_test(no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
