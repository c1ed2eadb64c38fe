/*
 * A capability map as the look-up of suggest.h: what a log lacks is found in the map of the image's
 * distribution, and the table of external dependencies (external.h) says what other package
 * managers call the same. A program of the build machine is said as recipes say it:
 * "apt: swig:native". Pure.
 */
#ifndef REFINERY_HINT_PACKAGES_H
#define REFINERY_HINT_PACKAGES_H

#include "hint/capability.h"
#include "hint/suggest.h"

/* Whether anything of a reading is to be looked up, so that a map is worth its opening. */
bool packages_asks(const struct hint_reading *reading);

/* The map outlives the look-up. */
struct hint_lookup packages_lookup(const struct capability_map *map);

#endif
