/*
 * The sandbox: runs one program in a root file system of its own, with nothing
 * of the host but what the spec names. The same launcher serves root and plain
 * users: user, mount, PID, network, IPC, UTS and cgroup namespaces, a read-only
 * root, mapped ids (never the host's uid 0), no capabilities, no new
 * privileges, a seccomp allow-list, limits by cgroup where there is one.
 *
 * Always there without asking: /proc, a minimal /dev (null zero full random
 * urandom tty, pts, shm, mqueue), /tmp (tmpfs), an empty /sys, the loopback
 * interface, /dev/null as standard input, and output and error in one stream.
 *
 * jail_run blocks. When the calling process dies, all that it started inside
 * dies with it; when the main process inside ends, all it left behind is
 * killed. Everything in a spec is borrowed for the time of the call. One call
 * per thread at a time; the thread that called must not end before the call.
 *
 * A program that fails, or breaks a limit, is a result. False and `err` mean
 * that the jail itself could not be set up, or the program not be started; the
 * text names the step and what to do.
 */
#ifndef REFINERY_JAIL_JAIL_H
#define REFINERY_JAIL_JAIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

enum jail_mount_kind {
    JAIL_RO,      /* bind of a directory or file, read-only, with what is mounted below it */
    JAIL_RW,      /* bind of a directory or file that the program may change */
    JAIL_TMPFS,   /* empty directory in memory, `size` bytes at most (0: scratch limit, or half of
                     RAM) */
    JAIL_SYMLINK, /* a link at target that says source */
    JAIL_TEXT,    /* a read-only file at target whose content is source */
};

/*
 * Mounts are made in order. `target` is absolute inside. It is created when
 * missing where that is possible: a new name directly under /, or below a
 * JAIL_TMPFS or JAIL_RW given earlier; elsewhere the root must have it.
 *
 * JAIL_RW as root: the whole tree at `source` is given to the ids of the jail
 * first (jail_host_ids), unless `as_is`. A file in it that has hard links
 * outside of the tree (into a content store) is refused, as root and as a
 * plain user: the program could change it there. Read such trees back with
 * *at() and O_NOFOLLOW: the program may have put links into them.
 */
struct jail_mount {
    enum jail_mount_kind kind;
    const char *source;
    const char *target;
    uint64_t size; /* bytes, JAIL_TMPFS */
    bool as_is;    /* JAIL_RW: no walk over the tree; it is ours already and shares no file */
};

struct jail_limits {        /* 0: none */
    uint32_t cpu_milli;     /* thousandths of a CPU: 1500 is one and a half */
    uint64_t memory_bytes;  /* all processes together, tmpfs included */
    uint64_t pids;          /* processes and threads */
    uint64_t scratch_bytes; /* in all JAIL_RW trees together, sampled; in each tmpfs without a size
                               of its own; and in any single file */
    int64_t wall_ms;
    int64_t silence_ms;
    uint64_t output_bytes;
    uint64_t open_files; /* per process; never above the caller's own hard limit */
};

enum jail_foreign_way { /* how foreign programs were run */
                        JAIL_FOREIGN_NONE,
                        JAIL_FOREIGN_NAMESPACE, /* binfmt_misc of the jail's own user namespace
                                                   (Linux 6.7) */
                        JAIL_FOREIGN_HOST, /* registered on the host, by the distribution or by us
                                            */
                        JAIL_FOREIGN_ARGV, /* only argv[0] runs through qemu; foreign programs it
                                              starts do not */
};

/* Programs of another machine, run through a static qemu-user. */
struct jail_foreign {
    const char *machine; /* "s390x", "aarch64", "x86_64"; NULL: none needed */
    const char
        *interpreter; /* host path of the static qemu; NULL: /usr/bin/qemu-<machine>-static */
    enum jail_foreign_way first; /* ways before this one are not tried; 0: all are */
};

struct jail_spec {
    const char *root; /* directory on the host that holds the root file system; mounted read-only */
    const struct jail_mount *mounts;
    size_t mount_count;
    const char *const *argv; /* argv[0] is an absolute path inside; NULL-terminated */
    const char *const *envp; /* the complete environment, NULL-terminated; nothing is inherited */
    /*
     * In place of a program: our own code that reads what cannot be trusted, in a copy of the
     * calling process, which must have one thread. The result is the exit status. What it needs of
     * shared libraries must be loaded before. argv and envp are not used.
     */
    int (*call)(void *state);
    void *call_state;
    int input;       /* descriptor that becomes standard input; 0: /dev/null */
    const char *cwd; /* inside; NULL: / */
    uid_t uid;       /* inside */
    gid_t gid;
    bool network;         /* false: loopback only */
    const char *hostname; /* NULL: "refinery" */
    struct jail_foreign foreign;
    struct jail_limits limits;
};

enum jail_end {
    JAIL_EXITED,   /* code is the exit status */
    JAIL_SIGNALED, /* code is the signal */
    JAIL_TIMEOUT,  /* killed: ran longer than wall_ms */
    JAIL_SILENT,   /* killed: said nothing for silence_ms */
    JAIL_FLOODED,  /* killed: wrote more than output_bytes */
    JAIL_OOM,      /* memory_bytes were not enough */
    JAIL_PIDS,     /* failed after more than `pids` processes were asked for */
    JAIL_DISK,     /* scratch_bytes or the disk below were full */
};

enum jail_limiter { /* what kept memory, processes and CPU in bounds */
                    JAIL_LIMITED_BY_CGROUP2,
                    JAIL_LIMITED_BY_CGROUP1,
                    JAIL_LIMITED_BY_WATCHDOG, /* rlimits and sampling: coarser, a short peak can
                                                 pass unseen */
};

struct jail_result {
    enum jail_end end;
    int code;
    int64_t wall_ms;
    int64_t cpu_ms;        /* user + system, all processes */
    uint64_t peak_memory;  /* bytes, all processes together */
    uint64_t peak_pids;    /* 0 when not known */
    uint64_t peak_scratch; /* bytes, as sampled */
    uint64_t output_bytes; /* passed to the callback */
    enum jail_limiter limiter;
    enum jail_foreign_way foreign;
};

/* Output as it comes, in order. `chunk` is borrowed. */
typedef void jail_output_fn(void *state, struct str chunk);

CHECKED bool jail_run(const struct jail_spec *spec, jail_output_fn *output, void *state,
                      struct jail_result *result, struct err *err);

/* "exit status 2", "stopped: no output for 600 s", "out of memory (limit 2048 MiB)", ... */
struct str jail_describe(const struct jail_result *result, const struct jail_limits *limits,
                         struct arena *arena);
const char *jail_end_name(enum jail_end end);             /* "exited", "oom", ... */
const char *jail_limiter_name(enum jail_limiter limiter); /* "cgroup v1", ... */

/* The host's ids that the program inside has: what it writes belongs to them. */
CHECKED bool jail_host_ids(uid_t *uid, gid_t *gid, struct err *err);

/* The plan of a spec as text, one operation a line, nothing executed: for people and tests. */
CHECKED bool jail_print_plan(const struct jail_spec *spec, struct arena *arena, struct str *text,
                             struct err *err);

/* One thing that the sandbox needs or likes, as found on this machine. */
enum jail_health {
    JAIL_GOOD,
    JAIL_WEAK,
    JAIL_BAD
}; /* weak: works with the loss that `found` names */
struct jail_finding {
    struct str name; /* "user namespaces", "foreign programs (s390x)", ... */
    enum jail_health health;
    struct str found; /* what was seen */
    struct str mend;  /* the one command that mends it; empty when good */
};
struct jail_findings {
    struct jail_finding *at;
    size_t len, cap;
};

/* Looks at this machine as this user, for `doctor`; starts short-lived children, changes nothing.
 */
void jail_probe(struct arena *arena, struct jail_findings *findings);

#endif
