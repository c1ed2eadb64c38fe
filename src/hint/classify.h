/*
 * Why a build failed, read out of its log as it arrives: all of it, in one pass, in constant
 * memory. Lines that hold none of the catalogue's literals are passed over (prefilter.h), the
 * others asked the patterns whose literal they hold. A line ends at \n or \r and is read up to
 * CLASSIFY_LINE_LIMIT bytes at a time; escape sequences are taken out first and all quotation marks
 * made "'" (clean.h). Bytes may be anything. What is found does not depend on how the log is cut
 * into pieces. Pure.
 *
 * Limits, each of which is told in the reading: findings of one hint and of all, steps of a pattern
 * on a line, and work for each byte of the log, so that no log takes more than linear time.
 */
#ifndef REFINERY_HINT_CLASSIFY_H
#define REFINERY_HINT_CLASSIFY_H

#include "hint/catalogue.h"

enum {
    CLASSIFY_LINE_LIMIT = 8192,
    CLASSIFY_EXCERPT_LIMIT = 400, /* bytes kept of a line */
    CLASSIFY_PER_HINT = 128,      /* different findings of one hint */
    CLASSIFY_FINDINGS = 1024,     /* of all */
    CLASSIFY_MATCHES = 1024,      /* lines after which a hint is asked no more */
};

struct hint_finding {
    const struct hint *hint;
    enum hint_class class;
    enum hint_need need;      /* NEED_NONE when the log gives no name that is one (kind.h) */
    struct str name, version; /* as the log gives them, characters checked; else empty */
    struct str excerpt;       /* the line, printable */
    uint64_t offset;          /* of its first byte in the log */
    uint32_t count;           /* lines that say the same, up to CLASSIFY_MATCHES */
    struct str phase;         /* empty when unknown */
};

struct hint_reading {
    /* HINT_UNKNOWN when no more than failed probes is known; a caller that knows better sets it. */
    enum hint_class class;
    const struct hint_finding *findings; /* those that prove most first */
    size_t len;
    uint64_t bytes;   /* of the log */
    uint64_t unasked; /* lines that patterns were not asked about: limits */
};

struct classifier;

#define CLASSIFIER_AUTO __attribute__((cleanup(classifier_close)))

/* The catalogue outlives the classifier. What is found lives in the arena, and nothing else: what
 * reading takes (half a megabyte) goes with classifier_close. */
struct classifier *classifier_open(const struct hint_catalogue *catalogue, struct arena *arena);
/* What follows belongs to this phase of the attempt; a line that is not complete ends here. */
void classifier_phase(struct classifier *classifier, struct str phase);
void classifier_feed(struct classifier *classifier, struct str bytes);
/* The end of the log. Nothing may be fed after it. */
void classifier_end(struct classifier *classifier, struct hint_reading *reading);
void classifier_close(struct classifier **classifier); /* NULL is fine */

#endif
