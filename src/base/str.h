/*
 * Strings as slices: a pointer and a length, passed by value, not owned and not
 * NUL-terminated unless the function that made one says so. The bytes live in an
 * arena, a mapped file or the program text; who made them frees them.
 */
#ifndef REFINERY_BASE_STR_H
#define REFINERY_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *ptr;
    size_t len;
};

/* A slice of a string literal; also usable as a static initialiser. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
/* For printf: "%.*s", STR_ARG(s). */
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).ptr

struct str str_from(const char *cstring); /* NULL gives the empty slice */
struct str str_of(const void *bytes, size_t len);

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
int str_cmp(struct str a, struct str b);        /* bytewise, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Position of the first (last) occurrence, or s.len when there is none. */
size_t str_find(struct str s, struct str needle);
size_t str_find_char(struct str s, char c);
size_t str_rfind_char(struct str s, char c);
bool str_has_char(struct str s, char c);

/* Bytes [from, to) and [from, end); positions past the end are clamped. */
struct str str_slice(struct str s, size_t from, size_t to);
struct str str_from_pos(struct str s, size_t from);
struct str str_trim(struct str s); /* ASCII white space, both ends */

/*
 * Split at the first `sep`: head gets what precedes it, tail what follows.
 * Without a separator: false, head is all of s and tail is empty.
 */
bool str_cut(struct str s, char sep, struct str *head, struct str *tail);

/*
 * Iteration over the pieces between separators: rest starts as the whole
 * string; false when nothing is left. "a,,b" yields "a", "", "b".
 */
bool str_next(struct str *rest, char sep, struct str *piece);
/* The same over lines: accepts \n and \r\n. */
bool str_next_line(struct str *rest, struct str *line);

/* Whole string as an unsigned decimal number without sign or spaces. */
bool str_to_u64(struct str s, uint64_t *value);

uint64_t str_hash(struct str s); /* for tables in memory; not stable between releases */

/* ASCII classes that do not depend on the locale. */
static inline bool char_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool char_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool char_is_alnum(char c)
{
    return char_is_digit(c) || char_is_alpha(c);
}
static inline bool char_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline char char_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

#endif
