#include "place.h"

#include <sqlite3.h>
#include <string.h>

#include "base/buf.h"
#include "store/retry.h"

static struct err err;
static struct place *place;
static struct store *store;
static struct buf text;

static const struct store_retry_policy policy = {.base_ms = 100, .max_ms = 300, .most = 4};
static const struct str target = STR_INIT("cp311-s390x-manylinux_2_17");

static int set_up(void **state)
{
    (void)state;
    place = place_make();
    assert_ok(store_open(place->db, 1, &store, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(&store);
    buf_free(&text);
    place_free(place);
    return 0;
}

static bool show(void *state, const struct store_retry *retry, struct err *e)
{
    (void)state;
    (void)e;
    buf_printf(&text, STR_FMT " " STR_FMT "@" STR_FMT " %d%s%s;", STR_ARG(retry->name),
               STR_ARG(retry->version), STR_ARG(str_slice(retry->target, 0, 5)),
               (int)retry->attempts, retry->held ? " held" : "", retry->asked ? " asked" : "");
    return true;
}

static bool show_recipes(void *state, const struct store_retry *retry, struct err *e)
{
    (void)state;
    (void)e;
    buf_printf(&text, STR_FMT STR_FMT STR_FMT ";", STR_ARG(retry->name), STR_ARG(retry->recipes),
               STR_ARG(retry->strategy));
    return true;
}

static void assert_due(int64_t now_ms, const char *expected)
{
    buf_clear(&text);
    assert_ok(store_retry_due(store, target, now_ms, show, NULL, &err));
    assert_str(buf_str(&text), expected);
}

static void assert_all(const char *expected)
{
    buf_clear(&text);
    assert_ok(store_retry_each(store, show, NULL, &err));
    assert_str(buf_str(&text), expected);
}

static void failed(const char *name, const char *version, const char *waits_for, int64_t now_ms)
{
    const struct store_retry_end end = {.name = str_from(name),
                                        .version = str_from(version),
                                        .class = STR("build"),
                                        .reason = STR("out of luck"),
                                        .waits_for = str_from(waits_for)};
    assert_ok(store_retry_settle(store, target, &end, 1, &policy, now_ms, &err));
}

static void built(const char *name, const char *version, int64_t now_ms)
{
    const struct store_retry_end end = {
        .name = str_from(name), .version = str_from(version), .good = true};
    assert_ok(store_retry_settle(store, target, &end, 1, &policy, now_ms, &err));
}

static void add(const char *name, const char *version, struct str whose, const char *recipes)
{
    const struct store_retry retry = {.name = str_from(name),
                                      .version = str_from(version),
                                      .target = whose,
                                      .recipes = str_from(recipes),
                                      .origin = STR("user")};
    size_t added;
    assert_ok(store_retry_add(store, &retry, 1, STR(""), STR(""), 1000, &added, &err));
    assert_int_equal(added, 1);
}

static void test_backoff_and_hold(void **state)
{
    (void)state;
    static const int64_t waits[] = {100, 200, 300}; /* 100, doubled, no more than 300 */
    int64_t now = 1000, due = -1;
    for (size_t i = 0; i < 3; i++) {
        failed("a", "1", "", now);
        assert_due(now + waits[i] - 1, "");
        assert_ok(store_retry_soonest(store, target, &due, &err));
        assert_int_equal(due, now + waits[i]);
        now += waits[i];
    }
    assert_due(now, "a 1@cp311 3;");
    failed("a", "1", "", now); /* the fourth is one too many */
    assert_due(now + 100000, "");
    assert_all("a 1@cp311 4 held;");
    assert_ok(store_retry_soonest(store, target, &due, &err));
    assert_int_equal(due, 0);
    assert_ok(store_retry_again(store, STR("a"), STR(""), now, &due, &err));
    assert_int_equal(due, 1);
    assert_due(now, "a 1@cp311 4 asked;");
    built("a", "1", now);
    assert_all("");
}

static void test_awaited_is_never_held(void **state)
{
    (void)state;
    const struct store_retry_end end = {
        .name = STR("a"), .version = STR("1"), .awaited = true, .class = STR("missing")};
    for (int i = 0; i < 50; i++)
        assert_ok(store_retry_settle(store, target, &end, 1, &policy, 1000, &err));
    assert_due(1300, "a 1@cp311 50;");
}

static void test_one_entry_each(void **state)
{
    (void)state;
    failed("a", "1", "", 1000);
    failed("a", "2", "", 1000);
    add("a", "1", STR(""), "[\"env:A=1\"]"); /* of whichever target: the one that is there */
    assert_all("a 1@cp311 1 asked;a 2@cp311 1;");
    add("a", "1", STR("cp313-s390x-manylinux_2_28"), "");
    add("a", "", STR(""), ""); /* whichever version is another question than version 1 */
    assert_all("a @ 0 asked;a 1@cp311 1 asked;a 1@cp313 0 asked;a 2@cp311 1;");
    assert_due(1000, "a 1@cp311 1 asked;a @ 0 asked;");
    add("a", "1", target, ""); /* without recipes: those that it has */
    buf_clear(&text);
    assert_ok(store_retry_due(store, target, 1000, show_recipes, NULL, &err));
    assert_str(buf_str(&text), "a[\"env:A=1\"];a[];");
    built("a", "1", 1000); /* what asks for any version got one; other versions did not */
    assert_all("a 1@cp313 0 asked;a 2@cp311 1;");
}

static void test_what_waits_goes_along(void **state)
{
    (void)state;
    int64_t changed;
    failed("low", "1", "", 1000);
    failed("mid", "1", "low", 1000);
    failed("top", "1", "mid", 1000);
    failed("else", "1", "", 1000);
    assert_due(1050, "");
    assert_ok(store_retry_again(store, STR("low"), STR("1"), 1050, &changed, &err));
    assert_due(1050, "low 1@cp311 1 asked;mid 1@cp311 1;top 1@cp311 1;");
    built("low", "1", 1060);
    assert_due(1060, "mid 1@cp311 1;top 1@cp311 1;");
}

static void test_mark(void **state)
{
    (void)state;
    const struct store_retry retry = {.name = STR("a"), .origin = STR("import")};
    const char *const marks[] = {"one", "one", "two", "one"};
    static const size_t adds[] = {1, 0, 1, 1}; /* the newest mark alone is remembered */
    size_t added;
    for (size_t i = 0; i < 4; i++) {
        assert_ok(
            store_retry_add(store, &retry, 1, STR("file"), str_from(marks[i]), 5, &added, &err));
        assert_int_equal(added, adds[i]);
    }
    assert_all("a @ 0 asked;");
}

static void test_clear(void **state)
{
    (void)state;
    int64_t removed;
    failed("a", "1", "", 1000);
    failed("a", "2", "", 1000);
    failed("b", "1", "", 1000);
    assert_ok(store_retry_clear(store, STR("a"), STR("2"), &removed, &err));
    assert_int_equal(removed, 1);
    assert_all("a 1@cp311 1;b 1@cp311 1;");
    assert_ok(store_retry_clear(store, STR(""), STR(""), &removed, &err));
    assert_int_equal(removed, 2);
    assert_all("");
}

/* A wait of a year, doubled as often as may be, is the longest wait and no overflow. */
static void test_long_waits(void **state)
{
    (void)state;
    const struct store_retry_policy year = {.base_ms = INT64_MAX, .max_ms = INT64_MAX, .most = 0};
    const struct store_retry_end end = {.name = STR("a"), .version = STR("1")};
    int64_t due;
    for (int i = 0; i < 70; i++)
        assert_ok(store_retry_settle(store, target, &end, 1, &year, 1000, &err));
    assert_ok(store_retry_soonest(store, target, &due, &err));
    assert_int_equal(due, 1000 + INT64_C(366) * 24 * 3600 * 1000);
}

/* The table of the first schema had the same request as often as somebody asked. */
static void test_rows_of_before(void **state)
{
    (void)state;
    static const char before[] =
        "DROP TABLE retries; CREATE TABLE retries (id INTEGER PRIMARY KEY AUTOINCREMENT, time_ms"
        " INTEGER NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, target TEXT NOT NULL,"
        " recipes TEXT NOT NULL, details TEXT NOT NULL);"
        "INSERT INTO retries (time_ms, name, version, target, recipes, details) VALUES"
        " (7, 'a', '1', '', '[]', ''), (8, 'a', '1', '', '[]', ''), (9, 'b', '', '', '[]', '');"
        "PRAGMA user_version = 2";
    sqlite3 *db = NULL;
    store_close(&store);
    assert_int_equal(sqlite3_open(place->db, &db), SQLITE_OK);
    if (sqlite3_exec(db, before, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    assert_ok(store_open(place->db, 1, &store, &err));
    assert_all("a 1@ 0 asked;b @ 0 asked;");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_backoff_and_hold),
        TEST(test_awaited_is_never_held),
        TEST(test_one_entry_each),
        TEST(test_what_waits_goes_along),
        TEST(test_mark),
        TEST(test_clear),
        TEST(test_long_waits),
        TEST(test_rows_of_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
