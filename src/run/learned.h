/*
 * What earlier runs taught: for a package what its last good build was made with, for a hint how
 * often it helped. Read out of the history when a plan begins, and again by the run that follows.
 */
#ifndef REFINERY_RUN_LEARNED_H
#define REFINERY_RUN_LEARNED_H

#include "base/map.h"
#include "base/vec.h"
#include "build/spec.h"
#include "hint/suggest.h"
#include "store/store.h"

struct learned {
    struct map packages; /* name -> struct store_learned, of wheels */
    VEC(struct hint_record) hints;
};

/* In the arena; what was there is forgotten. */
CHECKED bool learned_read(struct store *store, struct arena *arena, struct learned *learned,
                          struct err *err);
/* Of the history at `path`, without writing to it: none is there, or none that this program can
 * read as it is, teaches nothing. */
CHECKED bool learned_look(struct str path, struct arena *arena, struct learned *learned,
                          struct err *err);

/*
 * The words that the next build of `name` begins with, beyond those that are `asked` for and those
 * of its table: whoever asks for more than settings has said it all. `system`: packages of a
 * distribution may be among them.
 */
struct spec_list learned_recipes(const struct learned *learned, struct str name,
                                 struct spec_list asked, bool system, struct arena *arena);

#endif
