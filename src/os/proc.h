/*
 * Child processes: posix_spawn, a pidfd to wait on, a process group of their own
 * that is killed as a whole. argv arrays only, no shell. For many children at
 * once the caller polls proc.pidfd and the pipes itself; proc_run is the simple
 * way for one.
 */
#ifndef REFINERY_OS_PROC_H
#define REFINERY_OS_PROC_H

#include <signal.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct proc_spec {
    const char *const *argv; /* argv[0] is looked up in PATH unless it has a slash */
    const char *const *envp; /* NULL: the parent's */
    const char *cwd;         /* NULL: the parent's */
    int in, out, err;        /* descriptors for 0, 1, 2; -1: /dev/null, else inherited as given */
    const int *pass;         /* further descriptors kept open in the child under their own number */
    size_t pass_count;
    bool guarded; /* dies with the calling thread, with all that it starts (os/guard.h) */
};

struct proc {
    pid_t pid;
    int pidfd; /* readable when the process has ended */
};

enum proc_end {
    PROC_EXITED,   /* code is the exit status */
    PROC_SIGNALED, /* code is the signal */
    PROC_TIMEOUT,  /* killed: ran longer than allowed */
    PROC_SILENT,   /* killed: said nothing for longer than allowed */
    PROC_FLOODED,  /* killed: wrote more than allowed */
};

struct proc_result {
    enum proc_end end;
    int code;
    int64_t wall_ms;
    int64_t cpu_ms;       /* user + system of the child and what it waited for */
    int64_t peak_rss_kib; /* largest single process */
};

CHECKED bool proc_spawn(const struct proc_spec *spec, struct proc *proc, struct err *err);
/* Signals the whole group. A group that is gone already is fine. */
void proc_kill(const struct proc *proc, int signal);
/* Waits for the end (blocking), reaps, closes the pidfd. `result` may be NULL. */
CHECKED bool proc_wait(struct proc *proc, struct proc_result *result, struct err *err);

struct proc_limits {
    int64_t timeout_ms; /* 0: none */
    int64_t silence_ms; /* 0: none */
    size_t output_max;  /* bytes of standard output and error together; 0: 64 MiB */
};

/* Receives output as it comes, in order; stdout and stderr in one stream when spec.err is 1. */
typedef void proc_output_fn(void *state, struct str chunk);

/*
 * Runs to the end, guarded, with /dev/null as input. Standard output goes to `output`
 * (standard error too), in order. A process past its limits is killed with its
 * group and that is a result, not an error.
 */
CHECKED bool proc_run(const struct proc_spec *spec, const struct proc_limits *limits,
                      proc_output_fn *output, void *state, struct proc_result *result,
                      struct err *err);

/* proc_run for tools that must succeed: output into `out` (may be NULL), else an error with its
 * tail. */
CHECKED bool proc_check(const struct proc_spec *spec, int64_t timeout_ms, struct buf *out,
                        struct err *err);

/* "exit status 2", "killed by signal 9 (Killed)", "no output for 600 s", ... */
struct str proc_describe(const struct proc_result *result, struct arena *arena);

#endif
