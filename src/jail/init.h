/*
 * Process 1 of a jail: reaps what is left to it, forwards SIGTERM and SIGINT to
 * the main process, samples what no cgroup counts, and ends, and with it
 * everything inside, when the main process or the parent outside has ended.
 * Allocates nothing (enter.h says why).
 */
#ifndef REFINERY_JAIL_INIT_H
#define REFINERY_JAIL_INIT_H

#include "jail/enter.h"

enum { INIT_SCRATCH_MAX = 64 };

struct init_scratch { /* descriptors of the tmpfs to be measured */
    int fds[INIT_SCRATCH_MAX];
    size_t count;
};

_Noreturn void init_run(const struct enter *enter, pid_t main, const struct init_scratch *scratch);

#endif
