/*
 * What can be imported from a wheel, by the names of its members: the topmost
 * packages and plain modules, and every extension module. Directories for tests,
 * examples and documentation are left out.
 */
#ifndef REFINERY_BUILD_MODULES_H
#define REFINERY_BUILD_MODULES_H

#include "base/vec.h"
#include "wheelfile/wheelfile.h"

struct modules {
    VEC(struct str) modules, extensions; /* dotted names */
};

/* Adds to what is there. */
void modules_find(const struct wheelfile *wheel, struct arena *arena, struct modules *found);

#endif
