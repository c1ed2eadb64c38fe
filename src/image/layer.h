/*
 * One layer of an image applied to a root (OCI image spec 1.1, "Image Layer Filesystem
 * Changeset"): a tar archive, plain, gzip or zstd, whose entries replace what lower
 * layers have at their path, and whose whiteouts (".wh.NAME", ".wh..wh..opq") take away
 * what lower layers have. As any user, without ownership: modes become 0755 and 0644,
 * no set-id bits, no devices.
 *
 * Every member is hostile. Parents that are links are followed as if the root were "/"
 * (openat2, RESOLVE_IN_ROOT), ".." in a path is refused, links are written relative and
 * never climb above the root, so that a root means the same wherever it is mounted.
 */
#ifndef REFINERY_IMAGE_LAYER_H
#define REFINERY_IMAGE_LAYER_H

#include "base/arena.h"
#include "base/err.h"

struct layer_limits { /* of all layers of an image together */
    uint64_t bytes, members;
};

extern const struct layer_limits layer_default_limits; /* 16 GiB, 1,000,000 members */

struct layer_root {
    int dirfd;        /* of the root's directory; borrowed */
    const char *path; /* absolute, without links */
    const struct layer_limits *limits;
    uint64_t bytes, members; /* so far */
};

/* `fd` is read from its start; `what` names the layer in errors. */
CHECKED bool layer_apply(struct layer_root *root, int fd, const char *what, struct err *err);

/* The same for the files of an RPM package, which has no whiteouts; its scripts are not looked at.
 */
CHECKED bool layer_apply_rpm(struct layer_root *root, int fd, const char *what, struct err *err);

/*
 * The last word on links: none may lead out of the root when it is looked at from outside,
 * whatever other links it goes through. ERR_FORMAT names the one that does.
 */
CHECKED bool layer_check_links(const struct layer_root *root, struct err *err);

/*
 * What a link in the directory `dir` ("usr/lib", empty: the root) has to say to mean what
 * `target` means when the root is "/": relative, and not above the root. Pure.
 */
struct str layer_link_target(struct str dir, struct str target, struct arena *arena);

#endif
