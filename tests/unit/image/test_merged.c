#include "unit.h"

#include "image/merged.h"

static const struct {
    const char *path, *target, *says;
} links[] = {
    {"usr/lib/s390x-linux-gnu/libz.so", "/lib/s390x-linux-gnu/libz.so.1.2",
     "libz.so.1.2"}, /* absolute, across the merge */
    {"lib/s390x-linux-gnu/libz.so.1", "libz.so.1.2", "libz.so.1.2"},
    {"lib/x/y", "../../etc/z", "../../../etc/z"}, /* one deeper after merging */
    {"etc/mtab", "/proc/mounts", "../proc/mounts"},
    {"usr/bin/a", "../../../../../../etc/passwd", "../../etc/passwd"}, /* never above the root */
    {"lib64/ld.so", "/lib/x86_64-linux-gnu/ld.so", "../lib/x86_64-linux-gnu/ld.so"},
    {"usr/lib/here", "./there", "there"},
    {"usr/share/top", "..", ".."},
    {"a", "/", "."},
    {"usr/lib/a/b", "/usr/lib/a", "."},
};

static void test_targets(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        assert_str(merged_target(&arena, str_from(links[i].path), str_from(links[i].target)),
                   links[i].says);
}

static void test_paths(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    (void)state;
    assert_str(merged_path(&arena, STR("lib/a")), "usr/lib/a");
    assert_str(merged_path(&arena, STR("lib64")), "usr/lib64");
    assert_str(merged_path(&arena, STR("library/a")), "library/a");
    assert_str(merged_path(&arena, STR("usr/lib/a")), "usr/lib/a");
    assert_true(merged_is_top(STR("sbin")));
    assert_false(merged_is_top(STR("usr")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_targets),
                                       cmocka_unit_test(test_paths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
