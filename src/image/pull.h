/*
 * Roots out of a registry: an image is pulled by digest, its blobs are kept in the
 * content store and its layers unpacked into <cache>/roots/<digest>, complete or absent,
 * beside those composed from packages (image.h). The digest of the root is a function of
 * architecture, layer digests and the rules of unpacking, so the same image under another
 * name is the same root, and is never fetched twice.
 *
 * With an engine the image comes out of the engine's own storage instead, into the same
 * store and the same roots; no registry is asked.
 *
 * A name is pinned first: its tag is asked for once, and from there on the image is known
 * by the digest of its manifest. <cache>/images/<digest> remembers what a name meant when
 * its registry was last reached.
 */
#ifndef REFINERY_IMAGE_PULL_H
#define REFINERY_IMAGE_PULL_H

#include "cas/cas.h"
#include "image/arch.h"
#include "image/image.h"
#include "oci/registry.h"

struct pull {
    struct cas *cas;
    const char *cache;       /* absolute directory */
    const struct arch *arch; /* what the image has to run on */
    struct str engine; /* "podman", "docker": pinned out of its storage (engine.h); empty: pulled */
    struct registry_options registry;
    image_progress_fn *progress; /* may be NULL */
    void *progress_state;
};

/*
 * "rockylinux:9" -> "docker.io/library/rockylinux:9@sha256:<manifest of this architecture>".
 * A registry that cannot be reached is answered from memory, which is told as IMAGE_NOTE.
 * ERR_USAGE: no reference. ERR_NOT_FOUND: no such image, or none of this architecture.
 */
CHECKED bool pull_pin(const struct pull *pull, struct str reference, struct arena *arena,
                      struct str *pinned, struct err *err);

/* The root of a pinned image; asks the registry for what the store does not have. */
CHECKED bool pull_root(const struct pull *pull, struct str pinned, struct arena *arena,
                       struct image_root *root, struct err *err);

#endif
