/*
 * plan/provider.h over an index: what the solver asks is answered from find-links,
 * indexes and, for `name @ url`, from the URL itself. One object serves every
 * environment: the plan ranks the files, this only lists them.
 */
#ifndef REFINERY_INDEX_PROVIDER_H
#define REFINERY_INDEX_PROVIDER_H

#include "index/index.h"
#include "plan/provider.h"

struct index_provider {
    struct index *index;
    const struct tags *tags;             /* whose wheels are read first for metadata; may be NULL */
    const struct index_backend *backend; /* asked when nothing else tells; may be NULL */
};

/* The vtable over `provider`, which must outlive it. */
struct provider provider_open(struct index_provider *provider);

#endif
