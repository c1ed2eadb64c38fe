/*
 * What a terminal would not show, taken out of a log: escape sequences (ECMA-48: CSI, OSC and the
 * other strings, which a line's end closes too). Streaming; copies nothing. Pure.
 */
#ifndef REFINERY_HINT_CLEAN_H
#define REFINERY_HINT_CLEAN_H

#include "base/str.h"

enum clean_state { CLEAN_TEXT, CLEAN_ESCAPE, CLEAN_CSI, CLEAN_STRING, CLEAN_STRING_ESCAPE };

struct clean {
    enum clean_state state; /* zeroed at the beginning of a log */
};

/* The next bytes to be kept, borrowed from `rest`, which goes on behind them; false at its end. */
bool clean_next(struct clean *clean, struct str *rest, struct str *kept);

/*
 * A line with "'" for every quotation mark that tools write (U+2018, U+2019, U+201C, U+201D, "`"
 * and
 * '"'): itself when it has no other, else a copy in `scratch`, which has room for line.len bytes.
 */
struct str clean_quotes(struct str line, char *scratch);

#endif
