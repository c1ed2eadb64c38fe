/*
 * What an environment gets from a lock file, by the rules of the pylock.toml specification
 * ("Installation"): requires-python and environments of the file must fit, then the packages whose
 * markers hold, each name once, each with the wheel that the tags prefer, or its sdist.
 */
#ifndef REFINERY_PKG_PYLOCK_SELECT_H
#define REFINERY_PKG_PYLOCK_SELECT_H

#include "pkg/pylock.h"
#include "pkg/tags.h"

struct pylock_target {
    const struct marker_env *marker;
    const struct version *python; /* full version */
    const struct tags *tags;
    const struct str *extras; /* asked for, normal form */
    size_t extras_len;
    const struct str *groups; /* NULL: the lock's default groups */
    size_t groups_len;
};

struct pylock_choice {
    const struct pylock_package *package;
    const struct pylock_file *file; /* of PYLOCK_FILES; NULL otherwise */
    bool wheel;                     /* file is one */
};

/*
 * Choices in the order of the file. ERR_UNSAT names the package, its line and what does not fit;
 * `what` names the file.
 */
CHECKED bool pylock_select(const struct pylock *lock, const struct pylock_target *target,
                           const char *what, struct arena *arena,
                           const struct pylock_choice **choices, size_t *len, struct err *err);

#endif
