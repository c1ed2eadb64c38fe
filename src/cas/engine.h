/*
 * What a place for blobs offers to cas.c, which stages, digests and checks. The
 * directory engine (fs.c) is the first; registries and object stores are others.
 * Each function sees whole, checked blobs only.
 */
#ifndef REFINERY_CAS_ENGINE_H
#define REFINERY_CAS_ENGINE_H

#include "cas/cas.h"

struct cas_engine {
    const char *name;
    /*
     * Takes over a complete file: open as fd, named `stage` in directory stage_dirfd,
     * written but not yet synced. On success the name `stage` is gone or unused.
     */
    bool (*commit)(void *state, int stage_dirfd, const char *stage, int fd,
                   const struct cas_blob *blob, struct err *err);
    bool (*open)(void *state, const struct digest *digest, int *fd, struct err *err);
    bool (*has)(void *state, const struct digest *digest, bool *there, struct err *err);
    bool (*remove)(void *state, const struct digest *digest, struct err *err);
    bool (*each)(void *state, cas_visit_fn *visit, void *visit_state, struct err *err);
    bool (*result_put)(void *state, const struct digest *key, struct str text, struct err *err);
    bool (*result_get)(void *state, const struct digest *key, struct arena *arena, struct str *text,
                       struct err *err);
    /* Optional (NULL): a second name for the blob's own file. ERR_SYSTEM when it cannot be. */
    bool (*link)(void *state, const struct digest *digest, int dirfd, const char *path,
                 struct err *err);
    void (*close)(void *state);
};

#endif
