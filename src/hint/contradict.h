/* Hints for the same failure that want different things; for catalogue.c. Pure. */
#ifndef REFINERY_HINT_CONTRADICT_H
#define REFINERY_HINT_CONTRADICT_H

#include "base/map.h"
#include "hint/catalogue.h"

/*
 * What a recipe sets: "env:K" of env:K=V, "pip:cython" of pip:cython<3, the whole word of a
 * package. Of two recipes that set the same to different values only one can be followed.
 */
struct str contradict_subject(const struct hint_recipe *recipe, struct arena *arena);

/*
 * Holds a hint against those with the same pattern (or class) that apply to some of the same
 * builds, and adds it to them. ERR_CONFLICT: it says what another says, or the contrary with the
 * same confidence. `note`: the contrary with another confidence; the surer one comes first.
 */
CHECKED bool contradict_check(struct map *rules, const struct hint *hint, struct arena *arena,
                              struct str *note, struct err *err);

#endif
