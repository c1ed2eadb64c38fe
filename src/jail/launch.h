/*
 * The outer side of the launcher: clones the child into its namespaces, maps its
 * ids, puts it into its control group, lets it go, passes its output on and ends
 * it when it breaks a limit. enter.h is the inner side.
 */
#ifndef REFINERY_JAIL_LAUNCH_H
#define REFINERY_JAIL_LAUNCH_H

#include "jail/cgroup.h"
#include "jail/enter.h"

struct launch {
    pid_t pid;
    int pidfd, life, status, output; /* our ends */
    int64_t started_ms;
};

/* All that was opened is closed again when it fails. Fills life, status and output of `enter`. */
CHECKED bool launch_start(struct enter *enter, uid_t uid, gid_t gid, const struct cgroup *cgroup,
                          struct launch *launch, struct err *err);

/* What the outer side saw until the child had ended. */
struct launch_seen {
    enum jail_end end; /* JAIL_EXITED unless it struck down the child for a limit */
    uint64_t output_bytes;
    uint64_t peak_scratch; /* of the JAIL_RW trees */
    int64_t wall_ms;
    int64_t cpu_ms;           /* of all that process 1 has waited for */
    uint64_t largest_process; /* bytes */
};

/*
 * Passes output on until the end; then `report` has the inner side's word, or is
 * zero but for `failed` = ENTER_GO when it died without one. Closes all descriptors.
 */
CHECKED bool launch_follow(struct launch *launch, const struct jail_spec *spec,
                           struct cgroup *cgroup, struct cgroup_use *use, jail_output_fn *output,
                           void *state, struct launch_seen *seen, struct enter_report *report,
                           struct err *err);

#endif
