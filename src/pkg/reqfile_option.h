/*
 * Options of requirements files, for reqfile.c alone: a table of what may stand
 * on a line of its own, and what may follow a requirement.
 */
#ifndef REFINERY_PKG_REQFILE_OPTION_H
#define REFINERY_PKG_REQFILE_OPTION_H

#include "pkg/reqfile.h"

struct reqfile_include {
    struct str path; /* ptr NULL: the line includes nothing */
    bool constraint;
};

/* "-e ..." and "--editable ..." are requirements, not options. */
bool reqfile_option_is_editable(struct str text);

/* One line of options into `file`; `path` is the file it stands in. */
CHECKED bool reqfile_option_take(struct str text, struct str path, struct arena *arena,
                                 struct reqfile *file, struct reqfile_include *include,
                                 struct err *err);

/* Cuts "--hash=...", "--config-settings K=V" and "--global-option=..." from its end. */
CHECKED bool reqfile_option_take_suffixes(struct str text, struct arena *arena,
                                          struct str *requirement, struct reqfile_entry *entry,
                                          struct err *err);

#endif
