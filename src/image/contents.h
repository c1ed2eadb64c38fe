/*
 * The capability map of an image's distribution (hint/capability.h): made once of the
 * distribution's own indexes, kept in the cache, mapped when it is needed.
 *
 *   Debian, Ubuntu  Contents-<arch> and Contents-all of the release, fetched by apt with what
 * checks packages too: the signed release, its digests, the mirror and keyring that images have
 * (apt.h) dnf             the files that the repositories of the image name, by dnf itself (dnf.h)
 *
 * Below the cache directory: maps/<distro>-<release>-<arch>.map, replaced by rename when the
 * indexes have changed: the map names the digest of those that it was made of.
 */
#ifndef REFINERY_IMAGE_CONTENTS_H
#define REFINERY_IMAGE_CONTENTS_H

#include "hint/capability.h"
#include "image/arch.h"
#include "image/dnf.h"
#include "image/image.h"

struct contents_spec {
    /* distro, release, arch, mirror, security_mirror, keyring, refresh; all else is ignored */
    const struct image_spec *image;
    const struct arch *arch;
    const struct dnf_spec *dnf;  /* NULL: apt; else base, arch and tools are looked at */
    bool offline;                /* what is in the cache, else what was shipped */
    image_progress_fn *progress; /* may be NULL */
    void *state;
};

enum contents_origin {
    CONTENTS_MADE,    /* now, of the indexes */
    CONTENTS_KEPT,    /* made before of the same indexes */
    CONTENTS_OLD,     /* made before; the indexes could not be asked now */
    CONTENTS_SHIPPED, /* the small one that travels with the program */
};

struct contents {
    struct capability_map map;
    enum contents_origin origin;
    struct str note;  /* why it is not the best there could be; or empty */
    struct str bytes; /* mapped; of a shipped one in the arena */
};

#define CONTENTS_AUTO __attribute__((cleanup(contents_close)))

/*
 * The map for the image at hand. ERR_NETWORK, ERR_NOT_FOUND: the indexes cannot be had, nothing is
 * in the cache and nothing was shipped for it.
 */
CHECKED bool contents_map(const struct contents_spec *spec, const char *cache, struct arena *arena,
                          struct contents *contents, struct err *err);

/* A map in a file. ERR_FORMAT: it is none. */
CHECKED bool contents_open(const char *path, struct contents *contents, struct err *err);
void contents_close(struct contents *contents);

#endif
