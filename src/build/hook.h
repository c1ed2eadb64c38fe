/*
 * One PEP 517 hook of a source's backend, run in the jail: the build image is the
 * root, the source tree /work/src, the build requirements /env, the runner /runner.
 * No network. What the hook leaves behind is read back without following links.
 */
#ifndef REFINERY_BUILD_HOOK_H
#define REFINERY_BUILD_HOOK_H

#include "build/evidence.h"
#include "build/place.h"

enum hook_name { HOOK_REQUIRES, HOOK_METADATA, HOOK_WHEEL };

struct hook_call {
    const struct slot *slot;
    const struct place *place;
    const char *env;          /* env_compose's directory */
    const char *dir;          /* the attempt's own directory, mounted at /work; holds src */
    struct str crates;        /* crates_fetch's directory; empty: not of Rust */
    bool facts;               /* record reads of machine facts */
    struct spec_list patches; /* paths in the cache, applied to the source in this order */
};

struct hook_answer {
    struct jail_result ended;
    struct jail_limits limits;
    struct evidence evidence;
    bool answered;             /* the hook returned; else it failed */
    struct str wheel;          /* HOOK_WHEEL: file name below <dir>/dist */
    struct str metadata;       /* HOOK_METADATA */
    struct spec_list requires; /* HOOK_REQUIRES */
    struct spec_list facts;    /* "setup.py:12 read sys.byteorder (little)" */
    struct str asked_network;  /* the first address that the build wanted; empty: none */
};

/*
 * Prepares <dir>: the source unpacked and patched, the backend's options found in its
 * pyproject.toml (PEP 517, 518; without one setuptools' legacy backend). ERR_FORMAT: an archive or
 * a patch that is none, or does not fit.
 */
CHECKED bool hook_prepare(const struct hook_call *call, const char *sdist, struct err *err);

CHECKED bool hook_run(const struct hook_call *call, enum hook_name hook, struct hook_answer *answer,
                      struct err *err);

/*
 * A file that the build made, opened without following any link; ERR_FORMAT when it
 * is not a regular file. `dir` is one name below call->dir.
 */
CHECKED bool hook_open_output(const char *dir, const char *below, struct str name, int *fd,
                              struct err *err);

/* Turns a hook that failed into the attempt's outcome. */
void hook_failure(const struct hook_answer *answer, const struct slot *slot,
                  struct spec_result *result);

#endif
