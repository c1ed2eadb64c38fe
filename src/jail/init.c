#include "jail/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The watchdog looks more often: a program can take a gigabyte in a fifth of a second. */
enum { INIT_SAMPLE_MS = 200, INIT_WATCH_MS = 25 };

/* As getdents64(2) lays it out. */
struct init_dirent {
    uint64_t ino;
    int64_t off;
    unsigned short len;
    unsigned char type;
    char name[];
};

struct init_sums {
    uint64_t private_pages, shared_pages, processes;
};

/* Two numbers of /proc/PID/statm: resident and shared pages. */
static void init_add_process(int proc, const char *name, struct init_sums *sums)
{
    char path[64], text[128];
    size_t len = strnlen(name, sizeof path - sizeof "/statm");
    memcpy(path, name, len);
    memcpy(path + len, "/statm", sizeof "/statm");
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    uint64_t numbers[3] = {0};
    size_t at = 0;
    for (ssize_t i = 0; i < got && at < 3; i++) {
        if (text[i] >= '0' && text[i] <= '9')
            numbers[at] = numbers[at] * 10 + (uint64_t)(text[i] - '0');
        else
            at++;
    }
    uint64_t shared = numbers[2] < numbers[1] ? numbers[2] : numbers[1];
    sums->private_pages += numbers[1] - shared;
    if (shared > sums->shared_pages)
        sums->shared_pages = shared;
    memcpy(path + len, "/task", sizeof "/task");
    struct stat tasks;
    bool known = fstatat(proc, path, &tasks, 0) == 0 && tasks.st_nlink > 2;
    sums->processes += known ? (uint64_t)tasks.st_nlink - 2 : 1; /* threads count */
}

/* All processes of the jail are in its own /proc. */
static struct init_sums init_sum_processes(void)
{
    struct init_sums sums = {0};
    _Alignas(8) char names[8192];
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return sums;
    for (;;) {
        long got = syscall(SYS_getdents64, proc, names, sizeof names);
        if (got <= 0)
            break;
        for (long at = 0; at < got;) {
            const struct init_dirent *entry = (const void *)(names + at);
            if (entry->name[0] >= '0' && entry->name[0] <= '9')
                init_add_process(proc, entry->name, &sums);
            at += entry->len;
        }
    }
    close(proc);
    return sums;
}

static uint64_t init_sample_scratch(const struct init_scratch *scratch, struct enter_report *report)
{
    uint64_t used = 0;
    for (size_t i = 0; i < scratch->count; i++) {
        struct statfs info;
        if (fstatfs(scratch->fds[i], &info) < 0)
            continue;
        used += (uint64_t)(info.f_blocks - info.f_bfree) * (uint64_t)info.f_bsize;
        if (info.f_blocks && info.f_bavail == 0)
            report->disk_full = true;
    }
    if (used > report->peak_scratch)
        report->peak_scratch = used;
    return used;
}

static void init_sample(const struct enter *enter, const struct init_scratch *scratch,
                        struct enter_report *report)
{
    uint64_t used = init_sample_scratch(scratch, report);
    if (!enter->watch_processes)
        return;
    struct init_sums sums = init_sum_processes();
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t memory = (sums.private_pages + sums.shared_pages) * page + used;
    if (memory > report->peak_memory)
        report->peak_memory = memory;
    if (sums.processes > report->peak_pids)
        report->peak_pids = sums.processes;
    if (enter->watch_memory && memory > enter->watch_memory)
        report->out_of_memory = true;
}

static _Noreturn void init_end(const struct enter *enter, const struct enter_report *report)
{
    if (write(enter->status, report, sizeof *report) < 0) {
        /* the parent is gone: nobody to tell */
    }
    _exit(0); /* and the kernel kills all others */
}

/* True when the main process is among the dead. */
static bool init_reap(pid_t main, int *status)
{
    bool ended = false;
    for (;;) {
        int one;
        pid_t pid = waitpid(-1, &one, WNOHANG);
        if (pid <= 0)
            return ended;
        if (pid == main) {
            *status = one;
            ended = true;
        }
    }
}

_Noreturn void init_run(const struct enter *enter, pid_t main, const struct init_scratch *scratch)
{
    struct enter_report report = {0};
    sigset_t heard;
    sigemptyset(&heard);
    sigaddset(&heard, SIGCHLD);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGINT);
    int signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
    struct pollfd polled[2] = {{.fd = enter->life, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
    for (;;) {
        if (poll(polled, 2, enter->watch_memory ? INIT_WATCH_MS : INIT_SAMPLE_MS) < 0 &&
            errno != EINTR)
            _exit(126);
        if (polled[0].revents)
            _exit(126); /* the parent has died or let go */
        struct signalfd_siginfo info;
        while (read(signals, &info, sizeof info) == (ssize_t)sizeof info)
            if (info.ssi_signo != SIGCHLD)
                kill(main, (int)info.ssi_signo);
        init_sample(enter, scratch, &report); /* before the main process, dead or not, is gone */
        bool ended = init_reap(main, &report.status);
        if (ended || report.out_of_memory)
            init_end(enter, &report);
    }
}
