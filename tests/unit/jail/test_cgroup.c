#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/cgroup.h"
#include "os/file.h"

static const struct jail_limits limits = {.cpu_milli = 1500, .memory_bytes = 64 << 20, .pids = 100};

static void finds_the_split_hierarchies(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct cgroup_place place =
        cgroup_find(STR("9:name=systemd:/\n8:pids:/\n4:memory:/api/93\n3:cpu,cpuacct:/x\n0::/\n"),
                    STR("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup "
                        "cgroup rw,cpu,cpuacct\n"
                        "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                        "34 31 0:31 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                        "35 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"),
                    &arena);
    assert_str(place.own1[CGROUP_MEMORY], "/sys/fs/cgroup/memory/api/93");
    assert_str(place.own1[CGROUP_PIDS], "/sys/fs/cgroup/pids");
    assert_str(place.own1[CGROUP_CPU], "/sys/fs/cgroup/cpu,cpuacct/x");
    assert_str(place.own1[CGROUP_CPUACCT], "/sys/fs/cgroup/cpu,cpuacct/x");
    assert_str(place.own2, "/sys/fs/cgroup/unified");
}

static void finds_the_unified_hierarchy(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct cgroup_place place = cgroup_find(
        STR("0::/user.slice/user-1000.slice/session-2.scope\n"),
        STR("26 25 0:22 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"), &arena);
    assert_str(place.mount2, "/sys/fs/cgroup");
    assert_str(place.own2, "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope");
    assert_int_equal(place.own1[CGROUP_MEMORY].len, 0);
}

static void a_container_sees_a_part(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct cgroup_place place = cgroup_find(
        STR("4:memory:/docker/abc/sub\n"),
        STR("33 31 0:30 /docker/abc /sys/fs/cg\\040roup rw - cgroup cgroup rw,memory\n"), &arena);
    assert_str(place.own1[CGROUP_MEMORY], "/sys/fs/cg roup/sub");
    place = cgroup_find(STR("0::/../other\n"), STR("1 2 0:1 / /cg rw - cgroup2 none rw\n"), &arena);
    assert_str(place.own2, "/cg");
    place = cgroup_find(STR("nonsense\n::\n"), STR("1 2\n - \n1 2 3 4 5 - cgroup2\n"), &arena);
    assert_int_equal(place.own2.len, 0);
}

static void writes_follow_the_limits(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct cgroup_writes writes = cgroup_limits(true, &limits, &arena);
    const char *const unified[][2] = {{"memory.max", "67108864"},
                                      {"memory.swap.max", "0"},
                                      {"memory.oom.group", "1"},
                                      {"pids.max", "100"},
                                      {"cpu.max", "150000 100000"}};
    assert_int_equal(writes.len, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(writes.at[i].file, unified[i][0]);
        assert_str(writes.at[i].value, unified[i][1]);
    }
    writes = cgroup_limits(false, &limits, &arena);
    assert_int_equal(writes.len, 4);
    assert_string_equal(writes.at[0].file, "memory.limit_in_bytes");
    assert_str(writes.at[3].value, "150000");
    struct jail_limits none = {0};
    assert_int_equal(cgroup_limits(true, &none, &arena).len, 0);
}

static void put(const char *dir, const char *name, const char *text)
{
    char path[600];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_non_null(file = fopen(path, "w"));
    fputs(text, file);
    fclose(file);
}

/* A directory in place of the kernel's: what is chosen, and what is refused. */
static void makes_a_group_where_controllers_are_handed_down(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    char top[] = "/tmp/refinery-cgroup-XXXXXX", slice[300], own[400];
    assert_non_null(mkdtemp(top));
    snprintf(slice, sizeof slice, "%s/app.slice", top);
    snprintf(own, sizeof own, "%s/me.scope", slice);
    assert_int_equal(mkdir(slice, 0755), 0);
    assert_int_equal(mkdir(own, 0755), 0);
    put(own, "cgroup.subtree_control", "    \n");
    put(own, "cgroup.procs", "");
    put(slice, "cgroup.subtree_control", "     memory pids\n"); /* writes go over the spaces */
    put(slice, "cgroup.procs", "");
    struct cgroup_place place = {.mount2 = str_from(top), .own2 = str_from(own)};
    struct cgroup cgroup;
    struct str why = {0};
    struct err err = {0};
    struct jail_limits none = {0};
    assert_ok(cgroup_make(&place, &none, 7, &arena, &cgroup, &why, &err));
    assert_int_equal(cgroup.limiter, JAIL_LIMITED_BY_CGROUP2);
    assert_true(str_starts(str_from(cgroup.dirs[0]), str_from(slice)));
    assert_false(str_starts(str_from(cgroup.dirs[0]), str_from(own)));
    put(cgroup.dirs[0], "memory.peak", "4096\n");
    put(cgroup.dirs[0], "memory.events", "low 0\nhigh 0\nmax 4\noom 1\noom_kill 2\n");
    put(cgroup.dirs[0], "pids.events", "max 3\n");
    put(cgroup.dirs[0], "cpu.stat", "usage_usec 12345\nuser_usec 1\n");
    struct cgroup_use use = {0};
    cgroup_measure(&cgroup, &use);
    assert_int_equal(use.peak_memory, 4096);
    assert_int_equal(use.oom_kills, 2);
    assert_int_equal(use.pids_refused, 3);
    assert_int_equal(use.cpu_ms, 12);
    /* a group that lacks the file of a limit is not used, and not left behind */
    assert_ok(cgroup_make(&place, &limits, 8, &arena, &cgroup, &why, &err));
    assert_int_equal(cgroup.limiter, JAIL_LIMITED_BY_WATCHDOG);
    assert_true(str_find(why, STR("memory.max")) < why.len);
    struct str gone = arena_printf(&arena, "%s/refinery-jail-%d-8", slice, (int)getpid());
    assert_int_equal(access(gone.ptr, F_OK), -1);
    assert_ok(file_remove_tree(AT_FDCWD, top, &err));
}

static void without_hierarchies_the_watchdog_remains(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct cgroup_place place = {0};
    struct cgroup cgroup;
    struct str why = {0};
    struct err err = {0};
    assert_ok(cgroup_make(&place, &limits, 0, &arena, &cgroup, &why, &err));
    assert_int_equal(cgroup.limiter, JAIL_LIMITED_BY_WATCHDOG);
    assert_true(why.len > 0);
    struct cgroup_use use = {0};
    cgroup_measure(&cgroup, &use);
    assert_int_equal(use.cpu_ms, -1);
}

static void values_by_key(void **state)
{
    (void)state;
    assert_int_equal(
        cgroup_value(STR("oom_kill_disable 0\nunder_oom 0\noom_kill 17\n"), STR("oom_kill")), 17);
    assert_int_equal(cgroup_value(STR("max x\nmax\n"), STR("max")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_split_hierarchies),
        cmocka_unit_test(finds_the_unified_hierarchy),
        cmocka_unit_test(a_container_sees_a_part),
        cmocka_unit_test(writes_follow_the_limits),
        cmocka_unit_test(makes_a_group_where_controllers_are_handed_down),
        cmocka_unit_test(without_hierarchies_the_watchdog_remains),
        cmocka_unit_test(values_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
