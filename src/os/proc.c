#include "os/proc.h"
#include "base/clock.h"
#include "os/fd.h"
#include "os/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { PROC_OUTPUT_MAX = 64 << 20, PROC_TAIL = 600 };

/*
 * Descriptors 0, 1, 2 of the child. Sources are moved above 2 first, so that one
 * of them is never overwritten before it is used.
 */
static int proc_file_actions(const struct proc_spec *spec, posix_spawn_file_actions_t *actions)
{
    const int source[3] = {spec->in, spec->out, spec->err};
    for (int target = 0; target < 3; target++) {
        int failed = source[target] < 0
                         ? posix_spawn_file_actions_addopen(actions, target, "/dev/null",
                                                            target ? O_WRONLY : O_RDONLY, 0)
                         : posix_spawn_file_actions_adddup2(actions, source[target], target);
        if (failed)
            return failed;
    }
    for (size_t i = 0; i < spec->pass_count; i++) { /* dup2 onto itself clears close-on-exec */
        int failed = posix_spawn_file_actions_adddup2(actions, spec->pass[i], spec->pass[i]);
        if (failed)
            return failed;
    }
    return spec->cwd ? posix_spawn_file_actions_addchdir_np(actions, spec->cwd) : 0;
}

static int proc_attributes(const struct proc_spec *spec, posix_spawnattr_t *attributes)
{
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    const int restored[] = {SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGHUP, SIGCHLD, SIGWINCH};
    for (size_t i = 0; i < sizeof restored / sizeof *restored; i++)
        sigaddset(&defaults, restored[i]);
    if (!spec->guarded) /* else the guard leads its group */
        flags |= POSIX_SPAWN_SETPGROUP;
    int failed = posix_spawnattr_setsigmask(attributes, &none);
    if (!failed)
        failed = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (!failed)
        failed = posix_spawnattr_setpgroup(attributes, 0);
    return failed ? failed : posix_spawnattr_setflags(attributes, flags);
}

static int proc_pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool proc_spawn(const struct proc_spec *spec, struct proc *proc, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int failed = proc_file_actions(spec, &actions);
    if (!failed)
        failed = proc_attributes(spec, &attributes);
    if (!failed)
        failed = (spec->guarded ? guard_spawnp : posix_spawnp)(
            &pid, spec->argv[0], &actions, &attributes, (char *const *)(uintptr_t)spec->argv,
            spec->envp ? (char *const *)(uintptr_t)spec->envp : environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed) {
        errno = failed;
        return err_errno(err, "starting %s", spec->argv[0]);
    }
    int pidfd = proc_pidfd_open(pid);
    if (pidfd < 0) {
        err_errno(err, "watching %s", spec->argv[0]);
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return false;
    }
    *proc = (struct proc){pid, pidfd};
    return true;
}

void proc_kill(const struct proc *proc, int signal)
{
    kill(-proc->pid, signal);
}

bool proc_wait(struct proc *proc, struct proc_result *result, struct err *err)
{
    int status;
    struct rusage usage;
    while (wait4(proc->pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return err_errno(err, "waiting for process %d", (int)proc->pid);
    fd_close(&proc->pidfd);
    if (result) {
        bool exited = WIFEXITED(status);
        result->end = exited ? PROC_EXITED : PROC_SIGNALED;
        result->code = exited ? WEXITSTATUS(status) : WTERMSIG(status);
        result->cpu_ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
        result->peak_rss_kib = usage.ru_maxrss;
    }
    return true;
}

/* What proc_run knows while its child lives. */
struct proc_watch {
    struct proc proc;
    int pipe;
    const struct proc_limits *limits;
    int64_t started, heard;
    size_t seen;
};

/* Milliseconds until the next limit strikes, -1 for never; sets which one has struck. */
static int proc_next_limit(const struct proc_watch *watch, int64_t now, enum proc_end *struck)
{
    int64_t next = -1;
    const struct {
        int64_t limit, since;
        enum proc_end end;
    } limits[] = {{watch->limits->timeout_ms, watch->started, PROC_TIMEOUT},
                  {watch->limits->silence_ms, watch->heard, PROC_SILENT}};
    for (size_t i = 0; i < 2; i++) {
        if (!limits[i].limit)
            continue;
        int64_t left = limits[i].since + limits[i].limit - now;
        if (left <= 0) {
            *struck = limits[i].end;
            return 0;
        }
        if (next < 0 || left < next)
            next = left;
    }
    return (int)(next > 60000 ? 60000 : next);
}

/* Reads once; false at the end of the stream. */
static bool proc_read_output(struct proc_watch *watch, proc_output_fn *output, void *state,
                             int64_t now)
{
    char chunk[1 << 16];
    ssize_t got = read(watch->pipe, chunk, sizeof chunk);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got <= 0)
        return false;
    watch->heard = now;
    watch->seen += (size_t)got;
    if (output)
        output(state, str_of(chunk, (size_t)got));
    return true;
}

/* PROC_EXITED when the child ended by itself, else the limit that it broke. */
static enum proc_end proc_follow(struct proc_watch *watch, proc_output_fn *output, void *state)
{
    const struct clock *clock = clock_system();
    size_t most = watch->limits->output_max ? watch->limits->output_max : PROC_OUTPUT_MAX;
    bool open = true, ended = false;
    while (open || !ended) {
        enum proc_end struck = PROC_EXITED;
        int wait = proc_next_limit(watch, clock_steady_ms(clock), &struck);
        if (struck != PROC_EXITED)
            return struck;
        struct pollfd polled[2] = {{.fd = open ? watch->pipe : -1, .events = POLLIN},
                                   {.fd = ended ? -1 : watch->proc.pidfd, .events = POLLIN}};
        if (poll(polled, 2, ended ? 0 : wait) < 0 && errno != EINTR)
            return PROC_EXITED;
        if (polled[0].revents)
            open = proc_read_output(watch, output, state, clock_steady_ms(clock));
        else if (ended)
            break; /* nothing more to read; a stray grandchild may still hold the pipe */
        if (watch->seen > most)
            return PROC_FLOODED;
        if (polled[1].revents)
            ended = true;
    }
    return PROC_EXITED;
}

bool proc_run(const struct proc_spec *spec, const struct proc_limits *limits,
              proc_output_fn *output, void *state, struct proc_result *result, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(err, "making a pipe for %s", spec->argv[0]);
    FD_AUTO int reader = ends[0];
    FD_AUTO int writer = ends[1];
    struct proc_spec child = *spec;
    child.in = -1;
    child.guarded = true;
    child.out = child.err = writer;
    struct proc_watch watch = {.pipe = reader, .limits = limits};
    watch.started = watch.heard = clock_steady_ms(clock_system());
    if (!proc_spawn(&child, &watch.proc, err))
        return false;
    fd_close(&writer);
    enum proc_end end = proc_follow(&watch, output, state);
    proc_kill(&watch.proc, SIGKILL); /* and whatever it left behind in its group */
    struct proc_result ended = {0};
    if (!proc_wait(&watch.proc, &ended, err))
        return false;
    if (end != PROC_EXITED)
        ended.end = end;
    ended.wall_ms = clock_steady_ms(clock_system()) - watch.started;
    *result = ended;
    return true;
}

static void proc_keep_output(void *state, struct str chunk)
{
    buf_add(state, chunk);
}

bool proc_check(const struct proc_spec *spec, int64_t timeout_ms, struct buf *out, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    BUF_AUTO struct buf said = {0};
    struct proc_result result;
    struct proc_limits limits = {.timeout_ms = timeout_ms};
    if (!proc_run(spec, &limits, proc_keep_output, &said, &result, err))
        return false;
    if (result.end != PROC_EXITED || result.code != 0) {
        struct str all = str_trim(buf_str(&said));
        struct str tail = str_from_pos(all, all.len > PROC_TAIL ? all.len - PROC_TAIL : 0);
        return err_set(err, ERR_SYSTEM, "%s: " STR_FMT ": " STR_FMT, spec->argv[0],
                       STR_ARG(proc_describe(&result, &scratch)), STR_ARG(tail));
    }
    if (out)
        buf_add(out, buf_str(&said));
    return true;
}

struct str proc_describe(const struct proc_result *result, struct arena *arena)
{
    switch (result->end) {
    case PROC_EXITED:
        return arena_printf(arena, "exit status %d", result->code);
    case PROC_SIGNALED:
        return arena_printf(arena, "killed by signal %d (%s)", result->code,
                            strsignal(result->code));
    case PROC_TIMEOUT:
        return arena_printf(arena, "stopped: not finished after %lld s",
                            (long long)result->wall_ms / 1000);
    case PROC_SILENT:
        return arena_printf(arena, "stopped: no output for too long (after %lld s)",
                            (long long)result->wall_ms / 1000);
    case PROC_FLOODED:
        return arena_printf(arena, "stopped: wrote more output than allowed");
    }
    return STR("ended in an unknown way");
}
