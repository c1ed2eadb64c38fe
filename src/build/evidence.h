/*
 * The lines of a log that tell why something failed: those that look like errors
 * with what stands before them, and the last ones. Bounded, whatever the log.
 */
#ifndef REFINERY_BUILD_EVIDENCE_H
#define REFINERY_BUILD_EVIDENCE_H

#include "build/spec.h"

enum { EVIDENCE_LINES = 20, EVIDENCE_LINE_MAX = 400 };

struct evidence {
    struct arena *arena;
    char line[EVIDENCE_LINE_MAX];
    size_t line_len;
    struct str recent[EVIDENCE_LINES]; /* ring of the last lines */
    size_t seen;
    struct str telling[EVIDENCE_LINES]; /* the first lines that look like errors */
    size_t telling_len;
    bool tracing;          /* inside a Python traceback: all of it tells */
    struct str conclusion; /* the line that the last traceback ended with */
    struct str network;    /* the first address that a program could not reach; empty: none */
};

/* For jail_run and proc_run (`state` is the evidence): takes the output, and passes it on to
 * standard output (the log). */
void evidence_hear(void *state, struct str chunk);
/* Up to EVIDENCE_LINES lines: the telling ones, else the last ones. */
struct spec_list evidence_lines(struct evidence *evidence);
/* The line that says it best: the last telling one that is not a summary, else the last one. */
struct str evidence_last(struct evidence *evidence);

#endif
