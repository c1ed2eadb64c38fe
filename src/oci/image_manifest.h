/*
 * Manifests and indexes of images (OCI image spec 1.1: manifest, image index,
 * descriptor, config; Docker image manifest v2 schema 2 and manifest list, which say
 * the same in other media types). Everything in them is a claim until the bytes that a
 * digest names have been seen. Pure; results are in the arena.
 */
#ifndef REFINERY_OCI_IMAGE_MANIFEST_H
#define REFINERY_OCI_IMAGE_MANIFEST_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

enum {
    IMAGE_MANIFEST_BYTES_MAX = 4 << 20, /* what registries themselves accept */
    IMAGE_MANIFEST_LAYERS_MAX = 256,
    IMAGE_MANIFEST_ENTRIES_MAX = 1024, /* of an index */
};

/* Accept header of a request for either kind. */
extern const char IMAGE_MANIFEST_ACCEPT[];

enum image_manifest_kind { IMAGE_MANIFEST_ONE, IMAGE_MANIFEST_INDEX };

struct image_manifest_descriptor {
    struct str media_type;
    struct digest digest;
    int64_t size;                         /* bytes */
    struct str os, architecture, variant; /* in an index only: "linux", "s390x", "v8" */
};

struct image_manifest_descriptors {
    const struct image_manifest_descriptor *at;
    size_t len;
};

struct image_manifest {
    enum image_manifest_kind kind;
    struct image_manifest_descriptor config;   /* ONE */
    struct image_manifest_descriptors layers;  /* ONE: base first */
    struct image_manifest_descriptors entries; /* INDEX */
};

/*
 * `content_type` decides where the document does not name its own media type; without either
 * its members do. A document with both layers and manifests is refused.
 */
CHECKED bool image_manifest_parse(struct str json, struct str content_type, struct arena *arena,
                                  struct image_manifest *manifest, struct err *err);

/*
 * The first entry for Linux on this architecture (Go's name: "s390x", "amd64", "arm64").
 * ERR_NOT_FOUND names the platforms that there are.
 */
CHECKED bool image_manifest_choose(const struct image_manifest *index, struct str architecture,
                                   struct image_manifest_descriptor *entry, struct err *err);

/* An image's config says what it runs on; other platforms than Linux on `architecture` are
 * ERR_NOT_FOUND. */
CHECKED bool image_manifest_check_config(struct str json, struct str architecture, struct err *err);

#endif
