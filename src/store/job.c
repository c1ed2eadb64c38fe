/* Jobs one by one: read, explained, controlled. */
#include "base/buf.h"
#include "store/tx.h"

bool store_job_get(struct store *store, int64_t job_id, struct arena *arena, struct store_job *job,
                   struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(store->sql, SQL_JOB_GET, SQL_ARGS(sql_int(job_id)), &rows, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "there is no job %lld", (long long)job_id);
    struct store_job seen = tx_job(&rows);
    *job = tx_job_copy(arena, &seen);
    return true;
}

bool store_job_find(struct store *store, int64_t run_id, struct str key, int64_t *job_id,
                    struct err *err)
{
    int64_t found = 0;
    if (!sql_number(store->sql, SQL_JOB_FIND, SQL_ARGS(sql_int(run_id), sql_text(key)), 0, &found,
                    err))
        return false;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "run %lld has no job %.*s", (long long)run_id,
                       STR_ARG(key));
    *job_id = found;
    return true;
}

bool store_job_each(struct store *store, int64_t run_id, store_job_fn *visit, void *state,
                    struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_JOB_EACH, SQL_ARGS(sql_int(run_id)), &rows, &more, err))
        return false;
    while (more) {
        struct store_job job = tx_job(&rows);
        if (!visit(state, &job, err) || !sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_edge_each(struct store *store, int64_t run_id, store_edge_fn *visit, void *state,
                     struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_EDGE_EACH, SQL_ARGS(sql_int(run_id)), &rows, &more, err))
        return false;
    while (more)
        if (!visit(state, sql_get_int(&rows, 0), sql_get_int(&rows, 1), err) ||
            !sql_next(&rows, &more, err))
            return false;
    return true;
}

/* "waits for a 1.0 (building) and b 2.0, which has failed: no compiler" */
static bool job_why_waiting(struct store *store, int64_t job_id, struct buf *why, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = false;
    if (!sql_first(store->sql, SQL_JOB_CULPRITS, SQL_ARGS(sql_int(job_id)), &rows, &more, err))
        return false;
    const char *lead = "waits for ";
    while (more) {
        enum state state = state_parse(sql_get_text(&rows, 2));
        struct str reason = sql_get_text(&rows, 3);
        buf_printf(why, "%s%.*s %.*s", lead, STR_ARG(sql_get_text(&rows, 0)),
                   STR_ARG(sql_get_text(&rows, 1)));
        if (state_group(state) == STATE_END)
            buf_printf(why, ", which %s %s%s%.*s", state == STATE_FAILED ? "has" : "was",
                       state_name(state).ptr, reason.len ? ": " : "", STR_ARG(reason));
        else
            buf_printf(why, " (%s)", state_name(state).ptr);
        lead = "; and for ";
        if (!sql_next(&rows, &more, err))
            return false;
    }
    return true;
}

bool store_job_why(struct store *store, int64_t job_id, int64_t now_ms, struct arena *arena,
                   struct str *why, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    struct store_job job;
    if (!store_job_get(store, job_id, arena, &job, err))
        return false;
    if (job.state == STATE_WAITING) {
        if (!job_why_waiting(store, job_id, &text, err))
            return false;
    } else if (job.state == STATE_READY) {
        buf_add(&text, STR("waits for a free slot"));
    } else if (job.state == STATE_RETRY) {
        int64_t wait_ms = job.not_before_ms > now_ms ? job.not_before_ms - now_ms : 0;
        buf_printf(&text, "tries again in %lld s%s%.*s", (long long)((wait_ms + 999) / 1000),
                   job.why.len ? ": " : "", STR_ARG(job.why));
    } else if (state_group(job.state) == STATE_END) {
        buf_add(&text, job.why);
    }
    *why = arena_str(arena, buf_str(&text));
    return true;
}

struct job_rule {
    enum store_control control;
    bool open, live, ended; /* groups that it applies to; good ones never */
    enum state only;        /* if not NONE: this state alone */
    enum state to;          /* NONE: ready or waiting, as the dependencies are */
    bool forgive;           /* failures are forgotten, not only the tries */
    struct str why;
};

static const struct job_rule job_rules[] = {
    {CONTROL_BLOCK, true, true, true, STATE_NONE, STATE_BLOCKED, false,
     STR_INIT("blocked by hand")},
    {CONTROL_UNBLOCK, false, false, true, STATE_BLOCKED, STATE_NONE, true, STR_INIT("")},
    {CONTROL_RETRY, false, false, true, STATE_NONE, STATE_NONE, false, STR_INIT("")},
    {CONTROL_RECLAIM, false, true, false, STATE_NONE, STATE_READY, false, STR_INIT("")},
    {CONTROL_CANCEL, true, true, false, STATE_NONE, STATE_CANCELLED, false,
     STR_INIT("cancelled by hand")},
};

struct job_change {
    int64_t id, now_ms;
    enum store_control control;
};

static bool job_rule_applies(const struct job_rule *rule, const struct store_job *job)
{
    if (rule->only != STATE_NONE)
        return job->state == rule->only;
    switch (state_group(job->state)) {
    case STATE_OPEN:
        return rule->open;
    case STATE_LIVE:
        return rule->live;
    case STATE_END:
        return rule->ended;
    case STATE_GOOD:
        break;
    }
    return false;
}

static bool job_change_to(struct sql *sql, const struct job_change *change,
                          const struct job_rule *rule, const struct store_job *job, struct err *err)
{
    enum state to = rule->to;
    if (to == STATE_NONE)
        to = job->unmet ? STATE_WAITING : STATE_READY;
    bool ended = state_group(to) == STATE_END;
    struct str lost = to == STATE_CANCELLED ? STR("cancelled") : STR("lost");
    struct tx_event event = {"control", job->run, job->id, 0, job->drone, state_name(to)};
    return sql_run(sql, SQL_JOB_CONTROL,
                   SQL_ARGS(sql_int(job->id), sql_text(state_name(to)), sql_text(rule->why),
                            sql_int(ended ? change->now_ms : 0), sql_int(rule->forgive)),
                   NULL, err) &&
           sql_run(sql, SQL_JOB_REVOKE,
                   SQL_ARGS(sql_int(job->id), sql_text(lost), sql_int(change->now_ms)), NULL,
                   err) &&
           /* What was given up for this job's sake waits for it again. */
           (ended || (sql_run(sql, SQL_DEPENDENTS_WAKE, SQL_ARGS(sql_int(job->id)), NULL, err) &&
                      sql_run(sql, SQL_RUN_STATE,
                              SQL_ARGS(sql_int(job->run), sql_text(STR("active")), sql_int(0)),
                              NULL, err))) &&
           tx_event(sql, change->now_ms, &event, err);
}

static bool job_control_body(struct sql *sql, void *state, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    const struct job_change *change = state;
    const struct job_rule *rule = job_rules;
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(sql, SQL_JOB_GET, SQL_ARGS(sql_int(change->id)), &rows, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "there is no job %lld", (long long)change->id);
    struct store_job seen = tx_job(&rows), job = tx_job_copy(&scratch, &seen);
    sql_end(&rows);
    while (rule->control != change->control)
        rule++;
    if (!job_rule_applies(rule, &job) || job.state == rule->to)
        return err_set(err, ERR_USAGE, "%.*s %.*s is %s: nothing to do", STR_ARG(job.name),
                       STR_ARG(job.version), state_name(job.state).ptr);
    return job_change_to(sql, change, rule, &job, err);
}

bool store_job_control(struct store *store, int64_t job_id, enum store_control control,
                       int64_t now_ms, struct err *err)
{
    struct job_change change = {job_id, now_ms, control};
    return tx_do(store, job_control_body, &change, err);
}
