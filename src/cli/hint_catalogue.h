/* `refinery hint list`, `show`, `add` and `import`: the catalogue itself. */
#ifndef REFINERY_CLI_HINT_CATALOGUE_H
#define REFINERY_CLI_HINT_CATALOGUE_H

#include "cli/command.h"

CHECKED command_fn hint_catalogue_list;
CHECKED command_fn hint_catalogue_show;
/*
 * Rules of one's own, all of them good or none taken, into the cache's folder hints; says for how
 * many stored failures each has a recipe.
 */
CHECKED command_fn hint_catalogue_add;
/* What cannot be used is said; COMMAND_FAILED then, with the rest imported. */
CHECKED command_fn hint_catalogue_import;

#endif
