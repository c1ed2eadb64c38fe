#include "unit.h"

#include "jail/ids.h"

static const struct str all = STR_INIT("         0          0 4294967295\n");

static void root_never_runs_as_root(void **state)
{
    (void)state;
    assert_int_equal(ids_pick(all, STR("")), 100000);
    assert_int_equal(ids_pick(all, STR("alice:165536:65536\nroot:300000:65536\n")), 300000);
    assert_int_equal(ids_pick(all, STR("root:300000:65536\nrefinery:400000:65536\n")), 400000);
}

static void a_container_knows_fewer_ids(void **state)
{
    (void)state;
    struct str map = STR("0 1000 1\n1 100000 65536\n");
    assert_int_equal(ids_pick(map, STR("")), 65536);
    assert_int_equal(ids_pick(map, STR("root:300000:65536\n")), 65536);
    assert_int_equal(ids_pick(STR("0 1000 1\n"), STR("")), 0);
}

static void nonsense_is_skipped(void **state)
{
    (void)state;
    assert_int_equal(ids_pick(all, STR("root:0:5\nroot:\nroot\n::\nroot:x:5\n")), 100000);
    assert_int_equal(ids_pick(all, STR("root:99999999999:5\n")), 100000);
    assert_int_equal(ids_pick(STR("garbage\n\n1 2\n"), STR("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_never_runs_as_root),
        cmocka_unit_test(a_container_knows_fewer_ids),
        cmocka_unit_test(nonsense_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
