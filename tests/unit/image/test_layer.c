/* Layers are made with libarchive here: what they mean one on the other, and each way to do harm.
 */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image/layer.h"
#include "os/fd.h"
#include "os/file.h"

struct member {
    const char *path;
    char type;        /* f file, d directory, l symbolic, h hard link, c character device */
    const char *text; /* content or target */
    mode_t mode;
};

struct place {
    struct arena arena;
    struct str top, root;
    int dirfd;
    struct layer_limits limits;
    struct layer_root layers;
    struct err err;
};

static int set_up(void **state)
{
    static struct place place;
    struct err err;
    place = (struct place){.limits = layer_default_limits};
    if (!file_make_temp_dir("/tmp", "refinery-layer-", &place.arena, &place.top, &err))
        return -1;
    place.root = arena_printf(&place.arena, "%s/root", place.top.ptr);
    if (!file_mkdirs(AT_FDCWD, place.root.ptr, 0755, &err))
        return -1;
    place.dirfd = open(place.root.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    place.layers = (struct layer_root){place.dirfd, place.root.ptr, &place.limits, 0, 0};
    *state = &place;
    return place.dirfd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    struct err err;
    fd_close(&place->dirfd);
    bool ok = file_remove_tree(AT_FDCWD, place->top.ptr, &err);
    arena_free(&place->arena);
    return ok ? 0 : -1;
}

static struct archive_entry *make_entry(const struct member *member)
{
    struct archive_entry *entry = archive_entry_new();
    mode_t mode = member->mode;
    archive_entry_set_pathname(entry, member->path);
    archive_entry_set_filetype(entry, member->type == 'd'   ? AE_IFDIR
                                      : member->type == 'l' ? AE_IFLNK
                                      : member->type == 'c' ? AE_IFCHR
                                                            : AE_IFREG);
    archive_entry_set_perm(entry, mode ? mode : member->type == 'd' ? 0755 : 0644);
    if (member->type == 'l')
        archive_entry_set_symlink(entry, member->text);
    if (member->type == 'h')
        archive_entry_set_hardlink(entry, member->text);
    archive_entry_set_size(
        entry, member->type == 'f' && member->text ? (la_int64_t)strlen(member->text) : 0);
    return entry;
}

/* In memory, with one of the filters of layers. */
static int make_layer(const struct member *members, int (*filter)(struct archive *))
{
    int fd = memfd_create("layer", MFD_CLOEXEC);
    struct archive *tar = archive_write_new();
    archive_write_set_format_gnutar(tar);
    filter(tar);
    assert_int_equal(archive_write_open_fd(tar, fd), ARCHIVE_OK);
    for (; members->path; members++) {
        struct archive_entry *entry = make_entry(members);
        assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
        if (members->type == 'f' && members->text)
            archive_write_data(tar, members->text, strlen(members->text));
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_free(tar), ARCHIVE_OK);
    return fd;
}

static bool apply_with(struct place *place, const struct member *members,
                       int (*filter)(struct archive *))
{
    FD_AUTO int fd = make_layer(members, filter);
    return layer_apply(&place->layers, fd, "layer", &place->err);
}

static bool apply(struct place *place, const struct member *members)
{
    return apply_with(place, members, archive_write_add_filter_gzip);
}

/* Content of a file, "-> target" of a link, "/" of a directory, "" when nothing is there. */
static struct str look(struct place *place, const char *path)
{
    struct stat info;
    struct str text;
    struct err err = {0};
    char says[4096];
    if (fstatat(place->dirfd, path, &info, AT_SYMLINK_NOFOLLOW))
        return STR("");
    if (S_ISDIR(info.st_mode))
        return STR("/");
    if (S_ISLNK(info.st_mode)) {
        ssize_t len = readlinkat(place->dirfd, path, says, sizeof says);
        return arena_printf(&place->arena, "-> %.*s", (int)len, says);
    }
    assert_ok(file_read(place->dirfd, path, 1 << 20, &place->arena, &text, &err));
    return text;
}

static void test_members(void **state)
{
    struct place *place = *state;
    static const struct member members[] = {
        {"./", 'd', NULL, 0},       {"./a/b/c.txt", 'f', "deep", 0}, {"run.sh", 'f', "x", 04711},
        {"secret", 'f', "s", 0600}, {"tmp/", 'd', NULL, 01777},      {"hard", 'h', "a/b/c.txt", 0},
        {"null", 'c', NULL, 0666},  {"/absolute", 'f', "root's", 0}, {"\303\266.txt", 'f', "o", 0},
        {NULL, 0, NULL, 0}};
    static int (*const filters[])(struct archive *) = {archive_write_add_filter_none,
                                                       archive_write_add_filter_gzip,
                                                       archive_write_add_filter_zstd};
    struct stat info, other;
    umask(077);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (!apply_with(place, members, filters[i]))
            fail_msg("%s", place->err.text);
    assert_str(look(place, "a/b/c.txt"), "deep");
    assert_str(look(place, "absolute"), "root's");
    assert_str(look(place, "\303\266.txt"), "o");
    assert_str(look(place, "null"), ""); /* no device */
    assert_int_equal(fstatat(place->dirfd, "run.sh", &info, 0), 0);
    assert_int_equal(info.st_mode & 07777, 0755); /* no set-id */
    assert_int_equal(fstatat(place->dirfd, "secret", &info, 0), 0);
    assert_int_equal(info.st_mode & 07777, 0644);
    assert_int_equal(fstatat(place->dirfd, "tmp", &info, 0), 0);
    assert_int_equal(info.st_mode & 07777, 01777);
    assert_int_equal(fstatat(place->dirfd, "hard", &info, 0), 0);
    assert_int_equal(fstatat(place->dirfd, "a/b/c.txt", &other, 0), 0);
    assert_true(info.st_ino == other.st_ino && info.st_nlink == 2);
}

static void test_upon_each_other(void **state)
{
    struct place *place = *state;
    static const struct member base[] = {
        {"usr/lib/old", 'f', "old", 0},    {"usr/lib/gone", 'f', "gone", 0},
        {"lib", 'l', "usr/lib", 0},        {"opaque/low", 'f', "low", 0},
        {"opaque/sub/low", 'f', "low", 0}, {"was-file", 'f', "f", 0},
        {"was-dir/in", 'f', "f", 0},       {"was-link", 'l', "usr", 0},
        {"abs", 'l', "/usr/lib", 0},       {NULL, 0, NULL, 0}};
    static const struct member upper[] = {
        {"lib/new", 'f', "new", 0}, /* through the link of the layer below */
        {"lib/.wh.gone", 'f', NULL, 0},
        {"opaque/high", 'f', "high", 0}, /* before the whiteout, and not meant by it */
        {"opaque/.wh..wh..opq", 'f', NULL, 0},
        {"was-file/in", 'd', NULL, 0},
        {"was-dir", 'f', "now a file", 0},
        {"was-link", 'd', NULL, 0},
        {"was-link/in", 'f', "mine", 0},
        {"abs/by-abs", 'f', "abs", 0},
        {".wh.never-there", 'f', NULL, 0},
        {".wh..wh.plnk/x", 'f', NULL, 0},
        {NULL, 0, NULL, 0}};
    static const struct member fixed[] = {{"was-file", 'd', NULL, 0}, {NULL, 0, NULL, 0}};
    assert_true(apply(place, base));
    assert_false(apply(place, upper)); /* a file is no directory until an entry says so */
    assert_int_equal(place->err.code, ERR_FORMAT);
    assert_true(apply(place, fixed));
    if (!apply(place, upper))
        fail_msg("%s", place->err.text);
    assert_str(look(place, "usr/lib/new"), "new");
    assert_str(look(place, "usr/lib/old"), "old");
    assert_str(look(place, "usr/lib/gone"), "");
    assert_str(look(place, "usr/lib/by-abs"), "abs");
    assert_str(look(place, "lib"), "-> usr/lib");
    assert_str(look(place, "opaque/high"), "high");
    assert_str(look(place, "opaque/low"), "");
    assert_str(look(place, "opaque/sub"), "");
    assert_str(look(place, "was-dir"), "now a file");
    assert_str(look(place, "was-link"), "/"); /* replaced, not followed */
    assert_str(look(place, "usr/in"), "");
}

static void test_link_targets(void **state)
{
    struct place *place = *state;
    static const char *const rows[][3] = {
        {"", "usr/lib", "usr/lib"},
        {"", "/usr/lib", "usr/lib"},
        {"usr/bin", "/usr/lib/x", "../../usr/lib/x"},
        {"usr/bin", "../lib/x", "../lib/x"},
        {"usr/bin", "../../../../etc/passwd", "../../etc/passwd"},
        {"usr/bin", "/../../etc/passwd", "../../etc/passwd"},
        {"usr/bin", "/", "../.."},
        {"", "/", "."},
        {"", "..", "."},
        {"a", "./b//c/.", "b/c"},
        {"a", "b/../../../x", "b/../../x"},
        {"", "", "."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_str(layer_link_target(str_from(rows[i][0]), str_from(rows[i][1]), &place->arena),
                   rows[i][2]);
}

/* Each is refused, or does its harm to nobody outside of the root. */
static void test_hostile(void **state)
{
    struct place *place = *state;
    static const struct {
        struct member members[4];
        bool refused;
    } rows[] = {
        {{{"../outside", 'f', "x", 0}}, true},
        {{{"a/../../outside", 'f', "x", 0}}, true},
        {{{"up", 'l', "..", 0}, {"up/outside", 'f', "x", 0}}, false},
        {{{"up2", 'l', "../../..", 0}, {"up2/outside", 'f', "x", 0}}, false},
        {{{"tmp", 'd', NULL, 0},
          {"abs2", 'l', "/tmp", 0},
          {"abs2/refinery-layer-outside", 'f', "x", 0}},
         false},
        {{{"loop", 'l', "loop", 0}, {"loop/x", 'f', "x", 0}}, true},
        {{{"dangling", 'l', "nowhere", 0}, {"dangling/x", 'f', "x", 0}}, true},
        {{{"h", 'h', "../outside-file", 0}}, true},
        {{{"h2", 'h', "/etc/passwd", 0}}, true}, /* of the image, which has none */
        {{{"up3", 'l', "..", 0}, {"h3", 'h', "up3/outside-file", 0}}, true},
        {{{"dir/x", 'f', "x", 0}, {"h4", 'h', "dir", 0}}, true},
        {{{".wh...", 'f', NULL, 0}}, true},
        {{{".wh.", 'f', NULL, 0}}, true},
        {{{"up4", 'l', "..", 0}, {"up4/.wh.outside-file", 'f', NULL, 0}}, false},
    };
    struct err err = {0};
    struct stat info;
    struct str kept = arena_printf(&place->arena, "%s/outside-file", place->top.ptr);
    assert_ok(file_write(AT_FDCWD, kept.ptr, 0644, STR("kept"), &err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (apply(place, rows[i].members) == rows[i].refused)
            fail_msg("row %zu: %s", i, place->err.text);
    assert_int_equal(stat(kept.ptr, &info), 0);
    assert_int_equal(info.st_nlink, 1);
    assert_int_not_equal(
        access(arena_printf(&place->arena, "%s/outside", place->top.ptr).ptr, F_OK), 0);
    assert_int_not_equal(access("/tmp/refinery-layer-outside", F_OK), 0);
    assert_str(look(place, "tmp/refinery-layer-outside"), "x");
}

/* Links that only together lead out, which no look at one of them tells. */
static void test_links_together(void **state)
{
    struct place *place = *state;
    static const struct member fine[] = {{"a/b/c", 'd', NULL, 0},
                                         {"in", 'l', "a/b/c/../../../a", 0},
                                         {"nowhere", 'l', "not/there", 0},
                                         {"round", 'l', "round", 0},
                                         {NULL, 0, NULL, 0}};
    static const struct member bad[] = {
        {"short", 'l', ".", 0}, {"out", 'l', "short/short/../../etc", 0}, {NULL, 0, NULL, 0}};
    assert_true(apply(place, fine));
    if (!layer_check_links(&place->layers, &place->err))
        fail_msg("%s", place->err.text);
    assert_true(apply(place, bad));
    assert_false(layer_check_links(&place->layers, &place->err));
    assert_int_equal(place->err.code, ERR_FORMAT);
    assert_non_null(strstr(place->err.text, "link out that leads out"));
}

static void test_limits(void **state)
{
    struct place *place = *state;
    static const struct member members[] = {
        {"a", 'f', "12345", 0}, {"b", 'f', "12345", 0}, {NULL, 0, NULL, 0}};
    place->limits = (struct layer_limits){9, 100};
    assert_false(apply(place, members));
    assert_int_equal(place->err.code, ERR_LIMIT);
    assert_str(look(place, "a"), ""); /* known before a byte is written */
    place->limits = (struct layer_limits){100, 1};
    assert_false(apply(place, members));
    assert_int_equal(place->err.code, ERR_LIMIT);
    place->limits = (struct layer_limits){100, 100};
    place->layers.bytes = 91; /* the layers below count too */
    assert_false(apply(place, members));
    place->layers.bytes = 0;
    assert_true(apply(place, members));
}

static void test_damaged(void **state)
{
    struct place *place = *state;
    static const struct member members[] = {{"a", 'f', "12345", 0}, {NULL, 0, NULL, 0}};
    FD_AUTO int cut = make_layer(members, archive_write_add_filter_gzip);
    struct stat info;
    assert_int_equal(fstat(cut, &info), 0);
    assert_int_equal(ftruncate(cut, info.st_size / 2), 0);
    assert_false(layer_apply(&place->layers, cut, "layer", &place->err));
    FD_AUTO int text = memfd_create("layer", MFD_CLOEXEC);
    assert_int_equal(write(text, "<html>Please sign in</html>", 27), 27);
    assert_false(layer_apply(&place->layers, text, "layer", &place->err));
    assert_int_equal(place->err.code, ERR_FORMAT);
}

/* A real package: one file of three names, whose bytes come with the last, and a script. */
static void test_rpm(void **state)
{
    struct place *place = *state;
    static const struct member base[] = {{"usr/lib64/one.pyc", 'f', "of the base", 0},
                                         {NULL, 0, NULL, 0}};
    static const char *const names[] = {"usr/lib64/one.pyc", "usr/lib64/two.pyc",
                                        "usr/lib64/three.pyc"};
    struct stat first, info;
    FD_AUTO int fd = open(TEST_DATA "/rpm/hello-devel-1.0-1.s390x.rpm", O_RDONLY | O_CLOEXEC);
    assert_true(apply(place, base));
    struct str shared = arena_printf(&place->arena, "%s/shared", place->top.ptr);
    assert_int_equal(linkat(place->dirfd, "usr/lib64/one.pyc", AT_FDCWD, shared.ptr, 0), 0);
    if (!layer_apply_rpm(&place->layers, fd, "package", &place->err))
        fail_msg("%s", place->err.text);
    assert_str(look(place, "usr/include/hello.h"), "#define HELLO 42\n");
    assert_str(look(place, "usr/lib64/link"), "-> one.pyc");
    assert_int_equal(fstatat(place->dirfd, names[0], &first, 0), 0);
    assert_int_equal(first.st_nlink, 3);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_str(look(place, names[i]), "a\n");
        assert_int_equal(fstatat(place->dirfd, names[i], &info, 0), 0);
        assert_true(info.st_ino == first.st_ino);
    }
    struct err err = {0};
    struct str text; /* what another root shares is not written to */
    assert_ok(file_read(AT_FDCWD, shared.ptr, 100, &place->arena, &text, &err));
    assert_str(text, "of the base");
    assert_false(layer_apply(&place->layers, fd, "layer", &place->err)); /* no tar */
}

enum { SKIPPED = 77 }; /* meson's word for it */

int main(void)
{
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC};
    FD_AUTO int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);
    if (fd < 0 && errno == ENOSYS) { /* qemu-user of Debian 12 does not pass it on */
        fputs("openat2 is not there\n", stderr);
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_upon_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_link_targets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_links_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rpm, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
