/* Tools that are run: how their end is told, and that none outlives the one who runs it. */
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fd.h"
#include "unit.h"

enum { PATIENCE_MS = 20000 };

static void keep(void *state, struct str chunk)
{
    buf_add(state, chunk);
}

static struct proc_result run(const char *script, struct buf *said, int64_t timeout_ms)
{
    struct err err = {0};
    struct proc_result result = {0};
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct proc_spec spec = {.argv = argv};
    const struct proc_limits limits = {.timeout_ms = timeout_ms};
    assert_ok(proc_run(&spec, &limits, keep, said, &result, &err));
    return result;
}

static void test_ends(void **state)
{
    (void)state;
    BUF_AUTO struct buf said = {0};
    struct proc_result result = run("echo out; echo err >&2; exit 7", &said, PATIENCE_MS);
    assert_int_equal(result.end, PROC_EXITED);
    assert_int_equal(result.code, 7);
    assert_str(buf_str(&said), "out\nerr\n");
    static const int signals[] = {SIGTERM, SIGKILL, SIGSEGV, SIGPIPE, SIGCHLD};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        char script[32];
        snprintf(script, sizeof script, "kill -%d $$", signals[i]);
        result = run(script, &said, PATIENCE_MS);
        bool is_deadly = signals[i] != SIGCHLD;
        assert_int_equal(result.end, is_deadly ? PROC_SIGNALED : PROC_EXITED);
        assert_int_equal(result.code, is_deadly ? signals[i] : 0);
    }
    assert_int_equal(run("sleep 98765", &said, 1).end, PROC_TIMEOUT);
}

/* What a caller ignores or blocks is nothing to the tool, nor to our hearing of its end. */
static void test_signals_of_the_caller(void **state)
{
    (void)state;
    BUF_AUTO struct buf said = {0};
    sigset_t blocked, before, after;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
    struct proc_result result = run("kill -TERM $$", &said, PATIENCE_MS);
    assert_int_equal(result.code, SIGTERM);
    result = run("kill -PIPE $$", &said, PATIENCE_MS);
    assert_int_equal(result.code, SIGPIPE);
    sigprocmask(SIG_SETMASK, &before, &after);
    assert_true(sigismember(&after, SIGTERM) && !sigismember(&after, SIGINT));
    signal(SIGPIPE, pipe_before);
}

/* qemu-user makes a fork of vfork: posix_spawn does not learn there that exec failed. */
static bool is_told_of_exec(const char *const *argv)
{
    pid_t pid;
    if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, NULL) == ENOENT)
        return true;
    waitpid(pid, NULL, 0);
    return false;
}

static void test_absent(void **state)
{
    (void)state;
    struct err err = {0};
    struct proc_result result = {0};
    const char *const argv[] = {"no-such-tool-of-refinery", NULL};
    const struct proc_spec spec = {.argv = argv};
    const struct proc_limits limits = {.timeout_ms = PATIENCE_MS};
    if (proc_run(&spec, &limits, NULL, NULL, &result, &err)) {
        assert_false(is_told_of_exec(argv));
        assert_int_equal(result.code, 127);
    } else {
        assert_int_equal(err.code, ERR_NOT_FOUND);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and no guard is left */
}

/* Runs a tool with a child of its own, both holding `life`; does not come back by itself. */
static _Noreturn void run_family(int life)
{
    struct err err = {0};
    struct proc_result result;
    char script[80];
    snprintf(script, sizeof script, "sleep 98765 & echo $$ >&%d; wait", life);
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct proc_spec spec = {.argv = argv, .pass = &life, .pass_count = 1};
    const struct proc_limits limits = {0};
    (void)!proc_run(&spec, &limits, NULL, NULL, &result, &err);
    _exit(1);
}

static void test_nothing_outlives_us(void **state)
{
    (void)state;
    int ends[2];
    char tool[32] = {0};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    FD_AUTO int reader = ends[0];
    pid_t maker = fork();
    if (maker == 0)
        run_family(ends[1]);
    close(ends[1]);
    assert_true(read(reader, tool, sizeof tool - 1) > 0);
    pid_t group = getpgid(atoi(tool));
    assert_true(group > 1 && group != getpgrp());
    kill(maker, SIGKILL);
    waitpid(maker, NULL, 0);
    struct pollfd gone = {.fd = reader, .events = POLLIN}; /* the end: nobody holds it any more */
    int ended = poll(&gone, 1, PATIENCE_MS);
    if (ended != 1)
        kill(-group, SIGKILL);
    assert_int_equal(ended, 1);
    assert_int_equal(read(reader, tool, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_signals_of_the_caller),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_nothing_outlives_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
