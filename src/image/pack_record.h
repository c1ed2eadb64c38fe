/*
 * What a pack says of itself: a JSON file in its tree, share/refinery/packs/NAME.json, so that a
 * tree of several packs has them all. It is part of what is built; manifests repeat it.
 */
#ifndef REFINERY_IMAGE_PACK_RECORD_H
#define REFINERY_IMAGE_PACK_RECORD_H

#include "image/pack_recipe.h"
#include "image/pack_source.h"

struct pack_record {
    struct str name;
    struct str version; /* of its source; empty: the compiler's */
    struct str digest;  /* hex, of all that decides what it is: the folder's name in the cache */
    struct str note;    /* what a reader should know of its source; or empty */
};

struct pack_records {
    const struct pack_record *at; /* by name */
    size_t len;
};

/* Into the tree `dir`, which exists. */
CHECKED bool pack_record_write(const char *dir, const struct pack_recipe *recipe,
                               const struct pack_source *source, const struct digest *digest,
                               struct err *err);

/* Of all packs of a tree. ERR_FORMAT: a file that is no record. */
CHECKED bool pack_records_read(const char *dir, struct arena *arena, struct pack_records *records,
                               struct err *err);

/* Of all packs that were built in a cache, which need not be there; those of one name together. */
CHECKED bool pack_records_kept(const char *cache, struct arena *arena, struct pack_records *records,
                               struct err *err);

#endif
