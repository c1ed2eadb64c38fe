/*
 * The configuration file: a YAML mapping from option names to scalars or sequences of scalars,
 * read with libyaml. No anchors, no nesting, no document after the first; limits on size and count.
 */
#ifndef REFINERY_CLI_CONFIG_H
#define REFINERY_CLI_CONFIG_H

#include "cli/option.h"

enum { CONFIG_SIZE_LIMIT = 1 << 20, CONFIG_ENTRY_LIMIT = 1000 };

CHECKED bool config_read(const char *path, struct arena *arena, struct option_entries *entries,
                         struct err *err);
/* The same from bytes; `name` stands in messages. */
CHECKED bool config_parse(struct str text, struct str name, struct arena *arena,
                          struct option_entries *entries, struct err *err);

#endif
