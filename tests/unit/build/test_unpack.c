/* Hostile archives, and what hook_open_output takes from a directory that a build owned. */
#include "build/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../index/fixture.h"
#include "build/hook.h"
#include "jail/jail.h"
#include "os/fd.h"
#include "os/file.h"
#include "unit.h"

struct member {
    const char *path;
    const char *text; /* of a file; the target of a link */
    char kind;        /* 'f'ile, 'd'irectory, symbolic 'l'ink, 'h'ard link, 'c'haracter device,
                         named 'p'ipe */
    unsigned mode;
};

struct yard {
    struct arena arena;
    const char *dir, *tree, *bin;
};

static int yard_make(void **state)
{
    struct err err = {0};
    struct yard *yard = calloc(1, sizeof *yard);
    yard->dir = fixture_dir(&yard->arena);
    yard->tree = arena_printf(&yard->arena, "%s/tree", yard->dir).ptr;
    yard->bin = arena_printf(&yard->arena, "%s/bin", yard->dir).ptr;
    assert_ok(file_mkdirs(AT_FDCWD, yard->tree, 0755, &err));
    assert_ok(file_mkdirs(AT_FDCWD, yard->bin, 0755, &err));
    fixture_file(yard->dir, "secret", STR("secret"));
    *state = yard;
    return 0;
}

static int yard_remove(void **state)
{
    struct yard *yard = *state;
    fixture_remove(yard->dir);
    arena_free(&yard->arena);
    free(yard);
    return 0;
}

static const char *tar(struct yard *yard, const struct member *members, size_t count)
{
    const char *path = arena_printf(&yard->arena, "%s/d-1.tar.gz", yard->dir).ptr;
    struct archive *out = archive_write_new();
    archive_write_add_filter_gzip(out);
    archive_write_set_format_pax_restricted(out);
    assert_int_equal(archive_write_open_filename(out, path), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        const struct member *m = &members[i];
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, m->path);
        archive_entry_set_filetype(entry, m->kind == 'd'   ? AE_IFDIR
                                          : m->kind == 'l' ? AE_IFLNK
                                          : m->kind == 'c' ? AE_IFCHR
                                          : m->kind == 'p' ? AE_IFIFO
                                                           : AE_IFREG);
        archive_entry_set_perm(entry, (__LA_MODE_T)m->mode);
        if (m->kind == 'l')
            archive_entry_set_symlink(entry, m->text);
        else if (m->kind == 'h')
            archive_entry_set_hardlink(entry, m->text);
        else if (m->kind == 'f')
            archive_entry_set_size(entry, (int64_t)strlen(m->text));
        assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
        if (m->kind == 'f')
            assert_true(archive_write_data(out, m->text, strlen(m->text)) >= 0);
        archive_entry_free(entry);
    }
    archive_write_free(out);
    return path;
}

static struct str content(struct yard *yard, const char *name)
{
    struct err err = {0};
    struct str text;
    const char *path = arena_printf(&yard->arena, "%s/%s", yard->dir, name).ptr;
    assert_ok(file_read(AT_FDCWD, path, 1 << 20, &yard->arena, &text, &err));
    return text;
}

static unsigned mode_of(struct yard *yard, const char *name)
{
    struct stat info;
    const char *path = arena_printf(&yard->arena, "%s/%s", yard->dir, name).ptr;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

static void test_sdist(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    const struct member members[] = {
        {"d-1/", NULL, 'd', 0700},
        {"d-1/setup.py", "code", 'f', 0600},
        {"d-1/configure", "#!/bin/sh", 'f', 04711},
        {"d-1/deep/er/x", "x", 'f', 0},
        {"d-1/deep/link", "../setup.py", 'l', 0777},
        {"d-1/deep/hard", "d-1/setup.py", 'h', 0644},
        {"d-1/setup.py", "again", 'f', 0644},
        {"pax_top_file", "ignored", 'f', 0644},
        {"./d-1/dotted", "x", 'f', 0644},
        {"./d-1/dotted.hard", "./d-1/dotted", 'h', 0644},
        {"./", NULL, 'd', 0755},
    };
    assert_ok(unpack_sdist(tar(yard, members, sizeof members / sizeof *members), yard->tree,
                           &unpack_default_limits, &err));
    assert_str(content(yard, "tree/setup.py"), "again"); /* the last one wins, as with tar */
    assert_str(content(yard, "tree/deep/link"), "again");
    assert_str(content(yard, "tree/deep/hard"), "code");
    assert_str(content(yard, "tree/dotted.hard"), "x");
    assert_int_equal(mode_of(yard, "tree/configure"), 0755);
    assert_int_equal(mode_of(yard, "tree/setup.py"), 0644);
    assert_int_equal(mode_of(yard, "tree/deep/er/x"), 0644);
    assert_int_equal(access(arena_printf(&yard->arena, "%s/pax_top_file", yard->tree).ptr, F_OK),
                     -1);
}

static void test_sdist_refused(void **state)
{
    struct yard *yard = *state;
    const char *secret = arena_printf(&yard->arena, "%s/secret", yard->dir).ptr;
    const struct member evil[] = {
        {"d-1/../../secret", "evil", 'f', 0644},
        {"d-1/a/../../secret", "evil", 'f', 0644},
        {"/d-1/x", "evil", 'f', 0644},
        {"../d-1/x", "evil", 'f', 0644},
        {"d-1//x", "evil", 'f', 0644},
        {"d-1/dev", NULL, 'c', 0644},
        {"d-1/fifo", NULL, 'p', 0644},
        {"d-1/link", "/etc/passwd", 'l', 0777},
        {"d-1/link", "../secret", 'l', 0777},
        {"d-1/pyproject.toml", secret, 'l', 0777},
        {"d-1/a/link", "../../secret", 'l', 0777},
        {"d-1/a/link", "b/../../../secret", 'l', 0777},
        {"d-1/link", "a/..", 'l', 0777}, /* "a" may be a link itself */
        {"d-1/a/link", "b/..", 'l', 0777},
        {"d-1/hard", "../secret", 'h', 0644},
        {"d-1/hard", "d-1/../../secret", 'h', 0644},
        {"d-1/hard", secret, 'h', 0644},
        {"d-1/hard", "d-1", 'h', 0644},
    };
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
        struct err err = {0};
        if (unpack_sdist(tar(yard, &evil[i], 1), yard->tree, &unpack_default_limits, &err))
            fail_msg("%s -> %s was taken", evil[i].path, evil[i].text);
        assert_int_equal(err.code, ERR_FORMAT);
        assert_non_null(strstr(err.text, "d-1"));
        assert_str(content(yard, "secret"), "secret");
    }
}

static bool sandbox_works(struct arena *arena)
{
    struct jail_findings findings = {0};
    jail_probe(arena, &findings);
    for (size_t i = 0; i < findings.len; i++)
        if (str_eq(findings.at[i].name, STR("sandbox")))
            return findings.at[i].health != JAIL_BAD;
    return false;
}

/* What comes out is the jail's: as root, files of an id that is nobody here. */
static void test_sdist_in_jail(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    struct stat info;
    uid_t uid;
    gid_t gid;
    const struct member members[] = {{"d-1/setup.py", "code", 'f', 0600},
                                     {"d-1/deep/x.txt", "x", 'f', 0644},
                                     {"d-1/deep/link", "../setup.py", 'l', 0777}};
    const struct member evil = {"d-1/../../secret", "evil", 'f', 0644};
    const struct unpack_limits few = {3, 10};
    if (!sandbox_works(&yard->arena))
        skip(); /* under qemu-user; other stages run with the real one */
    assert_ok(jail_host_ids(&uid, &gid, &err));
    const char *sdist = tar(yard, members, 3);
    assert_int_equal(chmod(sdist, 0600), 0);
    assert_int_equal(chmod(yard->dir, 0755), 0);
    assert_false(unpack_sdist_in_jail(sdist, yard->tree, yard->bin, &few, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "more than 3 bytes"));
    assert_ok(unpack_sdist_in_jail(sdist, yard->tree, yard->bin, &unpack_default_limits, &err));
    assert_str(content(yard, "tree/deep/link"), "code");
    assert_str(content(yard, "tree/deep/x.txt"), "x");
    assert_int_equal(stat(arena_printf(&yard->arena, "%s/setup.py", yard->tree).ptr, &info), 0);
    assert_int_equal(info.st_uid, uid);
    err.code = ERR_NONE;
    assert_false(unpack_sdist_in_jail(tar(yard, &evil, 1), yard->tree, yard->bin,
                                      &unpack_default_limits, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    assert_non_null(strstr(err.text, "leads elsewhere"));
    assert_str(content(yard, "secret"), "secret");
}

/* A link that is fine by itself, and a file that would go through it. */
static void test_sdist_through_link(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    const struct member members[] = {
        {"d-1/real/x", "x", 'f', 0644},
        {"d-1/dir", "real", 'l', 0777},
        {"d-1/dir/y", "evil", 'f', 0644},
    };
    assert_false(unpack_sdist(tar(yard, members, 3), yard->tree, &unpack_default_limits, &err));
    assert_int_equal(access(arena_printf(&yard->arena, "%s/real/y", yard->tree).ptr, F_OK), -1);
}

static void test_limits(void **state)
{
    struct yard *yard = *state;
    const struct member members[] = {{"d-1/a", "12345", 'f', 0644}, {"d-1/b", "12345", 'f', 0644}};
    const struct fixture_member zipped[] = {
        {"p/a", "12345"}, {"p/b", "12345"}, {"d-1.dist-info/WHEEL", ""}, {0}};
    const struct unpack_limits few[] = {{9, 10}, {100, 1}}, enough = {10, 3};
    const char *sdist = tar(yard, members, 2);
    const char *wheel = arena_printf(&yard->arena, "%s/d-1-py3-none-any.whl", yard->dir).ptr;
    struct err err = {0};
    fixture_zip(yard->dir, "d-1-py3-none-any.whl", zipped);
    for (size_t i = 0; i < 2; i++) {
        assert_false(unpack_sdist(sdist, yard->tree, &few[i], &err));
        assert_int_equal(err.code, ERR_LIMIT);
        err.code = ERR_NONE;
        assert_false(unpack_wheel(wheel, yard->tree, NULL, &few[i], &err));
        assert_int_equal(err.code, ERR_LIMIT);
    }
    assert_ok(unpack_sdist(sdist, yard->tree, &enough, &err));
    assert_ok(unpack_wheel(wheel, yard->tree, NULL, &enough, &err));
}

static void test_damaged(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    char here[4096], after[4096];
    assert_non_null(getcwd(here, sizeof here));
    fixture_file(yard->dir, "d-1.tar.gz", STR("no archive"));
    const char *path = arena_printf(&yard->arena, "%s/d-1.tar.gz", yard->dir).ptr;
    assert_false(unpack_sdist(path, yard->tree, &unpack_default_limits, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    const struct member members[] = {{"d-1/a", "12345", 'f', 0644}};
    tar(yard, members, 1);
    assert_int_equal(truncate(path, 40), 0);
    assert_false(unpack_sdist(path, yard->tree, &unpack_default_limits, &err));
    assert_false(unpack_sdist(path, "/no/such/directory", &unpack_default_limits, &err));
    assert_non_null(getcwd(after, sizeof after));
    assert_string_equal(here, after);
}

static void test_wheel(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    const struct fixture_member members[] = {
        {"p/__init__.py", "x"},
        {"p/sub/", NULL},
        {"d-1.data/purelib/q.py", "q"},
        {"d-1.data/platlib/r/s.so", "s"},
        {"d-1.data/scripts/tool", "#!python\n"},
        {"d-1.data/headers/h.h", "h"},
        {"d-1.data/data/share/x", "x"},
        {"d-1.dist-info/WHEEL", "w"},
        {0},
    };
    fixture_zip(yard->dir, "d-1-py3-none-any.whl", members);
    const char *wheel = arena_printf(&yard->arena, "%s/d-1-py3-none-any.whl", yard->dir).ptr;
    assert_ok(unpack_wheel(wheel, yard->tree, yard->bin, &unpack_default_limits, &err));
    assert_str(content(yard, "tree/p/__init__.py"), "x");
    assert_str(content(yard, "tree/q.py"), "q");
    assert_str(content(yard, "tree/r/s.so"), "s");
    assert_str(content(yard, "bin/tool"), "#!python\n");
    assert_int_equal(mode_of(yard, "bin/tool"), 0755);
    assert_int_equal(access(arena_printf(&yard->arena, "%s/h.h", yard->tree).ptr, F_OK), -1);
    assert_int_equal(access(arena_printf(&yard->arena, "%s/d-1.data", yard->tree).ptr, F_OK), -1);
    assert_int_equal(access(arena_printf(&yard->arena, "%s/share", yard->tree).ptr, F_OK), -1);
    assert_ok(unpack_wheel(wheel, yard->tree, NULL, &unpack_default_limits, &err)); /* no scripts */
}

static void test_wheel_refused(void **state)
{
    struct yard *yard = *state;
    static const char *const evil[] = {"../secret", "/etc/x", "p/../../secret",
                                       "d-1.data/purelib/../../../secret", "p//x"};
    const char *wheel = arena_printf(&yard->arena, "%s/d-1-py3-none-any.whl", yard->dir).ptr;
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
        struct err err = {0};
        const struct fixture_member members[] = {
            {"d-1.dist-info/WHEEL", "w"}, {evil[i], "evil"}, {0}};
        fixture_zip(yard->dir, "d-1-py3-none-any.whl", members);
        assert_false(unpack_wheel(wheel, yard->tree, yard->bin, &unpack_default_limits, &err));
        assert_int_equal(err.code, ERR_FORMAT);
        assert_str(content(yard, "secret"), "secret");
    }
}

/* ---- hook_open_output ---- */

static void test_open_output(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    FD_AUTO int fd = -1;
    const char *tree = yard->tree;
    fixture_file(tree, "file", STR("built"));
    assert_int_equal(symlink("../secret", arena_printf(&yard->arena, "%s/link", tree).ptr), 0);
    assert_int_equal(mkfifo(arena_printf(&yard->arena, "%s/fifo", tree).ptr, 0644), 0);
    assert_ok(file_mkdirs(AT_FDCWD, arena_printf(&yard->arena, "%s/dir", tree).ptr, 0755, &err));
    assert_int_equal(symlink("tree", arena_printf(&yard->arena, "%s/away", yard->dir).ptr), 0);
    static const char *const refused[] = {"link",        "fifo", "dir", "../secret", "dir/x",
                                          "/etc/passwd", "",     ".",   ".."};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        err = (struct err){0};
        assert_false(hook_open_output(yard->dir, "tree", str_from(refused[i]), &fd, &err));
        assert_int_equal(err.code, ERR_FORMAT);
        assert_int_equal(fd, -1);
    }
    assert_false(hook_open_output(yard->dir, "tree", STR("absent"), &fd, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(hook_open_output(yard->dir, "away", STR("file"), &fd, &err)); /* a link itself */
    assert_ok(hook_open_output(yard->dir, "tree", STR("file"), &fd, &err));
    struct str text;
    assert_ok(file_read_fd(fd, "file", 100, &yard->arena, &text, &err));
    assert_str(text, "built");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sdist, yard_make, yard_remove),
        cmocka_unit_test_setup_teardown(test_sdist_refused, yard_make, yard_remove),
        cmocka_unit_test_setup_teardown(test_sdist_in_jail, yard_make, yard_remove),
        cmocka_unit_test_setup_teardown(test_sdist_through_link, yard_make, yard_remove),
        cmocka_unit_test_setup_teardown(test_limits, yard_make, yard_remove),
        cmocka_unit_test_setup_teardown(test_damaged, yard_make, yard_remove),
        cmocka_unit_test_setup_teardown(test_wheel, yard_make, yard_remove),
        cmocka_unit_test_setup_teardown(test_wheel_refused, yard_make, yard_remove),
        cmocka_unit_test_setup_teardown(test_open_output, yard_make, yard_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
