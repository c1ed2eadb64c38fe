/*
 * Native libraries of a build that must stand on the floor: the sysroot's own need
 * a newer glibc and cannot be grafted, so they are built from source (pack_recipe.h), with
 * the toolchain of the build that wants them, as static archives in one prefix.
 * Each lies in <cache>/packs/<digest>/, complete or absent, and those of one request together,
 * linked, in <cache>/packs/set-<digest>/.
 */
#ifndef REFINERY_IMAGE_PACK_H
#define REFINERY_IMAGE_PACK_H

#include "image/image.h"
#include "image/pack_record.h"
#include "image/toolchain.h"

/* Inside the jail; every root has the folder. The toolchain's environment looks there already. */
#define PACK_PLACE TOOLCHAIN_SYSROOT "/pack"

struct pack_spec {
    struct image_names names;       /* "libxslt": what it needs is added */
    struct str recipes;             /* directory of further ones (pack_recipe.h); or empty */
    struct pack_origin origin;      /* of their sources */
    const struct image_spec *image; /* of the sysroot: release, mirrors, keyring */
    const char *build_root;
    const struct toolchain *toolchain; /* cross, with the floor */
    struct digest floor_digest;        /* it stands for build image, sysroot and floor */
    const char *linked_root;           /* with the archives that are linked anew */
    struct digest linked_digest;
    struct image_names linked_exact; /* "name_version_arch" of its packages */
};

struct pack {
    struct str path; /* mount it read-only at PACK_PLACE, behind the toolchain's mounts */
    struct digest digest;
    struct pack_records parts; /* the packs and what they need */
    bool made;                 /* false: it was there already */
};

/* What the images must have for packs and for what they need. */
struct pack_wants {
    struct image_names sets;     /* of tools, of the build image (image/preset.h) */
    struct image_names tools;    /* packages of the build image */
    struct image_names packages; /* of the target's root that they are relinked from */
};

struct pack_wants pack_wants(struct image_names names, struct str recipes, struct arena *arena);

/* ERR_USAGE: a pack that is not in the catalogue. ERR_NOT_FOUND: a source that is nowhere. Takes
 * minutes the first time. */
CHECKED bool pack_make(const struct pack_spec *spec, const char *cache, image_progress_fn *progress,
                       void *state, struct arena *arena, struct pack *pack, struct err *err);

#endif
