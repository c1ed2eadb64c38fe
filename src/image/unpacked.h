/*
 * The packages of a root in the cache, each unpacked once under the digest of its
 * .deb: <cache>/packages/<sha256>/{control,data/}.
 */
#ifndef REFINERY_IMAGE_UNPACKED_H
#define REFINERY_IMAGE_UNPACKED_H

#include "image/apt.h"

/* NUL-terminated path of one package's directory. */
struct str unpacked_path(const char *cache, const struct digest *sha256, struct arena *arena);
bool unpacked_is_there(const char *cache, const struct digest *sha256, struct arena *arena);

/*
 * Brings in those that are missing: download, digest check, unpack on several
 * threads, rename into place. The caller holds the lock of apt->dir.
 */
CHECKED bool unpacked_fetch(struct apt *apt, const char *cache, const struct apt_packages *packages,
                            struct arena *arena, struct err *err);

#endif
