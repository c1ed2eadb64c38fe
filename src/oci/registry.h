/*
 * A registry of images as its client sees it (OCI distribution spec 1.1, pull side):
 * manifests by tag or digest, blobs by digest, after a basic or token login where the
 * registry asks for one. Bytes are checked against the digest that named them while they
 * come in; nothing a registry says is believed beyond that. One thread per handle.
 *
 * Plain HTTP is spoken to loopback registries, and to trusted hosts that have no TLS.
 *
 * ERR_NETWORK: the registry cannot be reached, or answers nonsense. ERR_NOT_FOUND: it
 * has no such image or blob. ERR_DIGEST: it sent other bytes than asked for.
 */
#ifndef REFINERY_OCI_REGISTRY_H
#define REFINERY_OCI_REGISTRY_H

#include "net/http.h"
#include "oci/image_manifest.h"
#include "oci/reference.h"

struct registry;

#define REGISTRY_AUTO __attribute__((cleanup(registry_close)))

struct registry_options {
    const struct str *trusted_hosts; /* as in http_options */
    size_t trusted_hosts_len;
    struct str proxy, ca_file, client_cert; /* as in http_options */
    bool offline;                           /* nothing is asked: ERR_NETWORK says so */
    struct str basic; /* base64 of user:password; empty: what login_of_user finds */
    int attempts;     /* as in http_options */
};

/* For the repository of `reference`; nothing is sent yet, but to a trusted host. */
CHECKED bool registry_open(const struct reference *reference,
                           const struct registry_options *options, struct registry **registry,
                           struct err *err);
void registry_close(struct registry **registry); /* NULL is fine */

struct registry_manifest {
    struct str bytes, content_type; /* in the arena */
    struct digest digest;           /* of the bytes */
};

/* By digest where `digest` is not NULL, else by tag. */
CHECKED bool registry_manifest(struct registry *registry, struct str tag,
                               const struct digest *digest, struct arena *arena,
                               struct registry_manifest *manifest, struct err *err);

/* Handed to `take` piece by piece; exactly descriptor->size bytes of its digest, or an error. */
CHECKED bool registry_blob(struct registry *registry,
                           const struct image_manifest_descriptor *descriptor,
                           bool (*take)(void *state, struct str bytes, struct err *err),
                           void *state, struct err *err);

#endif
