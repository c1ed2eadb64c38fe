#include "store/schema.h"
#include "base/buf.h"
#include "store/state.h"

enum { SCHEMA_APPLICATION = 0x52464e59 }; /* "RFNY" */

static const char *const schema_groups[] = {
    [STATE_OPEN] = "open", [STATE_LIVE] = "live", [STATE_GOOD] = "good", [STATE_END] = "end"};

static bool schema_check_owner(struct sql *sql, int64_t version, struct err *err)
{
    int64_t application = 0, tables = 0;
    if (!sql_query_text(sql, "PRAGMA application_id", &application, err) ||
        !sql_query_text(sql, "SELECT count(*) FROM sqlite_master", &tables, err))
        return false;
    if (application != SCHEMA_APPLICATION && (application != 0 || tables != 0))
        return err_set(err, ERR_FORMAT, "%s is a database of another program; name another file",
                       sql_path(sql));
    if (version > schema_newest)
        return err_set(err, ERR_FORMAT,
                       "%s has schema %lld, this release knows up to %d: use the newer release",
                       sql_path(sql), (long long)version, schema_newest);
    return true;
}

static bool schema_apply(struct sql *sql, int number, struct err *err)
{
    const struct schema_step *step = &schema_steps[number - 1];
    BUF_AUTO struct buf mark = {0};
    buf_printf(&mark, "PRAGMA user_version = %d; PRAGMA application_id = %d", number,
               SCHEMA_APPLICATION);
    if (!sql_script(sql, "BEGIN EXCLUSIVE", err))
        return false;
    if (sql_script(sql, step->sql, err) && sql_script(sql, mark.ptr, err) &&
        sql_script(sql, "COMMIT", err))
        return true;
    sql_rollback(sql);
    return err_wrap(err, "migration %s", step->name);
}

static struct digest schema_states_digest(void)
{
    struct digest_stream *stream = digest_open();
    for (enum state from = STATE_NONE + 1; from < STATE_COUNT; from++) {
        digest_add_field(stream, state_name(from));
        digest_add_field(stream, state_alias(from));
        digest_add_field(stream, str_from(schema_groups[state_group(from)]));
        for (enum state to = STATE_NONE + 1; to < STATE_COUNT; to++)
            digest_add(stream, state_may_step(from, to) ? STR("1") : STR("0"));
    }
    return digest_finish(stream);
}

static bool schema_write_states(struct sql *sql, struct err *err)
{
    if (!sql_run(sql, SQL_STATES_CLEAR, SQL_NO_ARGS, NULL, err) ||
        !sql_run(sql, SQL_STEPS_CLEAR, SQL_NO_ARGS, NULL, err))
        return false;
    for (enum state from = STATE_NONE + 1; from < STATE_COUNT; from++) {
        if (!sql_run(sql, SQL_STATE_ADD,
                     SQL_ARGS(sql_text(state_name(from)),
                              sql_text(str_from(schema_groups[state_group(from)])),
                              sql_text(state_alias(from))),
                     NULL, err))
            return false;
        for (enum state to = STATE_NONE + 1; to < STATE_COUNT; to++)
            if (state_may_step(from, to) &&
                !sql_run(sql, SQL_STEP_ADD,
                         SQL_ARGS(sql_text(state_name(from)), sql_text(state_name(to))), NULL, err))
                return false;
    }
    return true;
}

/* The trigger on jobs reads the table in the database: it must be this program's. */
static bool schema_load_states(struct sql *sql, int64_t now_ms, struct err *err)
{
    struct digest now = schema_states_digest(), then;
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(sql, SQL_SETTING_GET, SQL_ARGS(sql_text(STR("states"))), &rows, &found, err))
        return false;
    bool same = found && sql_get_digest(&rows, 0, &then) && digest_eq(&now, &then);
    sql_end(&rows);
    if (same)
        return true;
    if (!sql_begin(sql, err))
        return false;
    if (schema_write_states(sql, err) &&
        sql_run(sql, SQL_SETTING_SET, SQL_ARGS(sql_text(STR("states")), sql_digest(&now)), NULL,
                err) &&
        sql_run(sql, SQL_SETTING_SET, SQL_ARGS(sql_text(STR("migrated_ms")), sql_int(now_ms)), NULL,
                err) &&
        sql_commit(sql, err))
        return true;
    sql_rollback(sql);
    return false;
}

bool schema_migrate(struct sql *sql, int64_t now_ms, struct err *err)
{
    int64_t version = 0;
    if (!sql_query_text(sql, "PRAGMA user_version", &version, err) ||
        !schema_check_owner(sql, version, err))
        return false;
    for (int number = (int)version + 1; number <= schema_newest; number++)
        if (!schema_apply(sql, number, err))
            return false;
    return schema_load_states(sql, now_ms, err);
}

bool schema_is_newest(struct sql *sql, bool *newest, struct err *err)
{
    int64_t version = 0, application = 0;
    if (!sql_query_text(sql, "PRAGMA user_version", &version, err) ||
        !sql_query_text(sql, "PRAGMA application_id", &application, err))
        return false;
    *newest = application == SCHEMA_APPLICATION && version == schema_newest;
    return true;
}
