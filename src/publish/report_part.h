/* The parts of report.html (report.h), each appending its section. Internal to the report. */
#ifndef REFINERY_PUBLISH_REPORT_PART_H
#define REFINERY_PUBLISH_REPORT_PART_H

#include "publish/manifest.h"

/* How a status looks: the state whose colour and shape it takes (ui.md 2), and its word. */
struct report_look {
    const char *state; /* "done": class s-done, symbol #i-done */
    const char *word;
};
const struct report_look *report_look(enum manifest_status status);

void report_look_symbols(struct buf *out); /* the shapes, for <use> */
void report_look_icon(struct buf *out, const char *state);
void report_look_badge(struct buf *out, enum manifest_status status);

/* `sorted` is troubles first, then by name; `room` is what may still be written, in bytes. */
void report_table(const struct manifest *manifest, const struct manifest_package **sorted,
                  size_t room, struct buf *out);
void report_timeline(const struct manifest *manifest, struct buf *out);
void report_failures(const struct manifest *manifest, const struct manifest_package **sorted,
                     size_t room, struct buf *out);

#endif
