/* `refinery hint list`, `show` and `import`: the catalogue itself. */
#ifndef REFINERY_CLI_HINT_CATALOGUE_H
#define REFINERY_CLI_HINT_CATALOGUE_H

#include "cli/command.h"

CHECKED command_fn hint_catalogue_list;
CHECKED command_fn hint_catalogue_show;
/* What cannot be used is said; COMMAND_FAILED then, with the rest imported. */
CHECKED command_fn hint_catalogue_import;

#endif
