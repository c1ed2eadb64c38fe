/*
 * The hint catalogue of this program and of a cache: what is shipped, then the YAML files of the
 * folder hints, in the order of their names. What cannot be used is said once and left out.
 */
#ifndef REFINERY_RUN_HINTS_H
#define REFINERY_RUN_HINTS_H

#include "hint/catalogue.h"

/* The catalogue is closed by the caller (catalogue_close). A directory that is not there is empty.
 */
CHECKED bool hints_open(struct str cache, struct arena *arena, struct hint_catalogue *catalogue,
                        struct err *err);

#endif
