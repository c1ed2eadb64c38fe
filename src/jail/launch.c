#include "jail/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "jail/ids.h"
#include "jail/tree.h"
#include "os/fd.h"

enum { LAUNCH_SAMPLE_MS = 500, LAUNCH_CHUNK = 1 << 16 };

static int64_t launch_now(void)
{
    return clock_steady_ms(clock_system());
}

/* Both ends closed in the other process: the child's copy of ours keeps nothing open. */
static pid_t launch_clone(const struct jail_spec *spec, int *pidfd)
{
    struct clone_args args = {
        .flags = CLONE_PIDFD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
                 CLONE_NEWUTS | (spec->network ? 0 : CLONE_NEWNET),
        .pidfd = (uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
    };
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static bool launch_refused(struct err *err)
{
    if (errno == ENOSPC)
        return err_set(err, ERR_SYSTEM,
                       "jail: no more user namespaces are allowed; raise the limit as root: "
                       "sysctl user.max_user_namespaces=65536");
    if (errno == EPERM)
        return err_set(err, ERR_SYSTEM,
                       "jail: this machine refuses user namespaces to this user; "
                       "`refinery doctor` names the setting");
    return err_errno(err, "jail: starting its first process");
}

static void launch_stop(const struct launch *launch)
{
    syscall(SYS_pidfd_send_signal, launch->pidfd, SIGKILL, NULL, 0);
}

static bool launch_release(struct launch *launch, uid_t uid, gid_t gid, const struct cgroup *cgroup,
                           struct err *err)
{
    if (!ids_write_maps(launch->pid, uid, gid, err) || !cgroup_enter(cgroup, launch->pid, err))
        return false;
    if (write(launch->life, "g", 1) != 1)
        return err_errno(err, "jail: starting its first process");
    return true;
}

bool launch_start(struct enter *enter, uid_t uid, gid_t gid, const struct cgroup *cgroup,
                  struct launch *launch, struct err *err)
{
    int life[2] = {-1, -1}, status[2] = {-1, -1}, output[2] = {-1, -1};
    bool piped = pipe2(life, O_CLOEXEC) == 0 && pipe2(status, O_CLOEXEC) == 0 &&
                 pipe2(output, O_CLOEXEC) == 0;
    FD_AUTO int life_in = life[0], life_out = life[1], status_in = status[0],
                status_out = status[1], output_in = output[0], output_out = output[1];
    if (!piped)
        return err_errno(err, "jail: making its pipes");
    enter->life = life_in;
    enter->status = status_out;
    enter->output = output_out;
    struct launch made = {.pidfd = -1, .started_ms = launch_now()};
    made.pid = launch_clone(enter->spec, &made.pidfd);
    if (made.pid < 0)
        return launch_refused(err);
    if (made.pid == 0)
        enter_run(enter);
    made.life = life_out;
    if (fcntl(output_in, F_SETFL, O_NONBLOCK) < 0 ||
        !launch_release(&made, uid, gid, cgroup, err)) {
        launch_stop(&made);
        waitpid(made.pid, NULL, 0);
        fd_close(&made.pidfd);
        return false;
    }
    fd_take(&life_out);
    made.status = fd_take(&status_in);
    made.output = fd_take(&output_in);
    *launch = made;
    return true;
}

/* What launch_follow knows while the child lives. */
struct launch_watch {
    const struct launch *launch;
    const struct jail_spec *spec;
    struct cgroup *cgroup;
    struct cgroup_use *use;
    struct launch_seen *seen;
    int64_t heard_ms, sampled_ms, sample_every_ms;
    bool open; /* output has not ended */
    char chunk[LAUNCH_CHUNK];
};

static uint64_t launch_scratch(const struct jail_spec *spec)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < spec->mount_count; i++)
        if (spec->mounts[i].kind == JAIL_RW)
            bytes += tree_size(spec->mounts[i].source);
    return bytes;
}

/* Looks at what nobody tells: memory kills and disk use. Walks take at most a tenth of the time. */
static enum jail_end launch_sample(struct launch_watch *watch, int64_t now)
{
    watch->sampled_ms = now;
    cgroup_measure(watch->cgroup, watch->use);
    if (watch->use->oom_kills)
        return JAIL_OOM;
    if (!watch->spec->limits.scratch_bytes)
        return JAIL_EXITED;
    uint64_t bytes = launch_scratch(watch->spec);
    if (bytes > watch->seen->peak_scratch)
        watch->seen->peak_scratch = bytes;
    int64_t took = launch_now() - now;
    watch->sample_every_ms = took * 10 > LAUNCH_SAMPLE_MS ? took * 10 : LAUNCH_SAMPLE_MS;
    return bytes > watch->spec->limits.scratch_bytes ? JAIL_DISK : JAIL_EXITED;
}

/* The limit that is broken at `now`, or JAIL_EXITED and the time until one could be. */
static enum jail_end launch_check(struct launch_watch *watch, int64_t now, int *wait_ms)
{
    const struct jail_limits *limits = &watch->spec->limits;
    const struct {
        int64_t limit, since;
        enum jail_end end;
    } times[] = {{limits->wall_ms, watch->launch->started_ms, JAIL_TIMEOUT},
                 {limits->silence_ms, watch->heard_ms, JAIL_SILENT}};
    if (limits->output_bytes && watch->seen->output_bytes > limits->output_bytes)
        return JAIL_FLOODED;
    if (now - watch->sampled_ms >= watch->sample_every_ms) {
        enum jail_end end = launch_sample(watch, now);
        if (end != JAIL_EXITED)
            return end;
    }
    int64_t next = watch->sampled_ms + watch->sample_every_ms - now;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        if (!times[i].limit)
            continue;
        int64_t left = times[i].since + times[i].limit - now;
        if (left <= 0)
            return times[i].end;
        if (left < next)
            next = left;
    }
    *wait_ms = (int)(next < 0 ? 0 : next);
    return JAIL_EXITED;
}

/* One read; what is past the limit is not passed on. */
static bool launch_read(struct launch_watch *watch, jail_output_fn *output, void *state)
{
    ssize_t got = read(watch->launch->output, watch->chunk, sizeof watch->chunk);
    if (got < 0)
        return errno == EINTR;
    if (got == 0) {
        watch->open = false;
        return false;
    }
    uint64_t most = watch->spec->limits.output_bytes, seen = watch->seen->output_bytes;
    size_t pass = (size_t)got;
    watch->seen->output_bytes += (uint64_t)got;
    if (most && seen >= most)
        pass = 0;
    else if (most && pass > most - seen)
        pass = (size_t)(most - seen);
    watch->heard_ms = launch_now();
    if (output && pass)
        output(state, str_of(watch->chunk, pass));
    return true;
}

static void launch_until_end(struct launch_watch *watch, jail_output_fn *output, void *state)
{
    struct launch_seen *seen = watch->seen;
    for (;;) {
        int wait_ms = 0;
        if (seen->end == JAIL_EXITED) {
            seen->end = launch_check(watch, launch_now(), &wait_ms);
            if (seen->end != JAIL_EXITED)
                launch_stop(watch->launch);
        }
        struct pollfd polled[2] = {
            {.fd = watch->open ? watch->launch->output : -1, .events = POLLIN},
            {.fd = watch->launch->pidfd, .events = POLLIN}};
        if (poll(polled, 2, seen->end == JAIL_EXITED ? wait_ms : -1) < 0)
            continue;
        if (polled[0].revents)
            launch_read(watch, output, state);
        if (polled[1].revents)
            break;
    }
    while (watch->open && launch_read(watch, output, state))
        ; /* all writers are dead: what is in the pipe is the rest */
}

static bool launch_reap(struct launch *launch, struct launch_seen *seen, struct err *err)
{
    struct rusage usage;
    while (wait4(launch->pid, NULL, 0, &usage) < 0)
        if (errno != EINTR)
            return err_errno(err, "jail: waiting for its first process");
    seen->cpu_ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                   (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    seen->largest_process = (uint64_t)usage.ru_maxrss * 1024;
    return true;
}

bool launch_follow(struct launch *launch, const struct jail_spec *spec, struct cgroup *cgroup,
                   struct cgroup_use *use, jail_output_fn *output, void *state,
                   struct launch_seen *seen, struct enter_report *report, struct err *err)
{
    struct launch_seen now = {.end = JAIL_EXITED};
    struct launch_watch watch = {.launch = launch,
                                 .spec = spec,
                                 .cgroup = cgroup,
                                 .use = use,
                                 .seen = &now,
                                 .heard_ms = launch->started_ms,
                                 .sampled_ms = launch->started_ms,
                                 .sample_every_ms = LAUNCH_SAMPLE_MS,
                                 .open = true};
    launch_until_end(&watch, output, state);
    now.wall_ms = launch_now() - launch->started_ms;
    struct enter_report said = {0};
    bool fine = launch_reap(launch, &now, err);
    if (read(launch->status, &said, sizeof said) != (ssize_t)sizeof said)
        said = (struct enter_report){.failed = ENTER_GO};
    fd_close(&launch->life);
    fd_close(&launch->status);
    fd_close(&launch->output);
    fd_close(&launch->pidfd);
    if (!fine)
        return false;
    *seen = now;
    *report = said;
    return true;
}
