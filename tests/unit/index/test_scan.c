#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "index/scan.h"
#include "os/file.h"

struct scanned {
    struct arena arena;
    const char *dir;
    struct scan scan;
    struct err err;
};

static int set_up(void **state)
{
    struct scanned *s = calloc(1, sizeof *s);
    s->dir = fixture_dir(&s->arena);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scanned *s = *state;
    fixture_remove(s->dir);
    arena_free(&s->arena);
    free(s);
    return 0;
}

static void run(struct scanned *s)
{
    if (!scan_dir(s->dir, NULL, &s->arena, &s->scan, &s->err))
        fail_msg("%s", s->err.text);
}

/* One complaint about the file, one line that names it and says so. */
static void assert_complaint(struct scanned *s, const char *filename, const char *says)
{
    const char *text = NULL;
    for (size_t i = 0; i < s->scan.complaints_len; i++)
        if (str_eq(s->scan.complaints[i].filename, str_from(filename))) {
            assert_null(text);
            text = s->scan.complaints[i].text.ptr;
        }
    if (!text)
        fail_msg("no complaint about %s", filename);
    assert_null(strchr(text, '\n'));
    if (!strstr(text, says) || !strstr(text, filename))
        fail_msg("\"%s\" has no \"%s\"", text, says);
}

static void good_files_of_every_kind(void **state)
{
    struct scanned *s = *state;
    fixture_wheel(s->dir, "Foo_Bar-1.0-py3-none-any.whl", "foo.bar", "1.0", "py3-none-any");
    fixture_wheel(s->dir, "baz-2-cp311-abi3-linux_s390x.whl", "baz", "2.0",
                  "cp311-abi3-linux_s390x");
    const struct fixture_member sdist[] = {
        {"qux-3.1/", NULL},
        {"qux-3.1/setup.py", ""},
        {"qux-3.1/PKG-INFO", "Metadata-Version: 2.2\nName: qux\nVersion: 3.1\nRequires-Dist: a\n"},
        {"qux-3.1/pyproject.toml", "[build-system]\nrequires=['hatchling']\n"},
        {0}};
    fixture_tar_gz(s->dir, "qux-3.1.tar.gz", sdist);
    fixture_zip(s->dir, "qux-3.1.zip", sdist);
    fixture_file(s->dir, "requirements.txt", STR("foo\n"));
    fixture_file(s->dir, "constraints.txt", STR("foo\n"));
    fixture_file(s->dir, "pylock.toml", STR(""));
    fixture_file(s->dir, "README.txt", STR("no requirement at all"));
    run(s);
    assert_int_equal(s->scan.complaints_len, 1);
    assert_complaint(s, "qux-3.1.zip", "same as qux-3.1.tar.gz and has other bytes");
    assert_int_equal(s->scan.len, 6);
    assert_int_equal(s->scan.ignored, 1);
    assert_str(s->scan.files[0].filename, "Foo_Bar-1.0-py3-none-any.whl");
    assert_str(s->scan.files[0].wheel.name.name, "foo-bar");
    assert_true(s->scan.files[0].has_digest); /* small: read at once */
    assert_false(s->scan.files[2].has_digest);
    assert_int_equal(s->scan.files[2].kind, SCAN_CONSTRAINTS);
    assert_int_equal(s->scan.files[3].kind, SCAN_LOCK);
    const struct sdist *qux = &s->scan.files[4].sdist;
    assert_true(sdist_is_static(qux));
    assert_true(qux->has_setup_py);
    assert_str(qux->pyproject.requires[0], "hatchling");
    assert_str(qux->top, "qux-3.1");
}

static void each_bad_wheel_gets_one_sentence(void **state)
{
    struct scanned *s = *state;
    fixture_wheel(s->dir, "good-1-py3-none-any.whl", "good", "1", "py3-none-any");
    fixture_file(s->dir, "junk-1-py3-none-any.whl", STR("not a zip"));
    fixture_file(s->dir, "empty-1-py3-none-any.whl", STR(""));
    fixture_file(s->dir, "bad.whl", STR(""));
    fixture_wheel(s->dir, "liar-1-py3-none-any.whl", "other", "1", "py3-none-any");
    fixture_wheel(s->dir, "older-2-py3-none-any.whl", "older", "1", "py3-none-any");
    fixture_wheel(s->dir, "tags-1-cp311-cp311-linux_s390x.whl", "tags", "1", "py3-none-any");
    fixture_zip(s->dir, "nometa-1-py3-none-any.whl",
                (const struct fixture_member[]){
                    {"nometa-1.dist-info/WHEEL", FIXTURE_WHEEL("py3-none-any")}, {0}});
    fixture_zip(s->dir, "nothing-1-py3-none-any.whl",
                (const struct fixture_member[]){{"a.py", ""}, {0}});
    fixture_zip(s->dir, "climb-1-py3-none-any.whl",
                (const struct fixture_member[]){{"../../etc/passwd", "x"}, {0}});
    fixture_zip(s->dir, "root-1-py3-none-any.whl",
                (const struct fixture_member[]){{"/etc/passwd", "x"}, {0}});
    fixture_zip(s->dir, "two-1-py3-none-any.whl",
                (const struct fixture_member[]){
                    {"two-1.dist-info/METADATA", "x"}, {"three-1.dist-info/METADATA", "x"}, {0}});
    run(s);
    assert_int_equal(s->scan.len, 1);
    assert_complaint(s, "junk-1-py3-none-any.whl", "not a whole zip archive");
    assert_complaint(s, "empty-1-py3-none-any.whl", "not a whole zip archive");
    assert_complaint(s, "bad.whl", "bad.whl");
    assert_complaint(s, "liar-1-py3-none-any.whl", "METADATA says the project is \"other\"");
    assert_complaint(s, "older-2-py3-none-any.whl", "METADATA says the version is \"1\"");
    assert_complaint(s, "tags-1-cp311-cp311-linux_s390x.whl", "its tags are not those");
    assert_complaint(s, "nometa-1-py3-none-any.whl", "has no nometa-1.dist-info/METADATA");
    assert_complaint(s, "nothing-1-py3-none-any.whl", "has no .dist-info directory");
    assert_complaint(s, "climb-1-py3-none-any.whl", "outside its directory");
    assert_complaint(s, "root-1-py3-none-any.whl", "outside its directory");
    assert_complaint(s, "two-1-py3-none-any.whl", "two metadata directories");
    assert_int_equal(s->scan.complaints_len, 11);
}

static void truncated_at_every_place(void **state)
{
    struct scanned *s = *state;
    struct str whole;
    fixture_wheel(s->dir, "cut-1-py3-none-any.whl", "cut", "1", "py3-none-any");
    const char *path = arena_printf(&s->arena, "%s/cut-1-py3-none-any.whl", s->dir).ptr;
    assert_true(file_read(AT_FDCWD, path, 1 << 20, &s->arena, &whole, &s->err));
    for (size_t len = 0; len < whole.len; len += 7) {
        struct wheel wheel;
        fixture_file(s->dir, "cut-1-py3-none-any.whl", str_slice(whole, 0, len));
        assert_false(wheel_read(AT_FDCWD, path, NULL, &s->arena, &wheel, &s->err));
    }
}

static void bombs_and_giants(void **state)
{
    struct scanned *s = *state;
    size_t size = 101 << 20;
    char *giant = calloc(1, size + 1);
    memset(giant, '\n', size);
    fixture_zip(
        s->dir, "giant-1-py3-none-any.whl",
        (const struct fixture_member[]){{"giant-1.dist-info/METADATA", giant},
                                        {"giant-1.dist-info/WHEEL", FIXTURE_WHEEL("py3-none-any")},
                                        {0}});
    free(giant);
    run(s);
    assert_int_equal(s->scan.len, 0);
    assert_int_equal(s->scan.complaints[0].code, ERR_LIMIT);
    assert_complaint(s, "giant-1-py3-none-any.whl", "bomb");
    struct scan_options loose = {.wheel = {.member_ratio = 1000000, .total_ratio = 1000000}};
    assert_true(scan_dir(s->dir, &loose, &s->arena, &s->scan, &s->err));
    assert_complaint(s, "giant-1-py3-none-any.whl", "its METADATA has 105906176 bytes, more than");
    struct scan_options few = {.wheel = {.members = 1, .member_ratio = 1000000}};
    assert_true(scan_dir(s->dir, &few, &s->arena, &s->scan, &s->err));
    assert_complaint(s, "giant-1-py3-none-any.whl", "has 2 members, more than the 1 allowed");
}

static void duplicates(void **state)
{
    struct scanned *s = *state;
    struct str same;
    fixture_wheel(s->dir, "foo_x-1-py3-none-any.whl", "foo-x", "1", "py3-none-any");
    const char *path = arena_printf(&s->arena, "%s/foo_x-1-py3-none-any.whl", s->dir).ptr;
    assert_true(file_read(AT_FDCWD, path, 1 << 20, &s->arena, &same, &s->err));
    fixture_file(s->dir, "Foo_X-1-py3-none-any.whl", same);
    run(s);
    assert_int_equal(s->scan.len, 1);
    assert_int_equal(s->scan.ignored, 1);
    assert_int_equal(s->scan.complaints_len, 0);
    assert_true(s->scan.files[0].has_digest);
    fixture_wheel(s->dir, "foo.x-1.0-py3-none-any.whl", "Foo.X", "1.0", "py3-none-any");
    run(s);
    assert_complaint(s, "foo.x-1.0-py3-none-any.whl", "claims to be the same as Foo_X-1");
    assert_int_equal(s->scan.complaints[0].code, ERR_CONFLICT);
}

static void bad_sdists(void **state)
{
    struct scanned *s = *state;
    fixture_file(s->dir, "junk-1.tar.gz", STR("\x1f\x8b\x08\x00 broken"));
    fixture_tar_gz(s->dir, "climb-1.tar.gz",
                   (const struct fixture_member[]){{"climb-1/../../x", "x"}, {0}});
    fixture_tar_gz(
        s->dir, "liar-1.tar.gz",
        (const struct fixture_member[]){{"liar-1/PKG-INFO", FIXTURE_METADATA("truth", "1")}, {0}});
    fixture_tar_gz(s->dir, "toml-1.tar.gz",
                   (const struct fixture_member[]){{"toml-1/pyproject.toml", "a = [\n"}, {0}});
    fixture_tar_gz(s->dir, "old-1.tar.gz",
                   (const struct fixture_member[]){{"old-1/setup.py", "x"}, {0}});
    run(s);
    assert_complaint(s, "junk-1.tar.gz", "not a whole archive");
    assert_complaint(s, "climb-1.tar.gz", "outside its directory");
    assert_complaint(s, "liar-1.tar.gz", "PKG-INFO says the project is \"truth\"");
    assert_complaint(s, "toml-1.tar.gz", "pyproject.toml:2:1");
    assert_int_equal(s->scan.len, 1);
    assert_false(s->scan.files[0].sdist.has_metadata);
    assert_false(sdist_is_static(&s->scan.files[0].sdist));
}

static void missing_and_empty_directories(void **state)
{
    struct scanned *s = *state;
    run(s);
    assert_int_equal(s->scan.len, 0);
    assert_false(scan_dir("/nonexistent-dir", NULL, &s->arena, &s->scan, &s->err));
    assert_int_equal(s->err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(s->err.text, "/nonexistent-dir"));
}

static void a_changed_file_has_no_digest(void **state)
{
    struct scanned *s = *state;
    struct digest digest;
    fixture_file(s->dir, "constraints.txt", STR("one"));
    run(s);
    struct scan_file before = s->scan.files[0];
    assert_true(scan_digest(&s->scan.files[0], &digest, &s->err));
    fixture_file(s->dir, "constraints.txt", STR("other"));
    assert_false(scan_digest(&before, &digest, &s->err));
    assert_int_equal(s->err.code, ERR_CONFLICT);
}

static void a_small_wheel_has_the_digest_of_what_was_read(void **state)
{
    struct scanned *s = *state;
    struct digest digest;
    struct str bytes;
    fixture_wheel(s->dir, "foo-1-py3-none-any.whl", "foo", "1", "py3-none-any");
    run(s);
    const char *path = s->scan.files[0].path.ptr;
    assert_true(file_read(AT_FDCWD, path, 1 << 20, &s->arena, &bytes, &s->err));
    fixture_file(s->dir, "foo-1-py3-none-any.whl", STR("other"));
    assert_true(scan_digest(&s->scan.files[0], &digest, &s->err));
    struct digest read = digest_of(bytes);
    assert_true(digest_eq(&digest, &read)); /* whoever fetches it finds the difference */
}

static void tag_sets(void **state)
{
    (void)state;
    const struct {
        const char *filename, *tags[3];
        bool agree;
    } cases[] = {
        {"a-1-py2.py3-none-any.whl", {"py2-none-any", "py3-none-any"}, true},
        {"a-1-py2.py3-none-any.whl", {"py2.py3-none-any"}, true},
        {"a-1-py2.py3-none-any.whl", {"py3-none-any"}, false},
        {"a-1-py3-none-any.whl", {"py2-none-any", "py3-none-any"}, false},
        {"a-1-py3-none-any.whl", {NULL}, true},
        {"a-1-py3-none-any.whl", {"nonsense"}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct wheel_name name;
        struct str tags[3];
        struct metadata_wheel info = {.tags = tags};
        while (info.tags_len < 3 && cases[i].tags[info.tags_len]) {
            tags[info.tags_len] = str_from(cases[i].tags[info.tags_len]);
            info.tags_len++;
        }
        assert_ok(filename_parse_wheel(str_from(cases[i].filename), &arena, &name, &err));
        assert_int_equal(wheel_tags_agree(&name, &info), cases[i].agree);
    }
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(good_files_of_every_kind),
        WITH_DIR(each_bad_wheel_gets_one_sentence),
        WITH_DIR(truncated_at_every_place),
        WITH_DIR(bombs_and_giants),
        WITH_DIR(duplicates),
        WITH_DIR(bad_sdists),
        WITH_DIR(missing_and_empty_directories),
        WITH_DIR(a_changed_file_has_no_digest),
        WITH_DIR(a_small_wheel_has_the_digest_of_what_was_read),
        cmocka_unit_test(tag_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
