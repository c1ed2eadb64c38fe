/* The agent with slots that are a shell script, and a source in memory. */
#include "drone/agent.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "unit.h"

enum { JOBS_MAX = 8 };

struct seen {
    int claims, ends, renewals, ticks;
    bool cancelled, offsets_ok;
    uint64_t logged;
    char log[4096], phases[256], result[256];
    struct proc_result process;
    size_t slot;
};

struct yard {
    struct arena arena;
    const char *dir, *program;
    const char *scripts[JOBS_MAX]; /* the spec of job i: shell text */
    size_t jobs, next, over;
    struct proc_limits limits;
    struct seen seen[JOBS_MAX];
    size_t running, most; /* attempts at once */
    bool fail_log;
};

/* The slot program runs its spec as shell text, with the status descriptor as $fd. */
#define SLOT_PROGRAM "#!/bin/bash\n[ \"$1\" = slot ] || exit 9\nfd=$3\n. \"$2\"\n"

static int yard_make(void **state)
{
    struct err err = {0};
    struct str dir;
    struct yard *yard = calloc(1, sizeof *yard);
    const char *tmp = getenv("TMPDIR");
    assert_ok(file_make_temp_dir(tmp ? tmp : "/tmp", "refinery-agent-", &yard->arena, &dir, &err));
    yard->dir = dir.ptr;
    yard->program = arena_printf(&yard->arena, "%s/slot.sh", yard->dir).ptr;
    assert_ok(file_write(AT_FDCWD, yard->program, 0755, STR(SLOT_PROGRAM), &err));
    for (size_t i = 0; i < JOBS_MAX; i++)
        yard->seen[i].offsets_ok = true;
    *state = yard;
    return 0;
}

static bool count_specs(void *state, int dirfd, struct str name, struct err *err)
{
    (void)dirfd;
    (void)err;
    *(size_t *)state += str_ends(name, STR(".json"));
    return true;
}

static int yard_remove(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    size_t specs = 0;
    bool ok = file_each(AT_FDCWD, yard->dir, count_specs, &specs, &err) && specs == 0;
    (void)!file_remove_tree(AT_FDCWD, yard->dir, &err);
    arena_free(&yard->arena);
    free(yard);
    return ok ? 0 : -1; /* no spec file stays behind */
}

static bool on_claim(void *state, size_t slot, struct arena *arena, struct agent_work *work,
                     struct err *err)
{
    struct yard *yard = state;
    if (yard->next == yard->jobs)
        return err_set(err, ERR_NOT_FOUND, "nothing");
    size_t job = yard->next++;
    *work = (struct agent_work){.attempt = (int64_t)job,
                                .epoch = 7,
                                .spec = arena_str(arena, str_from(yard->scripts[job])),
                                .limits = yard->limits};
    yard->seen[job].claims++;
    yard->seen[job].slot = slot;
    if (++yard->running > yard->most)
        yard->most = yard->running;
    return true;
}

static bool on_finished(void *state)
{
    const struct yard *yard = state;
    return yard->over == yard->jobs;
}

static int64_t on_next_ready(void *state)
{
    (void)state;
    return -1;
}

static void on_phase(void *state, size_t slot, const struct agent_work *work, struct str phase)
{
    struct seen *seen = &((struct yard *)state)->seen[work->attempt];
    size_t used = strlen(seen->phases);
    assert_int_equal(slot, seen->slot);
    if (used + phase.len + 2 < sizeof seen->phases) {
        memcpy(seen->phases + used, phase.ptr, phase.len);
        seen->phases[used + phase.len] = ',';
    }
}

static bool on_log(void *state, const struct agent_work *work, uint64_t offset, struct str chunk,
                   struct err *err)
{
    struct yard *yard = state;
    struct seen *seen = &yard->seen[work->attempt];
    if (yard->fail_log)
        return err_set(err, ERR_SYSTEM, "no space for the log");
    seen->offsets_ok = seen->offsets_ok && offset == seen->logged && work->epoch == 7;
    for (size_t i = 0; i < chunk.len && seen->logged + i + 1 < sizeof seen->log; i++)
        seen->log[seen->logged + i] = chunk.ptr[i];
    seen->logged += chunk.len;
    return true;
}

static bool on_end(void *state, size_t slot, const struct agent_work *work,
                   const struct agent_end *end, struct err *err)
{
    struct yard *yard = state;
    struct seen *seen = &yard->seen[work->attempt];
    (void)err;
    assert_int_equal(slot, seen->slot);
    seen->ends++;
    seen->cancelled = end->cancelled;
    seen->process = end->process;
    if (end->result.len < sizeof seen->result)
        memcpy(seen->result, end->result.len ? end->result.ptr : "", end->result.len);
    yard->over++;
    yard->running--;
    return true;
}

static bool on_renew(void *state, const struct agent_work *work, struct err *err)
{
    (void)err;
    ((struct yard *)state)->seen[work->attempt].renewals++;
    return true;
}

static void on_tick(void *state)
{
    ((struct yard *)state)->seen[0].ticks++;
}

static bool work(struct yard *yard, size_t slots, int64_t renew_ms, struct err *err)
{
    const struct agent_source source = {.claim = on_claim,
                                        .finished = on_finished,
                                        .next_ready_ms = on_next_ready,
                                        .phase = on_phase,
                                        .log = on_log,
                                        .end = on_end,
                                        .renew = on_renew,
                                        .tick = on_tick,
                                        .state = yard,
                                        .renew_ms = renew_ms,
                                        .tick_ms = renew_ms};
    const struct agent_config config = {
        .program = yard->program, .work_dir = yard->dir, .slots = slots, .clock = clock_system()};
    return agent_run(&config, &source, err);
}

/* One job, whose attempt is expected to end in the ordinary way. */
static struct seen *one(struct yard *yard, const char *script)
{
    struct err err = {0};
    yard->scripts[0] = script;
    yard->jobs = 1;
    assert_ok(work(yard, 1, 0, &err));
    assert_int_equal(yard->seen[0].ends, 1);
    assert_true(yard->seen[0].offsets_ok);
    assert_false(yard->seen[0].cancelled);
    return &yard->seen[0];
}

static void test_ordinary(void **state)
{
    const struct seen *seen =
        one(*state, "echo one; echo '{\"phase\":\"fetch\"}' >&$fd; echo two >&2\n"
                    "printf '{\"phase\":\"bu' >&$fd; printf 'ild\"}\\n' >&$fd\n"
                    "echo '{\"result\":{\"outcome\":\"ok\"}}' >&$fd; printf three\n");
    assert_string_equal(seen->log, "one\ntwo\nthree");
    assert_string_equal(seen->phases, "fetch,build,");
    assert_string_equal(seen->result, "{\"outcome\":\"ok\"}");
    assert_true(seen->process.end == PROC_EXITED && seen->process.code == 0);
}

static void test_without_result(void **state)
{
    const struct seen *seen = one(*state, "echo bye; exit 3\n");
    assert_string_equal(seen->result, "");
    assert_true(seen->process.end == PROC_EXITED && seen->process.code == 3);
}

static void test_killed(void **state)
{
    const struct seen *seen = one(*state, "kill -9 $$\n");
    assert_true(seen->process.end == PROC_SIGNALED && seen->process.code == 9);
}

static void test_nonsense(void **state)
{
    const struct seen *seen =
        one(*state, "printf '{\"phase\":\"}\\n{\"phase\":\"\"}\\n{\"result\":\\n{\"result\":}\\n\\n"
                    "[]\\n\\000\\377\\n{\"result\":{\"half\"' >&$fd\n");
    assert_string_equal(seen->result, "");
}

/* More than a pipe holds, on both pipes, and all of it after which the process is gone. */
static void test_much(void **state)
{
    const struct seen *seen = one(*state, "i=0; while [ $i -lt 3000 ]; do i=$((i+1))\n"
                                          "echo 0123456789012345678901234567890123456789\n"
                                          "echo '{\"phase\":\"x\"}' >&$fd; done\n"
                                          "echo '{\"result\":{}}' >&$fd\n");
    assert_int_equal(seen->logged, 3000 * 41);
    assert_string_equal(seen->result, "{}");
}

static void test_time_out(void **state)
{
    ((struct yard *)*state)->limits.timeout_ms = 150;
    const struct seen *seen = one(*state, "echo start; exec sleep 60\n");
    assert_int_equal(seen->process.end, PROC_TIMEOUT);
    assert_true(seen->process.wall_ms >= 150 && seen->process.wall_ms < 30000);
    assert_string_equal(seen->log, "start\n");
}

static void test_silence(void **state)
{
    ((struct yard *)*state)->limits.silence_ms = 150;
    const struct seen *seen = one(*state, "echo start; exec sleep 60\n");
    assert_int_equal(seen->process.end, PROC_SILENT);
}

static void test_flood(void **state)
{
    ((struct yard *)*state)->limits.output_max = 1000;
    const struct seen *seen = one(*state, "while :; do echo 0123456789; done\n");
    assert_int_equal(seen->process.end, PROC_FLOODED);
    assert_int_equal(seen->logged, 1000);
}

/* A process of another session holds the pipes: quiet, and without an end to what it writes. */
static void test_grandchild(void **state)
{
    const struct seen *seen =
        one(*state, "setsid sleep 3 &\necho '{\"result\":{}}' >&$fd; exit 0\n");
    assert_string_equal(seen->result, "{}");
    assert_true(seen->process.wall_ms < 2500);
}

static void test_grandchild_writes(void **state)
{
    const struct seen *seen =
        one(*state, "setsid timeout 20 yes & echo '{\"result\":{}}' >&$fd; exit 0\n");
    assert_string_equal(seen->result, "{}");
    assert_true(seen->process.wall_ms < 15000);
}

/* What is left of the attempt's own group goes with it. */
static void test_group(void **state)
{
    struct yard *yard = *state;
    const char *mark = arena_printf(&yard->arena, "%s/pid", yard->dir).ptr;
    struct err err = {0};
    struct str text;
    uint64_t pid;
    one(yard, arena_printf(&yard->arena, "sleep 60 & echo $! > %s\n", mark).ptr);
    assert_ok(file_read(AT_FDCWD, mark, 100, &yard->arena, &text, &err));
    assert_true(str_to_u64(str_trim(text), &pid));
    const char *stat_path = arena_printf(&yard->arena, "/proc/%d/stat", (int)pid).ptr;
    bool gone = false; /* dying takes a moment, and nobody may be there to bury it */
    for (int i = 0; i < 500 && !gone; i++) {
        gone = !file_read(AT_FDCWD, stat_path, 4096, &yard->arena, &text, &err) ||
               str_find(text, STR(") Z ")) < text.len;
        if (!gone)
            poll(NULL, 0, 10);
    }
    assert_true(gone);
}

static void test_slots(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    yard->jobs = 6;
    for (size_t i = 0; i < yard->jobs; i++)
        yard->scripts[i] = "echo '{\"result\":{}}' >&$fd\n";
    assert_ok(work(yard, 2, 0, &err));
    assert_true(yard->most == 2 && yard->over == 6);
    for (size_t i = 0; i < yard->jobs; i++)
        assert_true(yard->seen[i].claims == 1 && yard->seen[i].ends == 1 &&
                    !strcmp(yard->seen[i].result, "{}"));
}

static void test_more_slots_than_work(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    yard->jobs = 1;
    yard->scripts[0] = "exit 0\n";
    assert_ok(work(yard, AGENT_SLOTS_MAX, 0, &err));
    assert_int_equal(yard->over, 1);
    yard->jobs = yard->next = yard->over = 0; /* and none at all */
    assert_ok(work(yard, 3, 0, &err));
    assert_false(work(yard, 0, 0, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_false(work(yard, AGENT_SLOTS_MAX + 1, 0, &err));
}

static void test_renewed(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    yard->jobs = 1;
    yard->scripts[0] = "sleep 0.3\n";
    assert_ok(work(yard, 1, 20, &err));
    assert_true(yard->seen[0].renewals >= 2 && yard->seen[0].ticks >= 2);
}

static void test_signal(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    sigset_t mask;
    /* The second job stops its grandparent, as a terminal would. */
    yard->jobs = 3;
    yard->scripts[0] = "exec sleep 60\n";
    yard->scripts[1] = "echo '{\"result\":{}}' >&$fd; kill -INT $PPID; exec sleep 60\n";
    yard->scripts[2] = "exit 0\n";
    assert_false(work(yard, 2, 0, &err));
    assert_int_equal(err.code, ERR_CANCELLED);
    for (size_t i = 0; i < 2; i++)
        assert_true(yard->seen[i].ends == 1 && yard->seen[i].cancelled);
    assert_int_equal(yard->seen[2].claims, 0);
    sigprocmask(SIG_SETMASK, NULL, &mask); /* as before, and nothing waits to strike */
    assert_false(sigismember(&mask, SIGINT));
}

static void test_failing_source(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    yard->fail_log = true;
    yard->jobs = 2;
    yard->scripts[0] = "exec sleep 60\n";
    yard->scripts[1] = "echo x; exec sleep 60\n";
    assert_false(work(yard, 2, 0, &err));
    assert_true(err.code == ERR_SYSTEM && strstr(err.text, "no space"));
    assert_true(yard->seen[0].cancelled && yard->seen[1].cancelled && yard->over == 2);
}

static void test_no_program(void **state)
{
    struct yard *yard = *state;
    struct err err = {0};
    yard->program = "/no/such/program";
    yard->jobs = 1;
    yard->scripts[0] = "";
    bool ended = work(yard, 1, 0, &err);
    assert_int_equal(yard->seen[0].ends, 1);
    if (ended) { /* qemu-user cannot hand the reason of a failed exec back: the child ends with 127
                  */
        assert_true(yard->seen[0].process.end == PROC_EXITED && yard->seen[0].process.code == 127);
        return;
    }
    assert_int_equal(err.code, ERR_SYSTEM); /* not ERR_NOT_FOUND: that would mean "no work" */
    assert_true(yard->seen[0].cancelled);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, yard_make, yard_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ordinary),
        TEST(test_without_result),
        TEST(test_killed),
        TEST(test_nonsense),
        TEST(test_much),
        TEST(test_time_out),
        TEST(test_silence),
        TEST(test_flood),
        TEST(test_grandchild),
        TEST(test_grandchild_writes),
        TEST(test_group),
        TEST(test_slots),
        TEST(test_more_slots_than_work),
        TEST(test_renewed),
        TEST(test_signal),
        TEST(test_failing_source),
        TEST(test_no_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
