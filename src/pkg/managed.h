/*
 * EXTERNALLY-MANAGED (PEP 668): an environment that the system's own package manager looks after.
 * The file is an INI file whose section [externally-managed] may say, in several languages, what a
 * user should do instead.
 */
#ifndef REFINERY_PKG_MANAGED_H
#define REFINERY_PKG_MANAGED_H

#include "base/arena.h"

enum { MANAGED_LIMIT = 1 << 20 }; /* bytes */

/*
 * The message for a locale such as "de_AT" (Error-de_AT, else Error-de, else Error), lines joined
 * by line ends; empty where the file has none. Whatever the file holds, the environment is managed:
 * an error is for those who write such files.
 */
CHECKED bool managed_parse(struct str text, struct str locale, struct arena *arena,
                           struct str *message, struct err *err);

#endif
