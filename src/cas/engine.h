/*
 * What a place for blobs and results offers to cas.c, which stages, digests and
 * checks. The directory engine (fs.c) is the first; registries and object stores are
 * others. Each function sees whole, checked files only.
 */
#ifndef REFINERY_CAS_ENGINE_H
#define REFINERY_CAS_ENGINE_H

#include "cas/cas.h"

enum cas_space {
    CAS_BLOBS,   /* named by the digest of their bytes: the first one stays */
    CAS_RESULTS, /* named by action key: a later one replaces an earlier one */
};

struct cas_engine {
    /*
     * Takes over a complete file, open as fd and named `stage` in stage_dirfd, written but not
     * synced. On success it is durable under its digest and the name `stage` is gone.
     */
    bool (*commit)(void *state, enum cas_space space, const struct digest *digest, int64_t size,
                   int stage_dirfd, const char *stage, int fd, struct err *err);
    /* ERR_NOT_FOUND when absent. */
    bool (*open)(void *state, enum cas_space space, const struct digest *digest, int *fd,
                 struct err *err);
    bool (*has)(void *state, enum cas_space space, const struct digest *digest, bool *there,
                struct err *err);
    bool (*remove)(void *state, enum cas_space space, const struct digest *digest, struct err *err);
    bool (*each)(void *state, enum cas_space space, cas_visit_fn *visit, void *visit_state,
                 struct err *err);
    /*
     * Optional (NULL): a second name for the blob's own file, `path` being free. linked false:
     * it cannot be had there (another file system).
     */
    bool (*link)(void *state, const struct digest *digest, int dirfd, const char *path,
                 bool *linked, struct err *err);
    void (*close)(void *state);
};

#endif
