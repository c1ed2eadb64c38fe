/*
 * The reader of TOML's words, for toml.c alone: a cursor over checked UTF-8,
 * white space, keys and scalar values. Every failure is reported at the cursor.
 */
#ifndef REFINERY_PKG_TOML_SCAN_H
#define REFINERY_PKG_TOML_SCAN_H

#include "pkg/toml.h"

struct toml_scan {
    struct str text;
    size_t at;
    const char *what;
    struct arena *arena;
    struct err *err;
    size_t values;
    size_t seen; /* where line and column were last counted up to, so that counting stays linear */
    unsigned seen_line, seen_column;
};

/* ERR_FORMAT with "what:line:column: " in front; returns false. */
bool toml_scan_fail(struct toml_scan *scan, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Where the cursor stands, from 1. */
void toml_scan_position(struct toml_scan *scan, unsigned *line, unsigned *column);

/* The text is UTF-8 without control characters but tab and line ends. */
CHECKED bool toml_scan_check(struct toml_scan *scan);

char toml_scan_peek(const struct toml_scan *scan); /* NUL at the end */
bool toml_scan_starts(const struct toml_scan *scan, const char *literal);
bool toml_scan_eat(struct toml_scan *scan, char c);
void toml_scan_space(struct toml_scan *scan);   /* spaces and tabs */
void toml_scan_comment(struct toml_scan *scan); /* up to the line end */
bool toml_scan_newline(struct toml_scan *scan); /* \n or \r\n */
void toml_scan_blank(struct toml_scan *scan);   /* spaces, comments and line ends */

CHECKED bool toml_scan_string(struct toml_scan *scan, bool multiline_allowed, struct str *value);
CHECKED bool toml_scan_simple_key(struct toml_scan *scan, struct str *key);
/* Number, boolean, date or time into a value of that kind. */
CHECKED bool toml_scan_scalar(struct toml_scan *scan, struct toml *value);

#endif
