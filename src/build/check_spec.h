/*
 * What check.py is told of one package: the modules that must import, the extension
 * modules that must load, and the file of its known-answer check where there is one
 * (data/checks/<name>.py, written beside).
 */
#ifndef REFINERY_BUILD_CHECK_SPEC_H
#define REFINERY_BUILD_CHECK_SPEC_H

#include "base/json.h"
#include "build/modules.h"

/*
 * Fills `object`. `dir` is a directory that the jail sees at `inside`. `name` is in
 * normal form.
 */
CHECKED bool check_spec_add(yyjson_mut_doc *doc, yyjson_mut_val *object, struct str name,
                            const struct modules *found, const char *dir, const char *inside,
                            struct arena *arena, struct err *err);

/* The text of a package's known-answer check; empty when it has none. */
struct str check_spec_source(struct str name, struct arena *arena);

#endif
