/*
 * YAML documents as a tree, for catalogues: mappings, sequences and plain values, each with its
 * line. No aliases, no tags, no second document; keys are plain values and stand once. Everything
 * lives in the arena. What a document means is its reader's affair: yamltree_fail names the place.
 */
#ifndef REFINERY_BASE_YAMLTREE_H
#define REFINERY_BASE_YAMLTREE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { YAMLTREE_SIZE_LIMIT = 16 << 20, YAMLTREE_NODE_LIMIT = 1 << 20, YAMLTREE_DEPTH_LIMIT = 32 };

enum yamltree_kind { YAMLTREE_TEXT, YAMLTREE_LIST, YAMLTREE_MAP };

struct yamltree {
    enum yamltree_kind kind;
    unsigned line;        /* from 1; of an entry of a mapping, its key's */
    struct str file, key; /* key: inside a mapping */
    struct str text;      /* of a TEXT; "" for null */
    const struct yamltree *items;
    size_t len;
};

/*
 * ERR_FORMAT "file:line: what is wrong", ERR_LIMIT. An empty document is an empty mapping. `line`
 * is what the text's first line is called: 1, or where a piece of a file was.
 */
CHECKED bool yamltree_read(struct str text, struct str file, unsigned line, struct arena *arena,
                           struct yamltree *root, struct err *err);

/* The entry of a mapping; NULL: there is none, or `tree` is no mapping. */
const struct yamltree *yamltree_get(const struct yamltree *tree, const char *key);

/* ERR_FORMAT "file:line: what"; false. */
CHECKED bool yamltree_fail(const struct yamltree *at, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The text of an entry, and all texts of a list (a single text counts as a list of one). An absent
 * entry leaves `out` as it is. ERR_FORMAT: it is something else. */
CHECKED bool yamltree_text(const struct yamltree *map, const char *key, struct str *out,
                           struct err *err);
struct yamltree_texts {
    const struct str *at;
    size_t len;
};
CHECKED bool yamltree_list(const struct yamltree *map, const char *key, struct arena *arena,
                           struct yamltree_texts *out, struct err *err);

/* ERR_FORMAT names the first key that is none of `keys` (NULL-terminated). */
CHECKED bool yamltree_only(const struct yamltree *map, const char *const *keys, struct err *err);

#endif
