#include "os/file.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/fd.h"
#include "unit.h"

/* Directories nested far deeper than there are descriptors, a name that the clean-up would use
 * itself, a directory without permissions and a link that must not be followed. */
static void test_deep_trees_are_removed(void **state)
{
    (void)state;
    struct err err = {0};
    ARENA_AUTO struct arena arena = {0};
    struct str outside, tree;
    assert_ok(file_make_temp_dir("/tmp", "unit-", &arena, &outside, &err));
    assert_ok(file_make_temp_dir("/tmp", "unit-", &arena, &tree, &err));
    struct str kept = file_join(&arena, outside, STR("kept"));
    assert_ok(file_write(AT_FDCWD, kept.ptr, 0600, STR("x"), &err));
    char name[32];
    int at = open(tree.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(at, "deep-0", 0700), 0);
    assert_ok(file_write(at, "deep-0/in", 0600, STR("x"), &err));
    assert_ok(file_write(at, "deep-1", 0600, STR("x"), &err));
    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "d%d", i % 7);
        assert_int_equal(mkdirat(at, name, 0700), 0);
        if (i % 100 == 0)
            assert_int_equal(symlinkat(outside.ptr, at, "link"), 0);
        int below = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(below >= 0);
        close(at);
        at = below;
    }
    assert_int_equal(mkdirat(at, "last", 0700), 0);
    assert_int_equal(fchmod(at, 0), 0);
    close(at);
    struct rlimit old, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = (struct rlimit){.rlim_cur = 64, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_ok(file_remove_tree(AT_FDCWD, tree.ptr, &err));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(access(tree.ptr, F_OK), -1);
    assert_int_equal(access(kept.ptr, F_OK), 0);
    assert_ok(file_remove_tree(AT_FDCWD, outside.ptr, &err));
    assert_ok(file_remove_tree(AT_FDCWD, outside.ptr, &err)); /* absent is fine */
}

static void test_a_link_is_removed_not_its_target(void **state)
{
    (void)state;
    struct err err = {0};
    ARENA_AUTO struct arena arena = {0};
    struct str dir;
    assert_ok(file_make_temp_dir("/tmp", "unit-", &arena, &dir, &err));
    FD_AUTO int at = open(dir.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(file_mkdirs(at, "target/in", 0700, &err));
    assert_int_equal(symlinkat("target", at, "link"), 0);
    assert_ok(file_remove_tree(at, "link", &err));
    assert_int_equal(faccessat(at, "target/in", F_OK, 0), 0);
    assert_int_equal(faccessat(at, "link", F_OK, AT_SYMLINK_NOFOLLOW), -1);
    assert_ok(file_remove_tree(AT_FDCWD, dir.ptr, &err));
}

/* A fifo stays one: what is written comes out of it. */
static void test_what_is_no_file_is_not_replaced(void **state)
{
    (void)state;
    struct err err = {0};
    ARENA_AUTO struct arena arena = {0};
    struct str dir;
    struct stat info;
    char got[3];
    assert_ok(file_make_temp_dir("/tmp", "unit-", &arena, &dir, &err));
    struct str fifo = file_join(&arena, dir, STR("fifo"));
    assert_int_equal(mkfifo(fifo.ptr, 0600), 0);
    int reader = open(fifo.ptr, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_ok(file_write(AT_FDCWD, fifo.ptr, 0600, STR("xyz"), &err));
    assert_int_equal(read(reader, got, sizeof got), 3);
    close(reader);
    assert_int_equal(lstat(fifo.ptr, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    assert_ok(file_remove_tree(AT_FDCWD, dir.ptr, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_file_is_not_replaced),
        cmocka_unit_test(test_deep_trees_are_removed),
        cmocka_unit_test(test_a_link_is_removed_not_its_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
