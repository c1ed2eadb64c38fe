/*
 * Environment markers (PEP 508, dependency specifiers of PyPA, PEP 685, PEP 751):
 *
 *     python_version >= "3.8" and (sys_platform == "linux" or extra == "fast")
 *
 * The environment is data, never the running system: marker_env_linux fills one
 * for a target such as cp311 on s390x. A parsed marker lives in the arena and
 * borrows its text; evaluating allocates nothing. Comparison follows the
 * specification: the version keys compare as PEP 440 where the literal is a
 * version (pre-releases count), everything else as text.
 */
#ifndef REFINERY_PKG_MARKER_H
#define REFINERY_PKG_MARKER_H

#include "base/arena.h"
#include "base/buf.h"

enum { MARKER_DEPTH_LIMIT = 200, MARKER_TEXT_LIMIT = 64 * 1024 };

enum marker_key {
    MARKER_OS_NAME,
    MARKER_SYS_PLATFORM,
    MARKER_PLATFORM_MACHINE,
    MARKER_PLATFORM_PYTHON_IMPLEMENTATION,
    MARKER_PLATFORM_RELEASE,
    MARKER_PLATFORM_SYSTEM,
    MARKER_PLATFORM_VERSION,
    MARKER_PYTHON_VERSION,
    MARKER_PYTHON_FULL_VERSION,
    MARKER_IMPLEMENTATION_NAME,
    MARKER_IMPLEMENTATION_VERSION,
    MARKER_KEYS_TEXT, /* the keys above are texts of the environment */
    MARKER_EXTRA = MARKER_KEYS_TEXT,
    MARKER_EXTRAS,
    MARKER_DEPENDENCY_GROUPS,
    MARKER_KEYS,
};

struct marker_env {
    struct str text[MARKER_KEYS_TEXT]; /* by enum marker_key */
};

/*
 * CPython on Linux: python is the full version ("3.11.2"), machine what
 * `uname -m` says on the target ("s390x"). The kernel's release and version are
 * those of no particular machine: empty. Slices are borrowed or static, but for
 * python_version, which is a slice of `python`.
 */
struct marker_env marker_env_linux(struct str python, struct str machine);

/* What is asked for beside the environment; all names in normal form. A zeroed one asks nothing. */
struct marker_wants {
    struct str extra;         /* `extra == "x"`: the one extra whose dependencies are asked */
    const struct str *extras; /* `"x" in extras` (lock files) */
    size_t extras_len;
    const struct str *groups; /* `"x" in dependency_groups` */
    size_t groups_len;
};

struct marker; /* NULL is the marker that always holds */

/* The whole of text; the error names the position (from 1). */
CHECKED bool marker_parse(struct str text, struct arena *arena, const struct marker **marker,
                          struct err *err);

/* wants may be NULL: no extra. */
bool marker_holds(const struct marker *marker, const struct marker_env *env,
                  const struct marker_wants *wants);

/*
 * The first comparison that the specification leaves undefined for these values, or NULL: ~= and
 * === of texts that are no versions, and a set beside anything but `"x" in` and `"x" not in`.
 * marker_holds takes such a comparison for one that does not hold.
 */
const struct marker *marker_undefined(const struct marker *marker, const struct marker_env *env,
                                      const struct marker_wants *wants);

/* The key is looked at somewhere in the marker. */
bool marker_uses(const struct marker *marker, enum marker_key key);

/* Normal form: double quotes, one space, only the parentheses that are needed. */
void marker_write(const struct marker *marker, struct buf *out);

#endif
