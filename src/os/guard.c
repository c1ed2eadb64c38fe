#include "os/guard.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sent by the kernel when our maker dies; from anybody else it means the same. */
enum { GUARD_ORPHANED = SIGTERM };

static void guard_default(int signal)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(signal, &usual, NULL);
}

/* Ends this process as the tool ended. */
static _Noreturn void guard_end(int status)
{
    if (WIFSIGNALED(status)) {
        sigset_t none;
        sigemptyset(&none);
        prctl(PR_SET_DUMPABLE, 0); /* one core is enough */
        guard_default(WTERMSIG(status));
        kill(getpid(), WTERMSIG(status));
        sigprocmask(SIG_SETMASK, &none, NULL);
    }
    _exit(WEXITSTATUS(status));
}

static _Noreturn void guard_watch(pid_t tool)
{
    sigset_t heard;
    sigemptyset(&heard);
    sigaddset(&heard, GUARD_ORPHANED);
    sigaddset(&heard, SIGCHLD);
    for (;;) {
        int status;
        if (sigwaitinfo(&heard, NULL) == GUARD_ORPHANED)
            kill(0, SIGKILL);
        if (waitpid(tool, &status, WNOHANG) == tool)
            guard_end(status);
    }
}

/* Everything of the guard before its tool runs: 0, or why it does not. All signals are blocked. */
static int guard_begin(pid_t maker)
{
    guard_default(SIGCHLD); /* ignored, it would not be told */
    if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, GUARD_ORPHANED) < 0)
        return errno;
    return getppid() == maker ? 0 : ECANCELED; /* it died before we could be told */
}

/* Why the guard has no tool, 0 when it has: it closes its end then. */
static int guard_answer(int reader)
{
    int failed = 0;
    ssize_t got;
    do
        got = read(reader, &failed, sizeof failed);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return 0;
    return got == (ssize_t)sizeof failed ? failed : EIO;
}

int guard_spawnp(pid_t *guard, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const *argv, char *const *envp)
{
    int ends[2], failed;
    sigset_t all, before;
    pid_t tool, maker = getpid();
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    FD_AUTO int reader = ends[0];
    FD_AUTO int writer = ends[1];
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* no handler of ours may run in the guard */
    pid_t child = fork();
    if (child == 0) {
        failed = guard_begin(maker);
        if (!failed)
            failed = posix_spawnp(&tool, file, actions, attributes, argv, envp);
        if (failed) {
            (void)!write(writer, &failed, sizeof failed);
            _exit(127);
        }
        close(writer);
        syscall(SYS_close_range, 0, ~0U, 0); /* pipes end with those who use them */
        guard_watch(tool);
    }
    failed = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return failed;
    fd_close(&writer);
    failed = guard_answer(reader);
    if (failed)
        waitpid(child, NULL, 0);
    else
        *guard = child;
    return failed;
}
