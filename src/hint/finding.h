/* What becomes of a line that a pattern matched; for classify.c. Pure. */
#ifndef REFINERY_HINT_FINDING_H
#define REFINERY_HINT_FINDING_H

#include "hint/classify.h"

/* Names that can be none are left out, and what they were to be looked up as with them. */
void finding_names(struct hint_finding *finding, struct str name, struct str version);

/* A line's beginning, UTF-8 without control characters. */
struct str finding_excerpt(struct str line, struct arena *arena);

/*
 * What proves most first: severity, the cause's rank (kind.h), confidence, place in the log. Of
 * failed probes (SEVERITY_INFO) the last comes first: it is the nearest to what ended the build.
 */
void finding_sort(struct hint_finding *findings, size_t len);

/* The cause, of sorted findings. A failed probe is none by itself: builds that succeed are full of
 * them. */
enum hint_class finding_cause(const struct hint_finding *findings, size_t len);

#endif
