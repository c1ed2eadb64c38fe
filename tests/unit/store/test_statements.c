/* No statement of the daily work reads a whole table: the cost of a claim does not grow. */
#include "place.h"

#include <sqlite3.h>
#include <string.h>

#include "store/sql.h"
#include "store/store.h"

static const char *const texts[SQL_COUNT] = {
#define SQL(ID, text) [SQL_##ID] = text,
#include "store/statements.def"
};
static const char *const names[SQL_COUNT] = {
#define SQL(ID, text) [SQL_##ID] = #ID,
#include "store/statements.def"
};

/* Reports, upkeep, and tables that stay small; the queue is read in order through its index. */
static const enum sql_id may_scan[] = {
    SQL_STATES_CLEAR,     SQL_STEPS_CLEAR,     SQL_LEARNED_EACH,    SQL_HISTORY_EACH,
    SQL_HISTORY_FAILURES, SQL_HISTORY_SLOWEST, SQL_RETRY_EACH,      SQL_RETRY_CLEAR,
    SQL_FAILURE_FORGET,   SQL_HISTORY_FORGIVE, SQL_CHECK_INTEGRITY, SQL_CHECK_LEASES,
    SQL_CHECK_LIVE_JOBS,  SQL_CHECK_UNMET,     SQL_CHECK_STUCK,     SQL_CHECK_TWICE,
    SQL_CHECK_ENDED,      SQL_CHECK_ARTIFACTS, SQL_CHECK_OVER,      SQL_HINT_EACH,
    SQL_INFERRED_EACH,    SQL_RETRY_AGAIN,     SQL_RETRY_COUNT,
};

static bool is_scan(enum sql_id id, const char *detail)
{
    /* Names of inner tables of a statement, and of partial indexes that hold only what is live. */
    static const char *const fine[] = {"jobs_ready", "attempts_live", "jobs_retry", "retries_due",
                                       "SCAN due",   "SCAN need",     "SCAN n",     "SCAN h",
                                       "SCAN hangs", "SCAN (",        "CONSTANT"};
    for (size_t i = 0; i < sizeof may_scan / sizeof *may_scan; i++)
        if (may_scan[i] == id)
            return false;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (strstr(detail, fine[i]))
            return false;
    return strncmp(detail, "SCAN ", 5) == 0;
}

static void test_no_scans(void **state)
{
    (void)state;
    static struct err err;
    struct place *place = place_make();
    struct store *store = NULL;
    sqlite3 *db = NULL;
    assert_ok(store_open(place->db, 1, &store, &err));
    assert_int_equal(sqlite3_open(place->db, &db), SQLITE_OK);
    for (size_t id = 0; id < SQL_COUNT; id++) {
        sqlite3_stmt *stmt = NULL;
        const char *question = arena_printf(&place->arena, "EXPLAIN QUERY PLAN %s", texts[id]).ptr;
        if (id == SQL_BEGIN || id == SQL_COMMIT || id == SQL_CHECK_INTEGRITY)
            continue;
        if (sqlite3_prepare_v2(db, question, -1, &stmt, NULL) != SQLITE_OK)
            fail_msg("%s: %s", names[id], sqlite3_errmsg(db));
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(stmt, 3);
            if (is_scan((enum sql_id)id, detail))
                fail_msg("%s: %s", names[id], detail);
        }
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
    store_close(&store);
    place_free(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_scans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
