/*
 * The build environment of an attempt (PEP 517 "isolated"): a directory with the
 * build requirements' wheels unpacked side by side, <env>/site on the import path
 * and <env>/bin on PATH. It depends on nothing but the wheels, so it is made once,
 * kept in the cache under the digest of their digests, and bound read-only.
 */
#ifndef REFINERY_BUILD_ENV_H
#define REFINERY_BUILD_ENV_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

struct env_wheel {
    const char *path; /* a verified wheel in the cache */
    struct digest digest;
};

/* The interpreter that scripts in <env>/bin name; the jail provides it there. */
#define ENV_PYTHON "/refinery/bin/python3"

struct env_wheels {
    const struct env_wheel *at;
    size_t len;
};

/*
 * The directory for these wheels below <cache>/env, made when it is not there yet;
 * several processes may ask at once. `key` is the digest over the wheels, in order.
 *
 * `linked` are wheels of the target for some of them, in a cross build: what compilers
 * and linkers read (headers, archives, pkg-config files: numpy's _numpyconfig.h and
 * libnpymath.a) is the target's then, what Python imports stays the build machine's.
 */
CHECKED bool env_compose(const char *cache, struct env_wheels wheels, struct env_wheels linked,
                         struct arena *arena, struct str *dir, struct digest *key, struct err *err);

#endif
