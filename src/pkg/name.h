/*
 * Names of projects and extras (PEP 508 for what is valid, PEP 503 and PEP 685
 * for the normal form: lower case, runs of `-_.` become one `-`).
 */
#ifndef REFINERY_PKG_NAME_H
#define REFINERY_PKG_NAME_H

#include "base/arena.h"

enum { NAME_LIMIT = 1000 };

/* ASCII letters and digits, with `-_.` between them. */
bool name_is_valid(struct str name);
/* Already in normal form. */
bool name_is_normal(struct str name);
/* Normal form; the name itself, uncopied, when it already is normal. */
struct str name_normal(struct str name, struct arena *arena);
/* Same project, whatever the spelling; allocates nothing. */
bool name_eq(struct str a, struct str b);
/* For file names of wheels and sdists (PEP 427, 625): normal form with `_` for `-`. */
struct str name_escaped(struct str name, struct arena *arena);

#endif
