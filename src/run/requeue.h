/*
 * What a run's end means for the retry queue (store/retry.h): what it delivered leaves it, what
 * failed for a reason of its own or waits for such a one is put there.
 */
#ifndef REFINERY_RUN_REQUEUE_H
#define REFINERY_RUN_REQUEUE_H

#include "publish/manifest.h"
#include "run/run.h"

/*
 * Ends for the queue, in the arena. What was not begun (the run was stopped) and what was skipped
 * for an earlier failure is none: its entry stays as it is.
 */
const struct store_retry_end *requeue_ends(const struct manifest *manifest,
                                           const struct run_config *config, struct arena *arena,
                                           size_t *len);

#endif
