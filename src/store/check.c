/* Whether the rows agree with each other: for tests, for upkeep, after an accident. */
#include "store/tx.h"

static const struct {
    enum sql_id id;
    const char *complaint;
} check_rules[] = {
    {SQL_CHECK_LEASES, "attempts are live without being their job's lease"},
    {SQL_CHECK_LIVE_JOBS, "jobs are being worked on without a live attempt"},
    {SQL_CHECK_UNMET, "jobs count their unmet dependencies wrongly"},
    {SQL_CHECK_STUCK, "jobs wait although nothing is missing"},
    {SQL_CHECK_TWICE, "jobs were completed more than once"},
    {SQL_CHECK_ENDED, "jobs have an end that does not fit their state"},
    {SQL_CHECK_ARTIFACTS, "jobs name a content that no attempt of theirs made"},
    {SQL_CHECK_OVER, "runs are over with jobs that are not"},
};

bool store_check(struct store *store, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(store->sql, SQL_CHECK_INTEGRITY, SQL_NO_ARGS, &rows, &found, err))
        return false;
    if (!found || !str_eq(sql_get_text(&rows, 0), STR("ok")))
        return err_set(err, ERR_FORMAT, "%s is damaged: %.*s", sql_path(store->sql),
                       STR_ARG(found ? sql_get_text(&rows, 0) : STR("no answer")));
    sql_end(&rows);
    for (size_t i = 0; i < sizeof check_rules / sizeof *check_rules; i++) {
        int64_t count = 0;
        if (!sql_number(store->sql, check_rules[i].id, SQL_NO_ARGS, 0, &count, err))
            return false;
        if (count)
            return err_set(err, ERR_FORMAT, "%s: %lld %s", sql_path(store->sql), (long long)count,
                           check_rules[i].complaint);
    }
    return true;
}
