/*
 * Catalogues as items: a list is read item by item, so that one that is broken takes none of the
 * others with it. YAML itself is base/yamltree.h. Pure; everything lives in the arena.
 */
#ifndef REFINERY_HINT_DOCUMENT_H
#define REFINERY_HINT_DOCUMENT_H

#include "base/yamltree.h"

enum { DOCUMENT_SIZE_LIMIT = 32 << 20 }; /* bytes of a file */

/* Called for each item; `item` NULL: it is broken, `why` says how, with file and line. */
typedef void document_item(void *state, const struct yamltree *item, const struct err *why);

/*
 * The items of a file that is a list, a list under the key `hints`, a map of items by name (which
 * become their `id` where they have none), or JSON of these. `name` is the file's in complaints.
 */
void document_each(struct str text, struct str name, struct arena *arena, document_item *each,
                   void *state);

#endif
