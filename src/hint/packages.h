/*
 * A capability map as the look-up of suggest.h: what a log lacks is found in the map of the image's
 * distribution, and the table of external dependencies (external.h) says what other package
 * managers call the same. Pure.
 */
#ifndef REFINERY_HINT_PACKAGES_H
#define REFINERY_HINT_PACKAGES_H

#include "hint/capability.h"
#include "hint/suggest.h"

/* What of a map meets a need; false: no file of a distribution does. */
bool packages_kind(enum hint_need need, enum capability_kind *kind);

/* The map outlives the look-up. */
struct hint_lookup packages_lookup(const struct capability_map *map);

#endif
