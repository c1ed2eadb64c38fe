/*
 * The inner side of the launcher: what the cloned child does between clone3 and
 * the program's exec, and then as process 1 of the jail. It runs in a copy of a
 * process that may have had threads, so nothing here allocates: all is prepared
 * in `struct enter` before the clone.
 */
#ifndef REFINERY_JAIL_ENTER_H
#define REFINERY_JAIL_ENTER_H

#include <linux/filter.h>
#include <sys/resource.h>

#include "jail/jail.h"
#include "jail/mounts.h"

enum enter_stage { /* where setting up failed; enter_stage_text */
                   ENTER_NONE,
                   ENTER_GO,
                   ENTER_CLONE,
                   ENTER_IDS,
                   ENTER_HOSTNAME,
                   ENTER_LOOPBACK,
                   ENTER_BINFMT,
                   ENTER_MOUNT,
                   ENTER_CGROUP,
                   ENTER_INNER_IDS,
                   ENTER_FORK,
                   ENTER_RLIMIT,
                   ENTER_PRIVILEGES,
                   ENTER_CWD,
                   ENTER_FILTER,
                   ENTER_EXEC,
};

struct enter_rlimit {
    int resource;
    rlim_t value;
};

struct enter {
    const struct jail_spec *spec;
    const struct mounts_plan *plan;
    const char *const *argv; /* the spec's, or with qemu in front */
    int *trees;              /* by number; >= 0 where the parent made the tree */
    int life;                /* reads one byte to go on; its end means that the parent died */
    int status;              /* takes struct enter_report */
    int output;
    const char *binfmt; /* line to register in the jail's own binfmt_misc, or NULL */
    const struct enter_rlimit *rlimits;
    size_t rlimit_count;
    struct sock_fprog filters[2];
    size_t affinity;       /* CPUs that may be used when no cgroup limits them; 0: all */
    size_t affinity_first; /* where to start counting, so that jails do not share the same ones */
    uint64_t watch_memory; /* bytes; the watchdog's limit when no cgroup limits memory; 0: none */
    bool watch_processes;  /* sample memory and number of processes */
};

/* What the inner side says: one before the program runs when it fails, one at the end. */
struct enter_report {
    enum enter_stage failed; /* ENTER_NONE: the program has run */
    size_t op;               /* of the plan, ENTER_CLONE and ENTER_MOUNT */
    int error;               /* errno */
    int status;              /* as of waitpid */
    bool out_of_memory;      /* the watchdog's verdict */
    bool disk_full;          /* a tmpfs had no room left */
    uint64_t peak_memory, peak_pids, peak_scratch;
};

_Noreturn void enter_run(struct enter *enter);

/* Carries out MOUNTS_CLONE of one operation: a detached mount, or -1 and errno. */
int enter_clone_tree(const char *source, uint32_t attributes);

const char *enter_stage_text(enum enter_stage stage);

#endif
