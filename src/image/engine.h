/*
 * Images out of the storage of a container engine on this machine: podman or docker
 * save one as an archive, whose blobs go into the content store under the digests that
 * they have there. No container is started, no shell is in between.
 */
#ifndef REFINERY_IMAGE_ENGINE_H
#define REFINERY_IMAGE_ENGINE_H

#include "cas/cas.h"
#include "image/arch.h"
#include "oci/image_manifest.h"

/*
 * `name` is the image in the engine's own words ("localhost/app:1"). `entry` gets the
 * descriptor of its manifest, or of the index over its manifests; the text is in the arena.
 *
 * ERR_NOT_FOUND: no such engine, or it has no such image. ERR_SYSTEM: it does not work for
 * this user. ERR_FORMAT, ERR_DIGEST, ERR_LIMIT: an archive that is none of an image.
 */
CHECKED bool engine_take(struct str engine, struct str name, const struct arch *arch,
                         struct cas *cas, const char *cache, struct arena *arena,
                         struct image_manifest_descriptor *entry, struct err *err);

/* The command that brings the image for this machine into the engine's storage. */
struct str engine_advice(struct str engine, struct str name, const struct arch *arch,
                         struct arena *arena);

#endif
