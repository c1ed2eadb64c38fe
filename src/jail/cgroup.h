/*
 * Limits by control groups: one group per jail, below the group of this process
 * or of an ancestor that may be written, in the unified hierarchy (v2) or in the
 * memory, pids, cpu and cpuacct hierarchies (v1). The texts of /proc/self/cgroup
 * and /proc/self/mountinfo decide; finding the groups and naming the writes is
 * pure and tested with texts of other machines.
 *
 * Groups are named "refinery-jail-<pid>-<n>". Those whose process is gone (it was
 * killed) are removed when the next one is made.
 */
#ifndef REFINERY_JAIL_CGROUP_H
#define REFINERY_JAIL_CGROUP_H

#include "base/arena.h"
#include "base/err.h"
#include "jail/jail.h"

enum cgroup_controller { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPU, CGROUP_CPUACCT };
enum { CGROUP_CONTROLLERS = 4 };

/* Where this process is, as directories; empty when there is none. Strings are NUL-terminated. */
struct cgroup_place {
    struct str mount2, own2; /* unified: mount point, and the own group below it */
    struct str mount1[CGROUP_CONTROLLERS], own1[CGROUP_CONTROLLERS];
};

struct cgroup_place cgroup_find(struct str proc_cgroup, struct str mountinfo, struct arena *arena);

/* What is written into which file of a group for these limits; pure. */
struct cgroup_write {
    enum cgroup_controller controller;
    const char *file;
    struct str value;
    bool optional; /* the kernel may not have it */
};
struct cgroup_writes {
    struct cgroup_write at[8];
    size_t len;
};
struct cgroup_writes cgroup_limits(bool unified, const struct jail_limits *limits,
                                   struct arena *arena);

/* A group that was made. A zeroed struct is none. */
struct cgroup {
    enum jail_limiter limiter;
    const char *dirs[CGROUP_CONTROLLERS]; /* v2: only the first; NULL where not made */
    bool cpu_limited;                     /* the CPU limit, if one was asked for, holds */
};

struct cgroup_use {
    uint64_t peak_memory, peak_pids;
    int64_t cpu_ms;        /* -1: not known */
    uint64_t oom_kills;    /* processes ended for want of memory */
    uint64_t pids_refused; /* times that a process was refused */
};

/*
 * Makes a group with the limits, named "refinery-jail-<pid>-<serial>". Where no
 * hierarchy can be used: true, and cgroup->limiter is JAIL_LIMITED_BY_WATCHDOG;
 * `why` says what was tried. Paths from the arena.
 */
CHECKED bool cgroup_make(const struct cgroup_place *place, const struct jail_limits *limits,
                         unsigned serial, struct arena *arena, struct cgroup *cgroup,
                         struct str *why, struct err *err);
CHECKED bool cgroup_make_here(const struct jail_limits *limits, struct arena *arena,
                              struct cgroup *cgroup, struct str *why, struct err *err);
CHECKED bool cgroup_enter(const struct cgroup *cgroup, pid_t pid, struct err *err);
void cgroup_measure(const struct cgroup *cgroup, struct cgroup_use *use);
void cgroup_remove(struct cgroup *cgroup); /* its processes are gone; best effort */

/* "key value" lines, as in memory.events; 0 when absent. Pure. */
uint64_t cgroup_value(struct str text, struct str key);

#endif
