/* Packages are made with libarchive here: good ones, and each way to be a bad one. */
#include "unit.h"

#include <string.h>
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/arch.h"
#include "image/deb.h"
#include "image/root.h"
#include "os/file.h"

struct member {
    const char *path;
    char type;        /* f file, d directory, l symbolic, h hard link, c character device */
    const char *text; /* content or target */
    mode_t mode;
};

struct place {
    struct arena arena;
    struct str top;
};

static int set_up(void **state)
{
    static struct place place;
    struct err err;
    place = (struct place){0};
    if (!file_make_temp_dir("/tmp", "refinery-deb-", &place.arena, &place.top, &err))
        return -1;
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    struct err err;
    bool ok = file_remove_tree(AT_FDCWD, place->top.ptr, &err);
    arena_free(&place->arena);
    return ok ? 0 : -1;
}

static size_t make_tar(const struct member *members, char *bytes, size_t room)
{
    size_t used = 0;
    struct archive *tar = archive_write_new();
    archive_write_set_format_gnutar(tar);
    archive_write_add_filter_xz(tar);
    archive_write_set_bytes_in_last_block(tar, 1);
    assert_int_equal(archive_write_open_memory(tar, bytes, room, &used), ARCHIVE_OK);
    for (; members->path; members++) {
        struct archive_entry *entry = archive_entry_new();
        const char *text = members->text ? members->text : "";
        archive_entry_set_pathname(entry, members->path);
        archive_entry_set_filetype(entry, members->type == 'd'   ? AE_IFDIR
                                          : members->type == 'l' ? AE_IFLNK
                                          : members->type == 'c' ? AE_IFCHR
                                                                 : AE_IFREG);
        archive_entry_set_perm(entry, members->mode ? members->mode : 0644);
        archive_entry_set_mtime(entry, 1500000000, 0);
        if (members->type == 'l')
            archive_entry_set_symlink(entry, text);
        if (members->type == 'h')
            archive_entry_set_hardlink(entry, text);
        bool has_data = members->type == 'f';
        archive_entry_set_size(entry, has_data ? (la_int64_t)strlen(text) : 0);
        assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
        if (has_data && *text)
            assert_int_equal(archive_write_data(tar, text, strlen(text)), (la_ssize_t)strlen(text));
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(tar), ARCHIVE_OK);
    archive_write_free(tar);
    return used;
}

static void add_member(struct archive *deb, const char *name, const char *bytes, size_t size)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)size);
    assert_int_equal(archive_write_header(deb, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(deb, bytes, size), (la_ssize_t)size);
    archive_entry_free(entry);
}

static const char *make_deb(struct place *place, const struct member *members)
{
    static char tar[64 << 10];
    const struct member control[] = {{"./control", 'f', "Package: a\nVersion: 1\n", 0},
                                     {"./postinst", 'f', "#!/bin/sh\n", 0755},
                                     {0}};
    struct str path = arena_printf(&place->arena, "%s/a.deb", place->top.ptr);
    struct archive *deb = archive_write_new();
    archive_write_set_format_ar_svr4(deb);
    assert_int_equal(archive_write_open_filename(deb, path.ptr), ARCHIVE_OK);
    add_member(deb, "debian-binary", "2.0\n", 4);
    size_t size = make_tar(control, tar, sizeof tar);
    add_member(deb, "control.tar.xz", tar, size);
    if (members) {
        size = make_tar(members, tar, sizeof tar);
        add_member(deb, "data.tar.xz", tar, size);
    }
    assert_int_equal(archive_write_close(deb), ARCHIVE_OK);
    archive_write_free(deb);
    return path.ptr;
}

static bool unpack(struct place *place, const struct member *members,
                   const struct deb_limits *limits, struct err *err)
{
    struct str dir = arena_printf(&place->arena, "%s/package", place->top.ptr);
    const char *deb = make_deb(place, members);
    assert_true(file_mkdirs(AT_FDCWD, dir.ptr, 0755, err));
    return deb_unpack(deb, dir.ptr, limits, err);
}

static struct stat look(struct place *place, const char *path)
{
    struct stat info = {0};
    struct str full = arena_printf(&place->arena, "%s/package/%s", place->top.ptr, path);
    if (lstat(full.ptr, &info))
        info.st_mode = 0;
    return info;
}

static void test_unpacks(void **state)
{
    static const struct member members[] = {{"./", 'd', NULL, 0755},
                                            {"./lib/", 'd', NULL, 0755},
                                            {"./lib/libz.so.1", 'f', "library", 0644},
                                            {"./lib/libz.so", 'l', "/lib/libz.so.1", 0777},
                                            {"./usr/bin/su", 'f', "program", 04755},
                                            {"./usr/bin/hard", 'h', "./usr/bin/su", 0},
                                            {"./usr/share/man/man1/su.1", 'f', "manual", 0644},
                                            {"./usr/share/doc/a/changelog", 'f', "long", 0644},
                                            {"./usr/share/doc/a/copyright", 'f', "licence", 0644},
                                            {"./dev/null", 'c', NULL, 0666},
                                            {"./etc/secret", 'f', "", 0600},
                                            {0}};
    struct place *place = *state;
    struct err err = {0};
    struct str control;
    char says[64] = {0};
    assert_ok(unpack(place, members, &deb_default_limits, &err));
    assert_true(S_ISREG(look(place, "data/usr/lib/libz.so.1").st_mode));
    assert_int_equal(look(place, "data/usr/lib/libz.so.1").st_mtime, 1500000000);
    struct str link =
        arena_printf(&place->arena, "%s/package/data/usr/lib/libz.so", place->top.ptr);
    assert_int_equal(readlink(link.ptr, says, sizeof says - 1), 9);
    assert_string_equal(says, "libz.so.1");
    assert_int_equal(look(place, "data/usr/bin/su").st_mode & 07777, 0755); /* no setuid bit */
    assert_int_equal(look(place, "data/usr/bin/su").st_nlink, 2);
    assert_int_equal(look(place, "data/etc/secret").st_mode & 07777, 0644);
    assert_int_equal(look(place, "data/dev/null").st_mode, 0);
    assert_int_equal(look(place, "data/usr/share/man").st_mode, 0);
    assert_int_equal(look(place, "data/usr/share/doc/a/changelog").st_mode, 0);
    assert_true(S_ISREG(look(place, "data/usr/share/doc/a/copyright").st_mode));
    assert_int_equal(look(place, "postinst").st_mode, 0);
    struct str path = arena_printf(&place->arena, "%s/package/control", place->top.ptr);
    assert_ok(file_read(AT_FDCWD, path.ptr, 1000, &place->arena, &control, &err));
    assert_str(control, "Package: a\nVersion: 1\n");
}

static void expect_refused(struct place *place, const struct member *members, const char *why)
{
    struct err err = {0};
    if (unpack(place, members, &deb_default_limits, &err))
        fail_msg("unpacked although: %s", why);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void test_dot_dot(void **state)
{
    static const struct member members[] = {{"./usr/../../../escape", 'f', "x", 0}, {0}};
    expect_refused(*state, members, "unsafe path");
}

static void test_absolute(void **state)
{
    static const struct member members[] = {{"/tmp/escape", 'f', "x", 0}, {0}};
    expect_refused(*state, members, "unsafe path");
}

static void test_through_link(void **state)
{
    static const struct member members[] = {
        {"./usr/x", 'l', "/tmp", 0777}, {"./usr/x/escape", 'f', "x", 0}, {0}};
    expect_refused(*state, members, "no directory");
}

static void test_hard_link_out(void **state)
{
    static const struct member members[] = {{"./usr/x", 'h', "../../../../etc/passwd", 0}, {0}};
    expect_refused(*state, members, "out of the package");
}

static void test_no_data(void **state)
{
    expect_refused(*state, NULL, "no data.tar");
}

static void test_limits(void **state)
{
    static const struct member members[] = {
        {"./a", 'f', "12345678", 0}, {"./b", 'f', "12345678", 0}, {0}};
    const struct deb_limits few_bytes = {10, 100}, few_members = {1000, 2};
    struct place *place = *state;
    struct err err = {0};
    assert_false(unpack(place, members, &few_bytes, &err));
    if (err.code != ERR_LIMIT)
        fail_msg("%s", err.text);
    struct str dir = arena_printf(&place->arena, "%s/package", place->top.ptr);
    assert_ok(file_remove_tree(AT_FDCWD, dir.ptr, &err));
    assert_false(unpack(place, members, &few_members, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_garbage(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str deb = arena_printf(&place->arena, "%s/bad.deb", place->top.ptr);
    struct str dir = arena_printf(&place->arena, "%s/package", place->top.ptr);
    assert_ok(file_write(AT_FDCWD, deb.ptr, 0644, STR("<html>please log in</html>"), &err));
    assert_ok(file_mkdirs(AT_FDCWD, dir.ptr, 0755, &err));
    assert_false(deb_unpack(deb.ptr, dir.ptr, &deb_default_limits, &err));
    assert_int_equal(err.code, ERR_FORMAT);
}

static struct stat in_root(struct place *place, const char *path)
{
    struct stat info = {0};
    if (lstat(arena_printf(&place->arena, "%s/root/%s", place->top.ptr, path).ptr, &info))
        info.st_mode = 0;
    return info;
}

/* A package becomes a root: hard links, merged /usr, alternatives, accounts, dpkg's record. */
static void test_root(void **state)
{
    static const struct member members[] = {
        {"./bin/dash", 'f', "shell", 0755},
        {"./usr/include/s390x-linux-gnu/a.h", 'f', "header", 0},
        {"./usr/lib/s390x-linux-gnu/openblas-pthread/libblas.so.3", 'f', "blas", 0},
        {0}};
    const struct image_link links[] = {{STR_INIT("/usr/include"), STR_INIT("/sysroot/usr/include")},
                                       {STR_INIT("/usr/s390x-linux-gnu/lib"), STR_INIT("")}};
    const struct root_package record = {STR_INIT("Package: a\nVersion: 1\n\n")};
    struct place *place = *state;
    struct err err = {0};
    struct str text, root = arena_printf(&place->arena, "%s/root", place->top.ptr);
    struct str data = arena_printf(&place->arena, "%s/package/data", place->top.ptr);
    const struct arch *arch = arch_find(STR("s390x"));
    assert_ok(unpack(place, members, &deb_default_limits, &err));
    assert_ok(file_mkdirs(AT_FDCWD, root.ptr, 0755, &err));
    assert_ok(root_skeleton(root.ptr, arch, &err));
    assert_ok(root_add_tree(root.ptr, data.ptr, &err));
    assert_ok(root_finish(root.ptr, arch, &record, 1, &err));
    assert_ok(root_links(root.ptr, links, 2, &err));
    assert_true(S_ISLNK(in_root(place, "bin").st_mode));
    assert_int_equal(in_root(place, "usr/bin/dash").st_ino,
                     look(place, "data/usr/bin/dash").st_ino);
    assert_true(S_ISLNK(in_root(place, "usr/bin/sh").st_mode));
    assert_true(S_ISLNK(in_root(place, "usr/lib/s390x-linux-gnu/libblas.so.3").st_mode));
    assert_true(S_ISLNK(in_root(place, "usr/include").st_mode)); /* the directory gave way */
    assert_true(S_ISDIR(in_root(place, "usr/s390x-linux-gnu/lib").st_mode));
    assert_true(in_root(place, "tmp").st_mode & S_ISVTX);
    struct str status = arena_printf(&place->arena, "%s/var/lib/dpkg/status", root.ptr);
    assert_ok(file_read(AT_FDCWD, status.ptr, 1000, &place->arena, &text, &err));
    assert_str(text, "Package: a\nStatus: install ok installed\nVersion: 1\n\n");
    /* A link of one package where another has a directory could lead out: refused. */
    struct str usr = arena_printf(&place->arena, "%s/root/usr/lib/trap", place->top.ptr);
    struct str trap = arena_printf(&place->arena, "%s/package/data/usr/lib/trap", place->top.ptr);
    assert_int_equal(symlink("/tmp", usr.ptr), 0);
    assert_ok(file_mkdirs(AT_FDCWD, trap.ptr, 0755, &err));
    assert_false(root_add_tree(root.ptr, data.ptr, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unpacks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dot_dot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_absolute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_through_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hard_link_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_garbage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_root, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
