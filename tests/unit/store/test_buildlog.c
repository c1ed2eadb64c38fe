#include "place.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "store/buildlog.h"
#include "store/seekable.h"

static struct err err;
static struct place *place;
static const struct buildlog_id id = {STR_INIT("cffi"), STR_INIT("1.15"), 3};

static int set_up(void **state)
{
    (void)state;
    place = place_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    place_free(place);
    return 0;
}

static void assert_range(int64_t from, int64_t count, const char *expected)
{
    struct str text;
    int64_t size;
    assert_ok(buildlog_read(place->dir, &id, from, count, &place->arena, &text, &size, &err));
    assert_str(text, expected);
}

static void test_chunks(void **state)
{
    (void)state;
    struct buildlog *log = NULL;
    assert_ok(buildlog_open(place->dir, &id, 20, &log, &err));
    assert_ok(buildlog_append(log, 0, STR("one\n"), &err));
    assert_ok(buildlog_append(log, 0, STR("one\n"), &err));
    assert_ok(buildlog_append(log, 2, STR("e\ntwo\n"), &err));
    assert_range(0, 99, "one\ntwo\n");
    assert_false(buildlog_append(log, 9, STR("gap"), &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(buildlog_size(log), 8);
    buildlog_close(&log);
    /* Another process goes on where that one stopped. */
    assert_ok(buildlog_open(place->dir, &id, 20, &log, &err));
    assert_int_equal(buildlog_size(log), 8);
    assert_false(buildlog_append(log, 8, STR("0123456789abcdef"), &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_range(4, 99, "two\n0123456789ab");
    assert_range(5, 2, "wo");
    assert_range(99, 5, "");
    buildlog_close(&log);
}

static void test_seal_and_ranges(void **state)
{
    (void)state;
    struct buildlog *log = NULL;
    struct buildlog_sealed sealed;
    struct str text, all;
    struct stat info;
    int64_t size;
    char *line = arena_alloc(&place->arena, 128);
    BUF_AUTO struct buf whole = {0};
    for (int i = 0; i < 20000; i++) {
        snprintf(line, 128, "%06d: compiling a file with a long name, and so on\n", i);
        buf_add(&whole, str_from(line));
    }
    assert_ok(buildlog_open(place->dir, &id, 0, &log, &err));
    assert_ok(buildlog_append(log, 0, buf_str(&whole), &err));
    assert_ok(buildlog_seal(&log, &place->arena, &sealed, &err));
    assert_null(log);
    assert_str(sealed.path, "cffi-1.15/3.log.zst");
    assert_int_equal(sealed.bytes, whole.len);
    const char *file = file_join(&place->arena, str_from(place->dir), sealed.path).ptr;
    assert_int_equal(stat(file, &info), 0);
    assert_true(info.st_size < (off_t)whole.len / 10);
    assert_ok(file_read(AT_FDCWD, file, 1 << 20, &place->arena, &all, &err));
    struct digest digest = digest_of(all);
    assert_true(digest_eq(&digest, &sealed.digest));
    /* Ranges at, before and across the borders of frames. */
    const int64_t starts[] = {
        0, 1, SEEKABLE_FRAME - 1, SEEKABLE_FRAME, 2 * SEEKABLE_FRAME - 7, (int64_t)whole.len - 5};
    const int64_t counts[] = {0, 1, 11, SEEKABLE_FRAME, 3 * SEEKABLE_FRAME};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        for (size_t j = 0; j < sizeof counts / sizeof *counts; j++) {
            assert_ok(buildlog_read(place->dir, &id, starts[i], counts[j], &place->arena, &text,
                                    &size, &err));
            struct str want =
                str_slice(buf_str(&whole), (size_t)starts[i], (size_t)(starts[i] + counts[j]));
            assert_int_equal(size, whole.len);
            assert_true(str_eq(text, want));
        }
    assert_ok(buildlog_tail(place->dir, &id, 100, &place->arena, &text, &err));
    assert_str(text, "019999: compiling a file with a long name, and so on\n");
    assert_false(buildlog_open(place->dir, &id, 0, &log, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
}

static void test_logs_of_the_dead_are_sealed(void **state)
{
    (void)state;
    struct buildlog *log = NULL, *alive = NULL;
    struct buildlog_id other = {STR("../../etc"), STR("1/2"), 1};
    struct str text;
    int64_t size, sealed = -1;
    assert_ok(buildlog_recover(file_join(&place->arena, str_from(place->dir), STR("none")).ptr,
                               &sealed, &err));
    assert_int_equal(sealed, 0);
    assert_ok(buildlog_open(place->dir, &id, 0, &log, &err));
    assert_ok(buildlog_append(log, 0, STR("half a lin"), &err));
    buildlog_close(&log);
    /* It died while sealing. */
    const char *half =
        file_join(&place->arena, str_from(place->dir), STR("cffi-1.15/3.log.zst.tmp")).ptr;
    assert_ok(file_write(AT_FDCWD, half, 0644, STR("half"), &err));
    assert_ok(buildlog_open(place->dir, &other, 0, &alive, &err));
    assert_ok(buildlog_append(alive, 0, STR("alive"), &err));
    assert_ok(buildlog_recover(place->dir, &sealed, &err));
    assert_int_equal(sealed, 1);
    assert_int_equal(access(half, F_OK), -1);
    assert_range(0, 99, "half a lin");
    assert_ok(buildlog_read(place->dir, &other, 0, 99, &place->arena, &text, &size, &err));
    assert_str(text, "alive");
    buildlog_close(&alive);
    /* The name stayed inside. */
    struct str inside = file_join(&place->arena, str_from(place->dir), STR("_._.._etc-1_2"));
    assert_int_equal(access(inside.ptr, F_OK), 0);
}

/* A new database in an old cache counts from 1 again. */
static void test_an_old_log_gives_way(void **state)
{
    (void)state;
    struct buildlog *log = NULL;
    struct buildlog_sealed sealed;
    assert_ok(buildlog_forget(place->dir, &id, &err)); /* nothing there */
    assert_ok(buildlog_open(place->dir, &id, 0, &log, &err));
    assert_ok(buildlog_append(log, 0, STR("old"), &err));
    assert_ok(buildlog_seal(&log, &place->arena, &sealed, &err));
    assert_false(buildlog_open(place->dir, &id, 0, &log, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_ok(buildlog_forget(place->dir, &id, &err));
    assert_ok(buildlog_open(place->dir, &id, 0, &log, &err));
    assert_int_equal(buildlog_size(log), 0);
    buildlog_close(&log);
}

static void test_empty_and_damaged(void **state)
{
    (void)state;
    struct buildlog *log = NULL;
    struct buildlog_sealed sealed;
    struct str bytes, text;
    int64_t size;
    assert_false(buildlog_read(place->dir, &id, 0, 1, &place->arena, &text, &size, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_ok(buildlog_open(place->dir, &id, 0, &log, &err));
    assert_ok(buildlog_seal(&log, &place->arena, &sealed, &err));
    assert_range(0, 9, "");
    const char *file = file_join(&place->arena, str_from(place->dir), sealed.path).ptr;
    assert_ok(file_read(AT_FDCWD, file, 1000, &place->arena, &bytes, &err));
    char *copy = arena_alloc(&place->arena, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        /* Any damage is found out or harmless, never a crash. */
        memcpy(copy, bytes.ptr, bytes.len);
        copy[i] = (char)(copy[i] ^ 0x55);
        assert_ok(file_write(AT_FDCWD, file, 0644, str_of(copy, bytes.len), &err));
        (void)!buildlog_read(place->dir, &id, 0, 9, &place->arena, &text, &size, &err);
        assert_ok(file_write(AT_FDCWD, file, 0644, str_slice(bytes, 0, i), &err));
        assert_false(buildlog_read(place->dir, &id, 0, 9, &place->arena, &text, &size, &err));
        assert_int_equal(err.code, ERR_FORMAT);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_chunks),
        TEST(test_seal_and_ranges),
        TEST(test_logs_of_the_dead_are_sealed),
        TEST(test_an_old_log_gives_way),
        TEST(test_empty_and_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
