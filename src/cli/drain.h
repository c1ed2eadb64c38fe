/*
 * One drain of the retry queue: what is due for the target of the call's options is built by the
 * code of `refinery run`, each entry at most once. What is delivered leaves the queue, what fails
 * waits in it; an entry is never taken out before that, so that a death on the way loses none.
 */
#ifndef REFINERY_CLI_DRAIN_H
#define REFINERY_CLI_DRAIN_H

#include "cli/command.h"

struct drain_counts {
    size_t taken, delivered;
    int64_t due_ms; /* when the next entry for this target is; 0: there is none */
};

/* Errors are those of our machinery, or of a network: entries that cannot be planned only fail. */
CHECKED bool drain_queue(const struct call *call, struct drain_counts *counts, struct err *err);

/* When the next entry is due, without taking any; 0: none. The queue file is imported first. */
CHECKED bool drain_look(const struct call *call, int64_t *due_ms, struct err *err);

#endif
