#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/endian.h"
#include "fixture.h"
#include "index/scan_cache.h"
#include "os/file.h"

enum { HOUR_MS = 3600 * 1000 };

struct cached {
    struct arena arena;
    const char *dir, *home, *path; /* inputs; the directory of the cache; its file */
    int64_t now_ms;                /* stands still, however slow the machine is */
    int64_t ahead_ms;              /* of it: what was written just now is old then */
    struct clock clock;
    struct scan_options options;
    struct scan scan;
    struct err err;
};

static int64_t wall_ms(void *state)
{
    const struct cached *c = state;
    return c->now_ms + c->ahead_ms;
}

static int set_up(void **state)
{
    struct cached *c = calloc(1, sizeof *c);
    c->dir = fixture_dir(&c->arena);
    c->home = fixture_dir(&c->arena);
    c->path = arena_printf(&c->arena, "%s/scan/last", c->home).ptr;
    c->now_ms = clock_wall_ms(clock_system());
    c->ahead_ms = HOUR_MS;
    c->clock = (struct clock){.wall_ms = wall_ms, .state = c};
    c->options = (struct scan_options){.digests = true, .cache = c->path, .clock = &c->clock};
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    struct cached *c = *state;
    fixture_remove(c->dir);
    fixture_remove(c->home);
    arena_free(&c->arena);
    free(c);
    return 0;
}

/* Scans; how many files it did not have to read. */
static size_t scan(struct cached *c)
{
    if (!scan_dir(c->dir, &c->options, &c->arena, &c->scan, &c->err))
        fail_msg("%s", c->err.text);
    return c->scan.known;
}

static void make_files(struct cached *c)
{
    fixture_zip(c->dir, "foo-1.0-2b-cp311-abi3-linux_s390x.whl",
                (const struct fixture_member[]){
                    {"foo-1.0.dist-info/METADATA",
                     "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\nRequires-Python: >=3.8\n"
                     "License: MIT\nRequires-Dist: a>1\nRequires-Dist: b; extra == 'x'\n"
                     "Provides-Extra: x\n\nThe description."},
                    {"foo-1.0.dist-info/WHEEL",
                     "Wheel-Version: 1.0\nGenerator: g\nRoot-Is-Purelib: false\nBuild: 2b\n"
                     "Tag: cp311-abi3-linux_s390x\n"},
                    {0}});
    fixture_wheel(c->dir, "baz-2-py3-none-any.whl", "baz", "2", "py3-none-any");
    fixture_tar_gz(c->dir, "qux-3.1.tar.gz",
                   (const struct fixture_member[]){
                       {"qux-3.1/", NULL},
                       {"qux-3.1/PKG-INFO",
                        "Metadata-Version: 2.2\nName: qux\nVersion: 3.1\nRequires-Dist: a\n"},
                       {"qux-3.1/pyproject.toml", "[build-system]\nrequires=['hatchling']\n"},
                       {0}});
    fixture_file(c->dir, "requirements.txt", STR("foo\n"));
}

/* All that is known of the wheels and sdists, as the cache would write it. */
static struct str facts(struct cached *c)
{
    BUF_AUTO struct buf out = {0};
    scan_cache_write(&c->options, c->scan.files, c->scan.len, INT64_MAX, &out);
    return arena_str(&c->arena, buf_str(&out));
}

static void what_did_not_change_is_not_read_again(void **state)
{
    struct cached *c = *state;
    make_files(c);
    assert_int_equal(scan(c), 0);
    struct str first = facts(c);
    assert_int_equal(scan(c), 3);
    assert_true(str_eq(first, facts(c)));
    assert_int_equal(c->scan.len, 4);
    const struct wheel *foo = &c->scan.files[1].wheel;
    assert_str(foo->name.name, "foo");
    assert_str(foo->name.build_suffix, "b");
    assert_str(foo->dist_info, "foo-1.0.dist-info");
    assert_str(foo->metadata.requires_python, ">=3.8");
    assert_str(foo->metadata.requires_dist[1], "b; extra == 'x'");
    assert_int_equal(foo->metadata.requires_dist_len, 2);
    assert_str(foo->metadata.provides_extra[0], "x");
    assert_str(foo->info.tags[0], "cp311-abi3-linux_s390x");
    assert_int_equal(foo->members, 2);
    assert_false(foo->info.root_is_purelib);
    assert_true(foo->tags_agree);
    const struct sdist *qux = &c->scan.files[2].sdist;
    assert_str(qux->name.name, "qux");
    assert_str(qux->pyproject.requires[0], "hatchling");
    assert_true(sdist_is_static(qux));
    assert_true(c->scan.files[2].has_digest);
}

/* The digest in the scan's result is that of the bytes that lie there. */
static void assert_true_digests(struct cached *c)
{
    for (size_t i = 0; i < c->scan.len; i++) {
        struct str bytes;
        assert_true(
            file_read(AT_FDCWD, c->scan.files[i].path.ptr, 1 << 20, &c->arena, &bytes, &c->err));
        struct digest digest = digest_of(bytes);
        if (c->scan.files[i].has_digest)
            assert_true(digest_eq(&digest, &c->scan.files[i].digest));
    }
}

static void each_kind_of_change_is_seen(void **state)
{
    struct cached *c = *state;
    make_files(c);
    assert_int_equal(scan(c), 0);
    /* other bytes, and a new file */
    fixture_wheel(c->dir, "baz-2-py3-none-any.whl", "Baz", "2.0", "py3-none-any");
    fixture_wheel(c->dir, "new-1-py3-none-any.whl", "new", "1", "py3-none-any");
    assert_int_equal(scan(c), 2);
    assert_str(c->scan.files[0].wheel.metadata.name, "Baz");
    assert_int_equal(c->scan.len, 5);
    assert_true_digests(c);
    assert_int_equal(scan(c), 4);
    /* removed */
    assert_int_equal(unlink(c->scan.files[0].path.ptr), 0);
    assert_int_equal(scan(c), 3);
    assert_int_equal(c->scan.len, 4);
    /* only touched: read again, and known again afterwards */
    const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, c->scan.files[0].path.ptr, times, 0), 0);
    assert_int_equal(scan(c), 2);
    assert_int_equal(scan(c), 3);
}

/* Same name, size and time of change of the bytes, set by hand: its inode and ctime tell. */
static void a_file_put_in_place_of_another_is_seen(void **state)
{
    struct cached *c = *state;
    const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    const char *path = arena_printf(&c->arena, "%s/foo-1-py3-none-any.whl", c->dir).ptr;
    fixture_wheel(c->dir, "foo-1-py3-none-any.whl", "foo", "1", "py3-none-any");
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(scan(c), 0);
    fixture_wheel(c->home, "foo-1-py3-none-any.whl", "FOO", "1", "py3-none-any");
    const char *other = arena_printf(&c->arena, "%s/foo-1-py3-none-any.whl", c->home).ptr;
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    int64_t size = c->scan.files[0].size;
    assert_int_equal(scan(c), 0);
    assert_int_equal(c->scan.files[0].size, size);
    assert_str(c->scan.files[0].wheel.metadata.name, "FOO");
    assert_true_digests(c);
}

/* Written just now: it could change once more without a sign of it, and is read each time. */
static void what_is_as_young_as_the_scan_is_not_trusted(void **state)
{
    struct cached *c = *state;
    make_files(c);
    c->now_ms = clock_wall_ms(clock_system());
    c->ahead_ms = 0;
    assert_int_equal(scan(c), 0);
    assert_int_equal(scan(c), 0);
    c->ahead_ms = 1900; /* within the coarsest tick */
    assert_int_equal(scan(c), 0);
    assert_int_equal(scan(c), 0);
    c->ahead_ms = HOUR_MS;
    assert_int_equal(scan(c), 0);
    assert_int_equal(scan(c), 3);
    c->ahead_ms = -HOUR_MS; /* a clock that was set back trusts nothing new */
    fixture_wheel(c->dir, "new-1-py3-none-any.whl", "new", "1", "py3-none-any");
    assert_int_equal(scan(c), 3);
    assert_int_equal(scan(c), 0);
    assert_true_digests(c);
}

static void a_complaint_is_made_again(void **state)
{
    struct cached *c = *state;
    make_files(c);
    fixture_file(c->dir, "junk-1-py3-none-any.whl", STR("not a zip"));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(scan(c), i ? 3 : 0);
        assert_int_equal(c->scan.complaints_len, 1);
        assert_str(c->scan.complaints[0].filename, "junk-1-py3-none-any.whl");
    }
}

static void a_damaged_cache_is_none(void **state)
{
    struct cached *c = *state;
    struct str whole;
    make_files(c);
    assert_int_equal(scan(c), 0);
    struct str right = facts(c);
    assert_true(file_read(AT_FDCWD, c->path, 1 << 20, &c->arena, &whole, &c->err));
    for (size_t at = 0; at < whole.len; at += 5) {
        struct str cut = str_slice(whole, 0, at), flipped = arena_str(&c->arena, whole);
        ((char *)(uintptr_t)flipped.ptr)[at] ^= 4;
        assert_null(scan_cache_read(cut, &c->options, &c->arena));
        assert_null(scan_cache_read(flipped, &c->options, &c->arena));
    }
    fixture_file(c->home, "scan/last", str_slice(whole, 0, whole.len / 2));
    assert_int_equal(scan(c), 0);
    assert_true(str_eq(right, facts(c)));
    assert_int_equal(scan(c), 3); /* made anew */
    fixture_file(c->home, "scan/last", arena_printf(&c->arena, STR_FMT "x", STR_ARG(whole)));
    assert_int_equal(scan(c), 0);
}

/* The checksum right, the entries not: no reading beyond them, and nothing of them is believed. */
static void entries_that_lie_about_their_lengths(void **state)
{
    struct cached *c = *state;
    struct str whole;
    make_files(c);
    assert_int_equal(scan(c), 0);
    assert_true(file_read(AT_FDCWD, c->path, 1 << 20, &c->arena, &whole, &c->err));
    struct scan_file file = c->scan.files[1];
    for (size_t at = 0; at + 4 <= whole.len - DIGEST_SIZE; at++) {
        ARENA_AUTO struct arena arena = {0};
        struct str body = arena_str(&arena, str_slice(whole, 0, whole.len - DIGEST_SIZE));
        unsigned char *bytes = (unsigned char *)(uintptr_t)body.ptr;
        write_le32(bytes + at, 0x7fffffff);
        struct digest digest = digest_of(body);
        BUF_AUTO struct buf out = {0};
        buf_add(&out, body);
        buf_add(&out, str_of(digest.bytes, DIGEST_SIZE));
        const struct scan_cache *cache = scan_cache_read(buf_str(&out), &c->options, &arena);
        struct scan_file taken = file;
        if (scan_cache_take(cache, &taken, &arena))
            assert_str(taken.wheel.name.name, "foo");
        else
            assert_memory_equal(&taken, &file, sizeof file);
    }
}

static void other_limits_need_another_reading(void **state)
{
    struct cached *c = *state;
    make_files(c);
    c->options.wheel.members = 100;
    assert_int_equal(scan(c), 0);
    assert_int_equal(scan(c), 3);
    c->options.wheel.members = 1;
    assert_int_equal(scan(c), 0);
    assert_int_equal(c->scan.complaints_len, 2);
}

static void what_others_may_write_is_not_trusted(void **state)
{
    struct cached *c = *state;
    make_files(c);
    assert_int_equal(scan(c), 0);
    for (mode_t mode = 0622; mode >= 0602; mode -= 020) {
        assert_int_equal(chmod(c->path, mode), 0);
        assert_int_equal(scan(c), 0); /* and it is replaced by one of our own */
        assert_int_equal(scan(c), 3);
    }
    if (geteuid() == 0) {
        assert_int_equal(chown(c->path, 12345, (gid_t)-1), 0);
        assert_int_equal(scan(c), 0);
        assert_int_equal(scan(c), 3);
    }
    const char *moved = arena_printf(&c->arena, "%s/moved", c->home).ptr;
    assert_int_equal(rename(c->path, moved), 0);
    assert_int_equal(symlink(moved, c->path), 0);
    assert_int_equal(scan(c), 0);
}

static void without_a_place_to_write_the_scan_is_as_good(void **state)
{
    struct cached *c = *state;
    make_files(c);
    fixture_file(c->home, "file", STR(""));
    c->options.cache = arena_printf(&c->arena, "%s/file/scan/last", c->home).ptr;
    assert_int_equal(scan(c), 0);
    assert_int_equal(c->scan.len, 4);
    assert_int_equal(c->scan.complaints_len, 0);
}

static void of_a_large_wheel_the_digest_is_known_too(void **state)
{
    struct cached *c = *state;
    size_t size = 300 << 10;
    char *noise = calloc(1, size + 1);
    uint32_t seed = 1;
    for (size_t i = 0; i < size; i++)
        noise[i] = (char)('!' + ((seed = seed * 1664525 + 1013904223) >> 24) % 90);
    fixture_zip(
        c->dir, "big-1-py3-none-any.whl",
        (const struct fixture_member[]){{"big.txt", noise},
                                        {"big-1.dist-info/METADATA", FIXTURE_METADATA("big", "1")},
                                        {"big-1.dist-info/WHEEL", FIXTURE_WHEEL("py3-none-any")},
                                        {0}});
    free(noise);
    assert_int_equal(scan(c), 0);
    assert_true(c->scan.files[0].has_digest);
    assert_int_equal(scan(c), 1);
    assert_true_digests(c);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(what_did_not_change_is_not_read_again),
        WITH_DIR(each_kind_of_change_is_seen),
        WITH_DIR(a_file_put_in_place_of_another_is_seen),
        WITH_DIR(what_is_as_young_as_the_scan_is_not_trusted),
        WITH_DIR(a_complaint_is_made_again),
        WITH_DIR(a_damaged_cache_is_none),
        WITH_DIR(entries_that_lie_about_their_lengths),
        WITH_DIR(other_limits_need_another_reading),
        WITH_DIR(what_others_may_write_is_not_trusted),
        WITH_DIR(without_a_place_to_write_the_scan_is_as_good),
        WITH_DIR(of_a_large_wheel_the_digest_is_known_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
