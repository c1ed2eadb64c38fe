/*
 * What a regular expression cannot match without: literals of which at least one stands in every
 * text that it matches, so that a cheap search for them finds the lines worth asking it about.
 * Reads the part of PCRE2's syntax that hints are written in and refuses the rest. Pure.
 */
#ifndef REFINERY_HINT_LITERAL_H
#define REFINERY_HINT_LITERAL_H

#include "base/arena.h"
#include "base/err.h"

enum {
    LITERAL_SHORTEST = 4, /* bytes; a pattern with less is refused: it would match everything */
    LITERAL_MOST = 16,    /* alternatives of one pattern */
    LITERAL_LONGEST = 64,
};

struct literals {
    struct str at[LITERAL_MOST]; /* any one of them */
    size_t len;
};

/*
 * ERR_FORMAT with the position: syntax that hints do without, a repetition inside of a repetition
 * (`(a+)+` takes exponential time), or no literal long enough. Letters count in either case. "'" is
 * in no literal: lines are searched before their quotation marks are made equal (classify.h).
 */
CHECKED bool literal_extract(struct str pattern, struct arena *arena, struct literals *literals,
                             struct err *err);

#endif
