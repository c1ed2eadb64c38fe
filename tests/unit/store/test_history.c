#include "place.h"

#include <sqlite3.h>
#include <string.h>

#include "base/buf.h"
#include "store/history.h"

static struct err err;
static struct place *place;

static int set_up(void **state)
{
    (void)state;
    place = place_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    place_free(place);
    return 0;
}

struct seen {
    struct store_history_row rows[8];
    size_t len;
};

static bool keep(void *state, const struct store_history_row *row, struct err *e)
{
    (void)e;
    struct seen *seen = state;
    assert_true(seen->len < 8);
    struct store_history_row *kept = &seen->rows[seen->len++];
    *kept = *row;
    kept->name = arena_str(&place->arena, row->name);
    kept->status = arena_str(&place->arena, row->status);
    kept->target = arena_str(&place->arena, row->target);
    kept->detail = arena_str(&place->arena, row->detail);
    kept->origin = arena_str(&place->arena, row->origin);
    return true;
}

static void old_database(const char *path, const char *script)
{
    sqlite3 *old = NULL;
    assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
    if (sqlite3_exec(old, script, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(old));
    sqlite3_close(old);
}

static const char full[] =
    "PRAGMA journal_mode=WAL;"
    "CREATE TABLE build_events (id INTEGER PRIMARY KEY, run_id TEXT, name TEXT, version TEXT,"
    " python_tag TEXT, platform_tag TEXT, status TEXT, detail TEXT, metadata TEXT,"
    " matched_hint_ids TEXT, timestamp REAL);"
    "INSERT INTO build_events VALUES"
    " (1, 'r', 'numpy', '1.26', 'cp311', 'manylinux2014_s390x', 'failed', 'no blas',"
    " '{\"duration_ms\": 1500}', '[\"h1\"]', 1700000000.5),"
    " (2, 'r', 'six', '1.0', 'py3', '', 'reused', NULL, NULL, NULL, 1700000001)";

static void test_import_of_build_events(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct seen seen = {0};
    struct store_history_query all = {0};
    bool known = false;
    old_database(place->db, full);
    for (int i = 0; i < 2; i++) {
        assert_ok(store_open(place->db, 5, &store, &err));
        seen.len = 0;
        assert_ok(store_history_each(store, &all, keep, &seen, &err));
        assert_int_equal(seen.len, 2);
        store_close(&store);
    }
    assert_str(seen.rows[1].name, "numpy");
    assert_str(seen.rows[1].target, "cp311-manylinux2014_s390x");
    assert_str(seen.rows[1].detail, "no blas");
    assert_str(seen.rows[1].origin, "build_events");
    assert_int_equal(seen.rows[1].time_ms, 1700000000500);
    assert_int_equal(seen.rows[1].duration_ms, 1500);
    assert_str(seen.rows[0].target, "py3");
    assert_int_equal(seen.rows[0].time_ms, 1700000001000);
    assert_int_equal(access(arena_printf(&place->arena, "%s.build_events", place->db).ptr, R_OK),
                     0);
    assert_int_equal(access(arena_printf(&place->arena, "%s.new", place->db).ptr, F_OK), -1);
    assert_ok(store_open(place->db, 5, &store, &err));
    assert_ok(store_failure_known(store, STR("numpy"), STR("1.26"),
                                  STR("cp311-manylinux2014_s390x"), &place->arena, &known, NULL,
                                  &err));
    assert_true(known);
    store_close(&store);
}

static void test_import_of_other_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int64_t time_ms;
    } cases[] = {
        {"CREATE TABLE build_events (name TEXT, status TEXT, timestamp TEXT);"
         "INSERT INTO build_events VALUES ('a', 'built', '2023-11-14T22:13:20')",
         1700000000000},
        {"CREATE TABLE build_events (name TEXT, status TEXT, timestamp TEXT);"
         "INSERT INTO build_events VALUES ('a', 'built', '1700000000.25')",
         1700000000250},
        {"CREATE TABLE build_events (name TEXT, timestamp INTEGER, metadata TEXT);"
         "INSERT INTO build_events VALUES ('a', 1700000000123, 'not json')",
         1700000000123},
        {"CREATE TABLE build_events (name TEXT); INSERT INTO build_events VALUES ('a')", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store *store = NULL;
        struct seen seen = {0};
        struct store_history_query all = {0};
        const char *path = arena_printf(&place->arena, "%s/%zu.db", place->dir, i).ptr;
        old_database(path, cases[i].script);
        assert_ok(store_open(path, 5, &store, &err));
        assert_ok(store_history_each(store, &all, keep, &seen, &err));
        assert_int_equal(seen.len, 1);
        assert_str(seen.rows[0].name, "a");
        assert_true(seen.rows[0].time_ms == cases[i].time_ms);
        store_close(&store);
    }
}

static void test_import_goes_on_after_a_death(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct seen seen = {0};
    struct store_history_query all = {0};
    const char *kept = arena_printf(&place->arena, "%s.build_events", place->db).ptr;
    old_database(place->db, full);
    /* As left between the two names: half a new file, and the second name given. */
    assert_ok(file_write(AT_FDCWD, arena_printf(&place->arena, "%s.new", place->db).ptr, 0644,
                         STR("half"), &err));
    assert_int_equal(link(place->db, kept), 0);
    assert_ok(store_open(place->db, 5, &store, &err));
    assert_ok(store_history_each(store, &all, keep, &seen, &err));
    assert_int_equal(seen.len, 2);
    store_close(&store);
    assert_int_equal(access(kept, R_OK), 0);
}

static void test_foreign_databases_are_left_alone(void **state)
{
    (void)state;
    struct store *store = NULL;
    old_database(place->db, "CREATE TABLE customers (name TEXT)");
    assert_false(store_open(place->db, 5, &store, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    old_database(place->db, "INSERT INTO customers VALUES ('still there')");
}

static void test_newer_schema_is_refused(void **state)
{
    (void)state;
    struct store *store = NULL;
    assert_ok(store_open(place->db, 5, &store, &err));
    store_close(&store);
    old_database(place->db, "PRAGMA user_version = 9999");
    assert_false(store_open(place->db, 5, &store, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    assert_non_null(strstr(err.text, "newer release"));
}

static bool keep_record(void *state, const struct store_record *record, struct err *e)
{
    (void)e;
    buf_printf(state, "%.*s/%.*s %lld %lld;", STR_ARG(record->strategy), STR_ARG(record->class),
               (long long)record->count, (long long)record->last);
    return true;
}

static void test_record_of_a_package(void **state)
{
    (void)state;
    struct store *store = NULL;
    BUF_AUTO struct buf text = {0};
    assert_ok(store_open(place->db, 5, &store, &err));
    store_close(&store);
    old_database(
        place->db,
        "INSERT INTO history (time_ms, kind, name, version, target, status, failed, strategy, "
        "class)"
        " VALUES (1, 'wheel', 'a', '1', 't', 'returned', 0, 'cross', 'build'),"
        " (2, 'wheel', 'a', '1', 't', 'built', 0, 'hybrid', ''),"
        " (3, 'wheel', 'a', '2', 't', 'built', 0, 'hybrid', ''),"
        " (4, 'wheel', 'a', '2', 'other', 'built', 0, 'native', ''),"  /* of another target */
        " (5, 'test', 'a', '2', 't', 'built', 0, 'cross', ''),"        /* no build */
        " (6, 'wheel', 'b', '2', 't', 'built', 0, 'emulate', ''),"     /* another package */
        " (7, 'wheel', 'a', '2', 't', 'failed', 1, 'cross', 'build')," /* the end, no way on */
        " (8, 'wheel', 'a', '2', 't', 'returned', 2, 'cross', 'build')" /* forgiven */);
    assert_ok(store_open(place->db, 5, &store, &err));
    assert_ok(store_record_each(store, STR("a"), STR("t"), keep_record, &text, &err));
    assert_string_equal(text.ptr, "cross/build 1 1;hybrid/ 2 3;");
    buf_clear(&text);
    assert_ok(store_record_each(store, STR("c"), STR("t"), keep_record, &text, &err));
    assert_int_equal(text.len, 0);
    store_close(&store);
}

static bool keep_top(void *state, const struct store_history_top *top, struct err *e)
{
    (void)e;
    struct buf *text = state;
    buf_printf(text, "%.*s %lld %lld %.*s;", STR_ARG(top->name), (long long)top->count,
               (long long)top->mean_ms, STR_ARG(top->detail));
    return true;
}

static void test_queries_and_tops(void **state)
{
    (void)state;
    struct store *store = NULL;
    BUF_AUTO struct buf text = {0};
    old_database(place->db, "CREATE TABLE build_events (name TEXT, status TEXT, timestamp INTEGER,"
                            " detail TEXT, duration_ms INTEGER);"
                            "INSERT INTO build_events VALUES ('a', 'failed', 1, 'old', 10),"
                            " ('a', 'missing', 2, 'new', 30), ('b', 'failed', 3, 'b1', 90),"
                            " ('c', 'built', 4, '', 1000), ('b', 'built', 5, '', 10)");
    assert_ok(store_open(place->db, 5, &store, &err));
    static const struct {
        struct store_history_query query;
        const char *names;
    } cases[] = {
        {{.limit = 2}, "bc"},
        {{.package = STR_INIT("a")}, "aa"},
        {{.status = STR_INIT("failed")}, "baa"},
        {{.status = STR_INIT("missing")}, "a"},
        {{.before_id = 4}, "baa"},
        {{.run = 7}, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = {0};
        assert_ok(store_history_each(store, &cases[i].query, keep, &seen, &err));
        assert_int_equal(seen.len, strlen(cases[i].names));
        for (size_t j = 0; j < seen.len; j++)
            assert_int_equal(seen.rows[j].name.ptr[0], cases[i].names[j]);
    }
    assert_ok(store_history_failures(store, 5, keep_top, &text, &err));
    assert_string_equal(text.ptr, "a 2 0 new;b 1 0 b1;");
    buf_clear(&text);
    assert_ok(store_history_slowest(store, 2, keep_top, &text, &err));
    assert_string_equal(text.ptr, "c 1 1000 ;b 2 50 ;");
    store_close(&store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_import_of_build_events),       TEST(test_import_of_other_shapes),
        TEST(test_import_goes_on_after_a_death), TEST(test_foreign_databases_are_left_alone),
        TEST(test_newer_schema_is_refused),      TEST(test_queries_and_tops),
        TEST(test_record_of_a_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
