/*
 * YAML as a small tree, for catalogues: mappings, sequences and scalars with their lines, no
 * aliases, no tags. A list of items is read item by item, so that one that is broken takes none of
 * the others with it. libyaml parses (decision 0701). Pure; everything lives in the arena.
 */
#ifndef REFINERY_HINT_DOCUMENT_H
#define REFINERY_HINT_DOCUMENT_H

#include "base/arena.h"
#include "base/err.h"

enum {
    DOCUMENT_DEPTH_LIMIT = 8,
    DOCUMENT_NODE_LIMIT = 100000,   /* of one document */
    DOCUMENT_SIZE_LIMIT = 32 << 20, /* bytes of a file */
};

enum document_kind { DOCUMENT_SCALAR, DOCUMENT_LIST, DOCUMENT_MAP };

struct document_node {
    enum document_kind kind;
    size_t line; /* from 1, in the file */
    struct str key;
    size_t key_line;
    struct str text;              /* of a scalar; a plain "~" or "null" is the empty text */
    struct document_node **items; /* of a list, or the values of a map, in order */
    size_t len;
};

/* The value of a key, or NULL. */
const struct document_node *document_get(const struct document_node *map, const char *key);

/* One document; `line` is what its first line is called. ERR_FORMAT names the line (err->line). */
CHECKED bool document_parse(struct str text, size_t line, struct arena *arena,
                            struct document_node **root, struct err *err);

/* Called for each item; `item` NULL: it is broken, `why` says how. */
typedef void document_item(void *state, const struct document_node *item, const struct err *why);

/*
 * The items of a file that is a list, a list under the key `hints`, a map of items by name (which
 * become their `id` where they have none), or JSON of these.
 */
void document_each(struct str text, struct arena *arena, document_item *each, void *state);

#endif
