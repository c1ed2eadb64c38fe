/* A cache goes through a bundle as it is; what is not as promised leaves the other side empty. */
#include "bundle/bundle.h"

#include <string.h>
#include <unistd.h>

#include "../index/fixture.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/tar.h"
#include "unit.h"

static const char *below(struct arena *arena, const char *dir, const char *path)
{
    return arena_printf(arena, "%s/%s", dir, path).ptr;
}

static void put(struct arena *arena, const char *dir, const char *path, mode_t mode,
                const char *text)
{
    struct err err = {0};
    struct str whole = str_from(below(arena, dir, path));
    assert_ok(file_mkdirs(
        AT_FDCWD, arena_cstr(arena, str_slice(whole, 0, str_rfind_char(whole, '/'))), 0755, &err));
    assert_ok(file_write(AT_FDCWD, whole.ptr, mode, str_from(text), &err));
}

static bool is_there(struct arena *arena, const char *dir, const char *path)
{
    struct stat info;
    return lstat(below(arena, dir, path), &info) == 0;
}

static void test_round_trip(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct bundle_summary made, taken;
    struct stat info;
    const char *dir = fixture_dir(&arena), *from = below(&arena, dir, "from");
    const char *to = below(&arena, dir, "to"), *file = below(&arena, dir, "b");
    (void)state;
    put(&arena, from, "index/files/ab/a.whl", 0644, "wheel");
    put(&arena, from, "index/files/download-1", 0600, "half");
    put(&arena, from, "crates/c/Cargo.lock", 0644, "locked");
    put(&arena, from, "roots/r/bin/tool", 0755, "same");
    put(&arena, from, "roots/r/bin/text", 0644, "same");
    put(&arena, from, "roots/r.new/x", 0644, "unfinished");
    put(&arena, from, "history.db", 0600, "mine");
    assert_ok(file_mkdirs(AT_FDCWD, below(&arena, from, "roots/r/tmp"), 0755, &err));
    assert_int_equal(symlink("/etc/passwd", below(&arena, from, "roots/r/link")), 0);
    assert_ok(bundle_create(from, STR("t"), file, &made, &err));
    assert_int_equal(made.paths, 6);
    assert_int_equal(made.blobs, 3);
    assert_ok(bundle_import(file, &made.digest, to, &taken, &err));
    assert_int_equal(taken.paths, 6);
    assert_true(is_there(&arena, to, "index/files/ab/a.whl"));
    assert_true(is_there(&arena, to, "crates/c/Cargo.lock"));
    assert_true(is_there(&arena, to, "roots/r/tmp") && is_there(&arena, to, "roots/r/link"));
    assert_true(stat(below(&arena, to, "roots/r/bin/tool"), &info) == 0 && info.st_mode & 0100);
    assert_true(stat(below(&arena, to, "roots/r/bin/text"), &info) == 0 && !(info.st_mode & 0111));
    assert_false(is_there(&arena, to, "index/files/download-1"));
    assert_false(is_there(&arena, to, "roots/r.new"));
    assert_false(is_there(&arena, to, "history.db"));
    fixture_remove(dir);
}

/* A bundle that names `path` with the digest of "good" and holds `content`. */
static void bad(const char *path, const char *content, const char *link, enum err_code code)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct bundle_summary summary;
    struct tar *tar;
    struct str text;
    const char *dir = fixture_dir(&arena), *file = below(&arena, dir, "b");
    const char *to = below(&arena, dir, "to");
    const struct bundle_file named = {
        .path = str_from(path), .digest = digest_of(STR("good")), .size = 4};
    const struct bundle_link linked = {str_from(link), STR("/tmp")};
    const struct bundle bundle = {
        .files = &named, .files_len = 1, .links = &linked, .links_len = link ? 1 : 0};
    bundle_write(&bundle, &arena, &text);
    FD_AUTO int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_ok(tar_open(fd, "b", true, &tar, &err));
    assert_ok(tar_add_bytes(tar, "manifest.json", text, &err));
    const char *member = arena_printf(&arena, "blobs/%s", digest_to_hex(&named.digest).text).ptr;
    assert_ok(tar_add_bytes(tar, member, str_from(content), &err));
    assert_ok(tar_close(&tar, &err));
    bool ok = bundle_import(file, NULL, to, &summary, &err);
    if (code ? ok || err.code != code : !ok)
        fail_msg("%s, %s: %s", path, content, ok ? "taken" : err.text);
    if (code)
        assert_false(is_there(&arena, to, "roots"));
    fixture_remove(dir);
}

static void test_promises(void **state)
{
    (void)state;
    bad("roots/r/x", "good", NULL, ERR_NONE);
    bad("roots/r/x", "evil", NULL, ERR_DIGEST);
    bad("roots/r/x", "goo", NULL, ERR_DIGEST);
    bad("roots/r/x", "goods", NULL, ERR_DIGEST);
    bad("../x", "good", NULL, ERR_FORMAT);
    bad("roots/../x", "good", NULL, ERR_FORMAT);
    bad("/roots/x", "good", NULL, ERR_FORMAT);
    bad("history.db", "good", NULL, ERR_FORMAT);
    bad("roots/r/x", "good", "index/files/x", ERR_FORMAT);
    bad("roots/r/x/y", "good", "roots/r/x", ERR_SYSTEM); /* a directory by then */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_promises)};
    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
