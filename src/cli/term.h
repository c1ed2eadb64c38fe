/*
 * The terminal: its size, whether colours are wanted, and foreign text made safe for it. A name
 * that came from outside may hold escape sequences; here they become visible characters.
 */
#ifndef REFINERY_CLI_TERM_H
#define REFINERY_CLI_TERM_H

#include "base/buf.h"

enum { TERM_WIDTH_UNKNOWN = 80 };

bool term_is_terminal(int fd); /* false too where TERM is "dumb" or empty */
size_t term_width(int fd);     /* columns; TERM_WIDTH_UNKNOWN when it is none */
size_t term_height(int fd);    /* lines; 24 when it is none */
bool term_wants_color(int fd); /* a terminal, and NO_COLOR is unset or empty */
bool term_is_utf8(void);       /* by LC_ALL, LC_CTYPE, LANG */

/* Columns that the text takes once it is safe. */
size_t term_columns(struct str text);

/*
 * Appends the text with control characters and broken UTF-8 as "?" or "^X", cut with an ellipsis to
 * at most `columns`; returns the columns used.
 */
size_t term_add(struct buf *out, struct str text, size_t columns);

#endif
