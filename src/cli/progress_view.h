/*
 * The picture of a run at work (progress.h), from its state alone. Pure: time and width come in.
 */
#ifndef REFINERY_CLI_PROGRESS_VIEW_H
#define REFINERY_CLI_PROGRESS_VIEW_H

#include "base/buf.h"
#include "cli/progress.h"

struct progress_view_slot {
    bool busy;
    struct str name, version, strategy, phase;
    unsigned attempt;
    int64_t started_ms, phase_ms; /* steady clock */
};

struct progress_view {
    const struct progress_view_slot *slots;
    size_t slot_count;
    size_t total;
    size_t counts[PROGRESS_SKIPPED +
                  1]; /* by enum progress_end; PROGRESS_RETRY is not counted as done */
    struct str note;
    int64_t started_ms, now_ms; /* steady clock */
    int64_t eta_ms;             /* remaining; -1 unknown */
};

/*
 * At most `height` lines, each at most `width` columns and ended by a newline; busy slots that do
 * not fit are counted in one line. `ascii` avoids everything beyond ASCII of our own.
 */
void progress_view_render(const struct progress_view *view, size_t width, size_t height, bool color,
                          bool ascii, struct buf *out);

/* The plain line for one change: "built numpy 2.1.3 (cross, 55 s): why". No newline. */
void progress_view_line(const struct progress_view_slot *slot, enum progress_end end,
                        int64_t elapsed_ms, struct str why, struct buf *out);

const char *progress_view_word(enum progress_end end);

/* "4 s", "1:05", "2:03:04" */
void progress_view_time(struct buf *out, int64_t ms);

#endif
