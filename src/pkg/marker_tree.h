/* The parsed form of a marker, shared by its reader (marker.c) and its evaluation. Private. */
#ifndef REFINERY_PKG_MARKER_TREE_H
#define REFINERY_PKG_MARKER_TREE_H

#include "pkg/marker.h"
#include "pkg/specifier.h"

enum marker_kind { MARKER_COMPARE, MARKER_AND, MARKER_OR };

enum marker_op {
    MARKER_COMPATIBLE,
    MARKER_EQ,
    MARKER_NE,
    MARKER_LE,
    MARKER_GE,
    MARKER_LT,
    MARKER_GT,
    MARKER_ARBITRARY,
    MARKER_IN,
    MARKER_NOT_IN,
};

struct marker_value {
    bool literal;
    enum marker_key key; /* when it is no literal */
    struct str text;     /* of a literal; a name in normal form where names are compared */
};

/* `and` and `or` hold a list of two or more; depth is that of the parentheses alone. */
struct marker {
    enum marker_kind kind;
    struct marker *child, *next;
    enum marker_op op;
    struct marker_value left, right;
    const struct specifier *specifier; /* op and right, where a version key is compared to one */
};

struct str marker_key_name(enum marker_key key);
struct str marker_op_text(enum marker_op op);

/* marker_parse for the marker that starts at `from` inside a larger text: positions are the text's.
 */
CHECKED bool marker_parse_from(struct str text, size_t from, struct arena *arena,
                               const struct marker **marker, struct err *err);

/* Fills in what a comparison needs, so that evaluating allocates nothing. */
void marker_prepare(struct marker *m, struct arena *arena);

#endif
