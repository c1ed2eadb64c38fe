/*
 * What a run shows while it works. On a terminal a live block at the bottom: one line per busy
 * slot with phase and elapsed time, one line with the totals; it is cleared before every other
 * line (log.h) and follows the window's size. Elsewhere one plain line per change of state. One
 * thread at a time. Names are copied; whatever came from outside is shown with control characters
 * made visible.
 */
#ifndef REFINERY_CLI_PROGRESS_H
#define REFINERY_CLI_PROGRESS_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum progress_end {
    PROGRESS_BUILT,
    PROGRESS_CACHED,
    PROGRESS_REUSED,
    PROGRESS_TESTED, /* imported on the target */
    PROGRESS_READY,  /* something that is no package: an image, an answer */
    PROGRESS_RETRY,
    PROGRESS_FAILED,
    PROGRESS_SKIPPED,
};

struct progress;

/* `fd` is where it is drawn (2 as a rule); `slots` lines at most. NULL is never returned. */
struct progress *progress_open(int fd, size_t slots, bool color, const struct clock *clock);

/* A line about the run as a whole: "resolving", "image: 212 of 340 packages". "" takes it away. */
void progress_note(struct progress *progress, struct str note);
void progress_total(struct progress *progress, size_t total);       /* may grow while it runs */
void progress_eta(struct progress *progress, int64_t remaining_ms); /* -1: unknown */

/*
 * A slot takes up a package, goes through phases, and lets it go. Off a terminal the
 * start is told of builds (which have a strategy) and of what has no version, an image.
 */
void progress_start(struct progress *progress, size_t slot, struct str name, struct str version,
                    struct str strategy, unsigned attempt);
void progress_phase(struct progress *progress, size_t slot, struct str phase);
void progress_stop(struct progress *progress, size_t slot, enum progress_end end, struct str why);

/* Counts a package that needed no slot (reused, cached, skipped). */
void progress_count(struct progress *progress, struct str name, struct str version,
                    enum progress_end end, struct str why);

/* Redraws when something changed or a second passed, at most eight times a second. */
void progress_tick(struct progress *progress);
/* How long the caller may wait before the next tick: -1 when nothing is drawn. */
int progress_wait_ms(const struct progress *progress);

void progress_close(struct progress *progress); /* clears the block, frees; NULL is fine */

#endif
