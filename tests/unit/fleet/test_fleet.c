#include "unit.h"

#include "fleet/critical_path.h"
#include "fleet/estimate.h"

static struct err err;

static void test_paths(void **state)
{
    (void)state;
    /* 3 needs 1 and 2, which need 0; 4 stands alone. */
    const struct critical_path_edge edges[] = {{3, 1}, {3, 2}, {1, 0}, {2, 0}};
    const int64_t duration[] = {5, 10, 100, 7, 50};
    int64_t path[5];
    assert_ok(critical_path_compute(duration, 5, edges, 4, path, &err));
    const int64_t expected[] = {112, 17, 107, 7, 50};
    assert_memory_equal(path, expected, sizeof path);
    assert_ok(critical_path_compute(NULL, 0, NULL, 0, NULL, &err));
}

static void test_cycle_and_bad_edge(void **state)
{
    (void)state;
    const struct critical_path_edge cycle[] = {{1, 2}, {2, 1}, {1, 0}}, bad[] = {{0, 3}};
    const int64_t duration[] = {1, 1, 1};
    int64_t path[3];
    assert_false(critical_path_compute(duration, 3, cycle, 3, path, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_string_equal(err.text, "job 1 waits for itself: the edges have a cycle");
    assert_false(critical_path_compute(duration, 3, bad, 1, path, &err));
}

static void test_no_overflow(void **state)
{
    (void)state;
    const struct critical_path_edge edges[] = {{1, 0}};
    const int64_t duration[] = {INT64_MAX - 1, INT64_MAX};
    int64_t path[2];
    assert_ok(critical_path_compute(duration, 2, edges, 1, path, &err));
    assert_true(path[0] == INT64_MAX && path[1] == INT64_MAX);
}

static void test_schedules(void **state)
{
    (void)state;
    enum critical_path_schedule schedule;
    const struct critical_path_edge edges[] = {{2, 0}};
    const int64_t duration[] = {5, 1, 9};
    int64_t priority[3];
    assert_true(critical_path_parse(STR("shortest-first"), &schedule));
    assert_ok(critical_path_prioritize(schedule, duration, 3, edges, 1, priority, &err));
    assert_true(priority[1] > priority[0] && priority[0] > priority[2]);
    assert_true(critical_path_parse(STR("critical-path"), &schedule));
    assert_ok(critical_path_prioritize(schedule, duration, 3, edges, 1, priority, &err));
    assert_true(priority[0] > priority[2] && priority[2] > priority[1]);
    assert_true(critical_path_parse(STR("fifo"), &schedule));
    assert_ok(critical_path_prioritize(schedule, duration, 3, edges, 1, priority, &err));
    assert_true(priority[0] == priority[1] && priority[1] == priority[2]);
    assert_false(critical_path_parse(STR("lifo"), &schedule));
}

static void test_estimates(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const int64_t seen[] = {9000, 1000, 5000, 400000};
    struct estimate_history none = estimate_open(&arena, NULL, 0);
    struct estimate_history some = estimate_open(&arena, seen, 4);
    assert_int_equal(estimate_quantile(&some, 500), 5000);
    assert_int_equal(estimate_quantile(&some, 1000), 400000);
    assert_int_equal(estimate_quantile(&none, 500), 0);
    struct estimate_features unknown = {.compiled = true};
    /* Unknown is taken for one of the slowest, so that it starts early. */
    assert_int_equal(estimate_duration_ms(&some, &unknown), 400000);
    assert_true(estimate_duration_ms(&none, &unknown) > 10000);
    struct estimate_features learned = {.learned_ms = 77, .compiled = true};
    assert_int_equal(estimate_duration_ms(&some, &learned), 77);
    struct estimate_features small = {.source_bytes = 20 << 10, .compiled = true};
    struct estimate_features large = {.source_bytes = 20 << 20, .compiled = true};
    assert_true(estimate_duration_ms(&some, &small) < estimate_duration_ms(&some, &large));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),       cmocka_unit_test(test_cycle_and_bad_edge),
        cmocka_unit_test(test_no_overflow), cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
