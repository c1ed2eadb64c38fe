/*
 * killat [-1] N -- command...
 *
 * Runs a command and kills it, with everything it started, right before its N-th writing system
 * call (counted over the whole process tree), as if the machine's power or the user's patience had
 * ended there. -1 kills only the process that made the call. N = 0 kills nothing; the number of
 * such calls is printed on standard output. Ends with 137 when it killed, else with the status of
 * the command.
 *
 * A seccomp filter stops the tree at writing calls only, so the rest runs at full speed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const int writing_calls[] = {
#ifdef __NR_open
    __NR_open,     __NR_creat,           __NR_rename,    __NR_link,      __NR_symlink,
    __NR_unlink,   __NR_rmdir,           __NR_mkdir,     __NR_mknod,     __NR_chmod,
    __NR_chown,    __NR_lchown,
#endif
    __NR_openat,   __NR_openat2,         __NR_write,     __NR_pwrite64,  __NR_writev,
    __NR_pwritev,  __NR_pwritev2,        __NR_renameat2, __NR_linkat,    __NR_symlinkat,
    __NR_unlinkat, __NR_mkdirat,         __NR_mknodat,   __NR_fchmod,    __NR_fchmodat,
    __NR_fchown,   __NR_fchownat,        __NR_fsync,     __NR_fdatasync, __NR_sync,
    __NR_syncfs,   __NR_msync,           __NR_truncate,  __NR_ftruncate, __NR_fallocate,
    __NR_sendfile, __NR_copy_file_range, __NR_splice,
#ifdef __NR_renameat
    __NR_renameat,
#endif
};
enum { CALLS = sizeof writing_calls / sizeof *writing_calls, TASKS = 4096 };

static pid_t tasks[TASKS];
static size_t task_count;

static void die(const char *what)
{
    fprintf(stderr, "killat: %s: %s\n", what, strerror(errno));
    exit(125);
}

static void install_filter(void)
{
    static struct sock_filter code[2 * CALLS + 2];
    size_t len = 0;
    code[len++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CALLS; i++) {
        code[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                   (unsigned)writing_calls[i], 0, 1);
        code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(unsigned short)len, code};
    /* Root needs no such promise, and the program under test may want its privileges. */
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
        return;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        die("seccomp");
}

static void run_child(char **argv)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        die("ptrace");
    raise(SIGSTOP);
    install_filter();
    execvp(argv[0], argv);
    die(argv[0]);
}

static void remember(pid_t pid)
{
    for (size_t i = 0; i < task_count; i++)
        if (tasks[i] == pid)
            return;
    if (task_count == TASKS)
        die("too many tasks");
    tasks[task_count++] = pid;
}

static void forget(pid_t pid)
{
    for (size_t i = 0; i < task_count; i++)
        if (tasks[i] == pid)
            tasks[i] = tasks[--task_count];
}

/* An open that makes nothing writes nothing. */
static int is_writing(pid_t pid)
{
    struct __ptrace_syscall_info info;
    if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) < 0)
        return 1;
    unsigned long long nr = info.seccomp.nr;
    if (nr == __NR_openat)
        return (info.seccomp.args[2] & (O_CREAT | O_TRUNC)) != 0;
#ifdef __NR_open
    if (nr == __NR_open)
        return (info.seccomp.args[1] & (O_CREAT | O_TRUNC)) != 0;
#endif
    return nr != __NR_openat2;
}

int main(int argc, char **argv)
{
    int alone = argc > 1 && strcmp(argv[1], "-1") == 0, status = 0, result = 0;
    char **rest = argv + 1 + alone;
    if (argc < 4 + alone || strcmp(rest[1], "--") != 0) {
        fputs("usage: killat [-1] N -- command...\n", stderr);
        return 125;
    }
    unsigned long long target = strtoull(rest[0], NULL, 10), count = 0;
    int killed = 0;
    pid_t child = fork(), pid;
    if (child == 0)
        run_child(rest + 2);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        die("starting");
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    if (ptrace((enum __ptrace_request)PTRACE_SETOPTIONS, child, NULL, (void *)options) < 0)
        die("ptrace options");
    remember(child);
    ptrace(PTRACE_CONT, child, NULL, NULL);
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        if (!WIFSTOPPED(status)) {
            forget(pid);
            if (pid == child)
                result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int event = status >> 16, signal = WSTOPSIG(status);
        size_t known = task_count;
        remember(pid);
        if (killed && !alone)
            kill(pid, SIGKILL);
        if (event == PTRACE_EVENT_SECCOMP && is_writing(pid) && ++count == target) {
            killed = 1;
            for (size_t i = 0; i < task_count; i++)
                if (!alone || tasks[i] == pid)
                    kill(tasks[i], SIGKILL);
        }
        /* Events, and the stop with which a new task begins, are no signals for it. */
        if (event || signal == SIGTRAP || (signal == SIGSTOP && known != task_count))
            signal = 0;
        ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal);
    }
    if (target == 0)
        printf("%llu\n", count);
    return killed ? 137 : result;
}
