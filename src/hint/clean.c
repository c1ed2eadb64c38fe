#include "hint/clean.h"

#include <string.h>

enum { ESCAPE = 0x1b, BELL = 7 };

/* The state behind one byte of an escape sequence. */
static enum clean_state clean_step(enum clean_state state, char c)
{
    if (c == '\n' || c == '\r')
        return CLEAN_TEXT;
    switch (state) {
    case CLEAN_ESCAPE:
        if (c == '[')
            return CLEAN_CSI;
        if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_')
            return CLEAN_STRING;
        return c >= 0x20 && c <= 0x2f ? CLEAN_ESCAPE : CLEAN_TEXT;
    case CLEAN_CSI:
        return c >= 0x40 && c <= 0x7e ? CLEAN_TEXT : CLEAN_CSI;
    case CLEAN_STRING:
        if (c == ESCAPE)
            return CLEAN_STRING_ESCAPE;
        return c == BELL ? CLEAN_TEXT : CLEAN_STRING;
    case CLEAN_STRING_ESCAPE:
        return c == '\\' ? CLEAN_TEXT : CLEAN_STRING;
    default:
        return CLEAN_TEXT;
    }
}

/* What is left of a sequence that is under way. */
static void clean_skip(struct clean *clean, struct str *rest)
{
    while (rest->len && clean->state != CLEAN_TEXT) {
        char c = rest->ptr[0];
        clean->state = clean_step(clean->state, c);
        if (c == '\n' || c == '\r') /* it closes the sequence and stays */
            return;
        *rest = str_from_pos(*rest, 1);
    }
}

bool clean_next(struct clean *clean, struct str *rest, struct str *kept)
{
    for (;;) {
        clean_skip(clean, rest);
        if (!rest->len)
            return false;
        const char *escape = memchr(rest->ptr, ESCAPE, rest->len);
        *kept = escape ? str_of(rest->ptr, (size_t)(escape - rest->ptr)) : *rest;
        *rest = str_from_pos(*rest, kept->len);
        if (escape) {
            clean->state = CLEAN_ESCAPE;
            *rest = str_from_pos(*rest, 1);
        }
        if (kept->len)
            return true;
    }
}

static bool clean_is_mark(struct str line, size_t at)
{
    return line.len - at >= 3 && memcmp(line.ptr + at, "\xe2\x80", 2) == 0 &&
           (line.ptr[at + 2] == '\x98' || line.ptr[at + 2] == '\x99' ||
            line.ptr[at + 2] == '\x9c' || line.ptr[at + 2] == '\x9d');
}

struct str clean_quotes(struct str line, char *scratch)
{
    size_t len = 0;
    if (!str_has_char(line, '\xe2') && !str_has_char(line, '`') && !str_has_char(line, '"'))
        return line;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        if (c == '\xe2' && clean_is_mark(line, i)) {
            c = '\'';
            i += 2;
        }
        scratch[len++] = c == '`' || c == '"' ? '\'' : c;
    }
    return str_of(scratch, len);
}
