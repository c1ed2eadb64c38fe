/*
 * exercise run|check|dump DIR: a small run of the store, the content store and the logs, as
 * `refinery run` uses them, for killat to stop anywhere.
 *
 * run works until the run is finished, going on where a dead one stopped; after each completion
 * that returned it writes a line to DIR/acks. check opens what is there and proves the invariants:
 * the rows agree, what was acknowledged is still so, what is done has its artifact, verified, and
 * its log. dump prints the end state of every job, which must not depend on any death.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"
#include "cas/cas.h"
#include "os/fd.h"
#include "os/file.h"
#include "store/buildlog.h"
#include "store/store.h"

enum { JOBS = 24, SLOTS = 2, HOPELESS = 11, REQUIRES = 5, ADDED = 3 };

struct exercise {
    struct arena arena;
    const char *dir, *db, *logs, *acks;
    struct store *store;
    struct cas *cas;
    int64_t drone, run, skew_ms;
    int ack_fd;
};

static int64_t now(const struct exercise *x)
{
    return clock_wall_ms(clock_system()) + x->skew_ms;
}

static const char *under(struct exercise *x, const char *name)
{
    return file_join(&x->arena, str_from(x->dir), str_from(name)).ptr;
}

static struct digest plan_digest(void)
{
    return digest_of(STR("plan of the exercise"));
}

static struct str key_of(struct arena *arena, int at)
{
    return arena_printf(arena, "job-%02d", at);
}

static struct store_job_new job_of(struct arena *arena, struct str name, int64_t priority)
{
    return (struct store_job_new){.key = name,
                                  .kind = STR("build"),
                                  .name = name,
                                  .version = STR("1"),
                                  .target = STR("t"),
                                  .spec = arena_printf(arena, "{\"p\":%lld}", (long long)priority),
                                  .priority = priority};
}

static bool make_run(struct exercise *x, struct err *err)
{
    struct store_job_new jobs[JOBS];
    struct store_edge edges[2 * JOBS];
    struct digest plan = plan_digest();
    struct store_run_new run = {
        .plan = &plan, .title = STR("exercise"), .backoff_base_ms = 1, .backoff_max_ms = 4};
    struct store_graph graph = {jobs, JOBS, edges, 0};
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = job_of(&x->arena, key_of(&x->arena, i), JOBS - i);
        if (i)
            edges[graph.edge_count++] = (struct store_edge){i, i / 2};
        if (i > 6 && i % 3 == 0)
            edges[graph.edge_count++] = (struct store_edge){i, i - 3};
    }
    jobs[0].ended = STATE_REUSED;
    edges[graph.edge_count++] = (struct store_edge){REQUIRES + 1, REQUIRES};
    return store_plan_add(x->store, &plan, NULL, STR(""), now(x), err) &&
           store_run_create(x->store, &run, &graph, now(x), &x->run, NULL, err);
}

/* What a build of that name makes: the same bytes each time, of very different sizes. */
static struct str content_of(struct arena *arena, struct str name)
{
    size_t at = (size_t)(name.ptr[name.len - 1] - '0');
    size_t len = (at * at * 3000) + 10;
    char *bytes = arena_alloc(arena, len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(name.ptr[i % name.len] + (char)(i / 251));
    return str_of(bytes, len);
}

static struct str log_line(struct arena *arena, struct str name, int at)
{
    return arena_printf(arena, "%.*s: line %d of its log\n", STR_ARG(name), at);
}

static bool write_log(struct exercise *x, const struct store_lease *lease,
                      struct buildlog_sealed *sealed, struct err *err)
{
    BUILDLOG_AUTO struct buildlog *log = NULL;
    struct buildlog_id id = {lease->job.name, lease->job.version, lease->attempt};
    if (!buildlog_open(x->logs, &id, 0, &log, err))
        return false;
    for (int i = 0; i < 3; i++)
        if (!buildlog_append(log, buildlog_size(log), log_line(&x->arena, lease->job.name, i), err))
            return false;
    return buildlog_seal(&log, &x->arena, sealed, err);
}

/* Bytes, then the result of the action, then the row: in this order nothing can be missing. */
static bool make_artifact(struct exercise *x, const struct store_lease *lease,
                          struct store_completion *completion, struct store_artifact *artifact,
                          struct err *err)
{
    static struct digest key;
    struct cas_result result;
    struct cas_blob blob;
    key = digest_of(lease->job.name);
    completion->action_key = &key;
    if (cas_result_get(x->cas, &key, &x->arena, &result, err)) {
        completion->outcome = OUTCOME_CACHED;
        blob = (struct cas_blob){result.content, 0};
    } else if (err->code != ERR_NOT_FOUND) {
        return false;
    } else {
        if (!cas_put_bytes(x->cas, content_of(&x->arena, lease->job.name), &blob, err))
            return false;
        result = (struct cas_result){blob.digest, STR("{}")};
        if (!cas_result_put(x->cas, &key, &result, err))
            return false;
    }
    *artifact = (struct store_artifact){
        .name = lease->job.name, .kind = STR("wheel"), .digest = blob.digest, .size = blob.size};
    completion->artifacts = artifact;
    completion->artifact_count = 1;
    return true;
}

/* Job REQUIRES finds more jobs, which the next one then needs. */
static bool find_more(struct exercise *x, struct store_graph *graph, struct err *err)
{
    int64_t next = 0;
    struct store_job_new *jobs = ARENA_ARRAY(&x->arena, struct store_job_new, ADDED);
    struct store_edge *edges = ARENA_ARRAY(&x->arena, struct store_edge, 2 * ADDED);
    if (!store_job_find(x->store, x->run, key_of(&x->arena, REQUIRES + 1), &next, err))
        return false;
    *graph = (struct store_graph){jobs, ADDED, edges, 0};
    for (int i = 0; i < ADDED; i++) {
        jobs[i] = job_of(&x->arena, arena_printf(&x->arena, "more-%d", i), 50);
        edges[graph->edge_count++] = (struct store_edge){STORE_JOB(next), i};
        if (i)
            edges[graph->edge_count++] = (struct store_edge){i, i - 1};
    }
    return true;
}

static bool acknowledge(struct exercise *x, const struct store_lease *lease, enum state state,
                        struct err *err)
{
    struct str line =
        arena_printf(&x->arena, "%.*s %s\n", STR_ARG(lease->job.key), state_name(state).ptr);
    return file_write_all(x->ack_fd, x->acks, line, err);
}

static bool work(struct exercise *x, const struct store_lease *lease, struct err *err)
{
    struct store_completion completion = {.outcome = OUTCOME_DONE};
    struct store_progress progress = {.state = STATE_BUILDING, .phase = STR("compile")};
    struct store_artifact artifact;
    struct buildlog_sealed sealed;
    struct store_effect effect;
    struct store_graph addendum;
    int at = (lease->job.name.ptr[4] - '0') * 10 + lease->job.name.ptr[5] - '0';
    if (!store_renew(x->store, lease->attempt, lease->epoch, &progress, now(x), err) ||
        !write_log(x, lease, &sealed, err))
        return false;
    bool flaky = str_starts(lease->job.name, STR("job-")) && at % 7 == 3;
    if (flaky && lease->job.failures == 0) {
        completion.outcome = OUTCOME_AGAIN;
        completion.detail = STR("flaky");
    } else if (str_starts(lease->job.name, STR("job-")) && at == HOPELESS) {
        completion.outcome = OUTCOME_FAILED;
        completion.detail = STR("hopeless");
    } else if (!make_artifact(x, lease, &completion, &artifact, err)) {
        return false;
    }
    if (str_eq(lease->job.name, key_of(&x->arena, REQUIRES))) {
        if (!find_more(x, &addendum, err))
            return false;
        completion.addendum = &addendum;
    }
    completion.log = sealed.path;
    completion.log_bytes = sealed.bytes;
    completion.log_digest = &sealed.digest;
    return store_complete(x->store, lease->attempt, lease->epoch, &completion, now(x), &effect,
                          err) &&
           acknowledge(x, lease, effect.state, err);
}

static bool loop(struct exercise *x, struct err *err)
{
    struct store_claim claim = {.drone = x->drone, .run = x->run};
    for (;;) {
        struct store_lease leases[SLOTS];
        size_t held = 0;
        int64_t wake_ms = 0;
        /* Two at a time, so that a death leaves more than one lease behind. */
        for (; held < SLOTS; held++) {
            claim.slot = (int64_t)held;
            if (!store_claim(x->store, &claim, now(x), &x->arena, &leases[held], err))
                return false;
            wake_ms = leases[held].wake_ms;
            if (!leases[held].attempt)
                break;
        }
        if (!held && !wake_ms)
            return true;
        if (!held)
            x->skew_ms += wake_ms > now(x) ? wake_ms - now(x) : 0;
        for (size_t i = 0; i < held; i++)
            if (!work(x, &leases[i], err))
                return false;
    }
}

static bool run(struct exercise *x, struct err *err)
{
    FD_AUTO int lock = -1;
    struct store_drone_new local = {.name = STR("local"), .kind = STR("local")};
    struct digest plan = plan_digest();
    if (!file_mkdirs(AT_FDCWD, x->dir, 0777, err) ||
        !file_lock(AT_FDCWD, under(x, "lock"), true, &lock, err) ||
        !store_open(x->db, now(x), &x->store, err) || !cas_open(under(x, "cas"), &x->cas, err) ||
        !store_drone_register(x->store, &local, now(x), &x->drone, NULL, err) ||
        !buildlog_recover(x->logs, NULL, err) || !store_run_find(x->store, &plan, &x->run, err))
        return false;
    x->ack_fd = open(x->acks, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (x->ack_fd < 0)
        return err_errno(err, "opening %s", x->acks);
    struct store_run old;
    if (!x->run) {
        if (store_run_get(x->store, 1, &x->arena, &old, err))
            return true; /* finished by one that died after that */
        if (err->code != ERR_NOT_FOUND || !make_run(x, err))
            return false;
    }
    return loop(x, err) && store_run_finish(x->store, x->run, now(x), err);
}

/* ---- check ---- */

struct job_list {
    struct exercise *x;
    VEC(struct store_job) jobs;
};

static bool collect(void *state, const struct store_job *job, struct err *err)
{
    (void)err;
    struct job_list *list = state;
    struct store_job *kept = vec_push(&list->jobs, &list->x->arena);
    *kept = *job;
    kept->key = arena_str(&list->x->arena, job->key);
    kept->name = arena_str(&list->x->arena, job->name);
    kept->why = arena_str(&list->x->arena, job->why);
    return true;
}

struct seen_attempt {
    VEC(int64_t) logged;
    struct arena *arena;
};

static bool collect_attempt(void *state, const struct store_attempt *attempt, struct err *err)
{
    (void)err;
    struct seen_attempt *seen = state;
    if (attempt->log.len)
        *vec_push(&seen->logged, seen->arena) = attempt->id;
    return true;
}

static bool check_logs(struct exercise *x, const struct store_job *job, struct err *err)
{
    struct seen_attempt seen = {.arena = &x->arena};
    BUF_AUTO struct buf expected = {0};
    struct str text;
    int64_t size;
    for (int i = 0; i < 3; i++)
        buf_add(&expected, log_line(&x->arena, job->name, i));
    if (!store_attempt_each(x->store, job->id, collect_attempt, &seen, err))
        return false;
    for (size_t i = 0; i < seen.logged.len; i++) {
        struct buildlog_id id = {job->name, STR("1"), seen.logged.at[i]};
        if (!buildlog_read(x->logs, &id, 0, 1 << 20, &x->arena, &text, &size, err))
            return false;
        if (!str_eq(text, buf_str(&expected)))
            return err_set(err, ERR_FORMAT, "the log of %.*s is not what was written",
                           STR_ARG(job->name));
    }
    return true;
}

static bool check_job(struct exercise *x, const struct store_job *job, struct err *err)
{
    struct str bytes;
    if (!check_logs(x, job, err))
        return false;
    if (job->state != STATE_DONE && job->state != STATE_CACHED)
        return true;
    if (!job->has_content)
        return err_set(err, ERR_FORMAT, "%.*s is done without content", STR_ARG(job->key));
    if (!cas_read(x->cas, &job->content, 1 << 24, &x->arena, &bytes, err))
        return err_wrap(err, "%.*s is done", STR_ARG(job->key));
    return str_eq(bytes, content_of(&x->arena, job->name)) ||
           err_set(err, ERR_FORMAT, "%.*s has another's content", STR_ARG(job->key));
}

/* The last acknowledged state of a job that ended must be the one it has. */
static bool check_acks(struct exercise *x, const struct job_list *list, struct err *err)
{
    struct str text, line, key, word;
    if (!file_read(AT_FDCWD, x->acks, 1 << 20, &x->arena, &text, err))
        return err->code == ERR_NOT_FOUND;
    while (str_next_line(&text, &line)) {
        bool held = false;
        if (!str_cut(line, ' ', &key, &word))
            continue;
        enum state said = state_parse(word);
        for (size_t i = 0; i < list->jobs.len; i++)
            if (str_eq(list->jobs.at[i].key, key))
                held = said == STATE_RETRY ? list->jobs.at[i].failures > 0
                                           : list->jobs.at[i].state == said;
        if (!held)
            return err_set(err, ERR_FORMAT, "%.*s was acknowledged and is lost", STR_ARG(line));
    }
    return true;
}

static bool open_for_reading(struct exercise *x, struct job_list *list, struct err *err)
{
    return store_open(x->db, now(x), &x->store, err) && cas_open(under(x, "cas"), &x->cas, err) &&
           store_job_each(x->store, 1, collect, list, err);
}

static bool check(struct exercise *x, struct err *err)
{
    struct job_list list = {.x = x};
    if (access(x->db, F_OK) < 0)
        return access(x->acks, F_OK) < 0 || err_errno(err, "%s", x->db);
    if (!open_for_reading(x, &list, err) || !store_check(x->store, err))
        return false;
    for (size_t i = 0; i < list.jobs.len; i++)
        if (!check_job(x, &list.jobs.at[i], err))
            return false;
    return check_acks(x, &list, err);
}

static bool dump(struct exercise *x, struct err *err)
{
    struct job_list list = {.x = x};
    struct store_run end;
    if (!open_for_reading(x, &list, err) || !store_run_get(x->store, 1, &x->arena, &end, err))
        return false;
    printf("run %s\n", end.state == RUN_FINISHED ? "finished" : "not finished");
    for (size_t i = 0; i < list.jobs.len; i++) {
        const struct store_job *job = &list.jobs.at[i];
        /* An artifact that was stored just before a death is found, not made again. */
        bool made = job->state == STATE_DONE || job->state == STATE_CACHED;
        printf("%s %s %lld %s %s\n", job->key.ptr, made ? "made" : state_name(job->state).ptr,
               (long long)job->failures, job->has_content ? digest_to_hex(&job->content).text : "-",
               made ? "" : job->why.ptr);
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        bool (*verb)(struct exercise *, struct err *);
    } verbs[] = {{"run", run}, {"check", check}, {"dump", dump}};
    struct err err = {0};
    struct exercise x = {.ack_fd = -1};
    for (size_t i = 0; argc == 3 && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(argv[1], verbs[i].word) != 0)
            continue;
        x.dir = argv[2];
        x.db = under(&x, "history.db");
        x.logs = under(&x, "logs");
        x.acks = under(&x, "acks");
        bool good = verbs[i].verb(&x, &err);
        if (!good)
            fprintf(stderr, "exercise %s: %s\n", argv[1], err.text);
        store_close(&x.store);
        cas_close(&x.cas);
        fd_close(&x.ack_fd);
        arena_free(&x.arena);
        return good ? 0 : 1;
    }
    fputs("usage: exercise run|check|dump DIR\n", stderr);
    return 2;
}
