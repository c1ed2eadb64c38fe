/* One hint out of its YAML; for catalogue.c and import.c. */
#ifndef REFINERY_HINT_CATALOGUE_READ_H
#define REFINERY_HINT_CATALOGUE_READ_H

#include "hint/catalogue.h"
#include "hint/document.h"

/*
 * Fills a hint from a map; pattern and id are not judged yet. ERR_FORMAT with file and line.
 * `lenient`: keys that are not known are passed over (files of earlier systems), otherwise refused.
 */
CHECKED bool catalogue_read(const struct yamltree *item, bool lenient, struct arena *arena,
                            struct hint *hint, struct err *err);

#endif
