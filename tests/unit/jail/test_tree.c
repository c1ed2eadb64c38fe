#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/tree.h"
#include "os/file.h"

static char top[] = "/tmp/refinery-tree-XXXXXX";

static const char *at(const char *name)
{
    static char path[2][200];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", top, name);
    return path[turn];
}

static int make(void **state)
{
    (void)state;
    struct err err;
    char zeros[8192] = {0};
    return !(mkdtemp(top) && mkdir(at("store"), 0755) == 0 && mkdir(at("work"), 0755) == 0 &&
             mkdir(at("work/sub"), 0755) == 0 &&
             file_write(AT_FDCWD, at("work/sub/one"), 0644, str_of(zeros, sizeof zeros), &err) &&
             file_write(AT_FDCWD, at("store/blob"), 0444, STR("content"), &err));
}

static int destroy(void **state)
{
    (void)state;
    struct err err;
    return !file_remove_tree(AT_FDCWD, top, &err);
}

static void links_inside_are_fine_and_counted_once(void **state)
{
    (void)state;
    struct err err;
    uint64_t before = tree_size(at("work"));
    assert_int_equal(link(at("work/sub/one"), at("work/two")), 0);
    assert_ok(tree_give(at("work"), getuid(), getgid(), &err));
    assert_int_equal(tree_size(at("work")), before);
    assert_true(before >= 8192);
}

static void a_link_into_the_store_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(link(at("store/blob"), at("work/sub/blob")), 0);
    assert_false(tree_give(at("work"), getuid(), getgid(), &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_true(str_find(str_from(err.text), STR("blob")) < str_from(err.text).len);
    assert_int_equal(unlink(at("work/sub/blob")), 0);
}

static void symbolic_links_are_not_followed(void **state)
{
    (void)state;
    struct err err;
    uint64_t before = tree_size(at("work"));
    assert_int_equal(symlink("/usr", at("work/out")), 0);
    assert_ok(tree_give(at("work"), getuid(), getgid(), &err));
    assert_true(tree_size(at("work")) <= before + 4096);
    assert_int_equal(unlink(at("work/out")), 0);
}

static void bottomless_trees_are_refused(void **state)
{
    (void)state;
    struct err err = {0};
    int dir = open(at("work"), O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 210; i++) {
        assert_int_equal(mkdirat(dir, "d", 0755), 0);
        int next = openat(dir, "d", O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(dir);
        dir = next;
    }
    close(dir);
    assert_false(tree_give(at("work"), getuid(), getgid(), &err));
    assert_int_equal(err.code, ERR_LIMIT);
    tree_size(at("work")); /* does not fall over */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_inside_are_fine_and_counted_once),
        cmocka_unit_test(a_link_into_the_store_is_refused),
        cmocka_unit_test(symbolic_links_are_not_followed),
        cmocka_unit_test(bottomless_trees_are_refused),
    };
    return cmocka_run_group_tests(tests, make, destroy);
}
