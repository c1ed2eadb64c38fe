/*
 * All that a run needs of a cache as one verified file, for machines without a network:
 * index answers, metadata, sources and wheels, crates, composed roots, native libraries.
 *
 * The file is a tar under zstd. Its first member, manifest.json, names every path of the
 * cache with size and SHA-256; then come the contents, blobs/<sha256>, each once, sorted.
 * Symbolic links stand in the manifest alone. Equal caches give equal bundles.
 *
 *     {"format": "refinery-bundle", "version": 1, "target": "...",
 *      "files": [["roots/...", "<sha256>", size, executable], ...],
 *      "links": [["roots/...", "target"], ...], "dirs": ["roots/...", ...]}
 *
 * Results of builds, logs and history are not part of it: the other machine builds.
 */
#ifndef REFINERY_BUNDLE_BUNDLE_H
#define REFINERY_BUNDLE_BUNDLE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

enum {
    BUNDLE_VERSION = 1,
    BUNDLE_MANIFEST_LIMIT = 512 << 20,
    BUNDLE_ENTRY_LIMIT = 4000000,
    BUNDLE_LINK_LIMIT = 4096
};
#define BUNDLE_BYTES_LIMIT ((uint64_t)256 << 30)

struct bundle_file {
    struct str path; /* below the cache */
    struct digest digest;
    int64_t size;
    bool executable;
};

struct bundle_link {
    struct str path, target;
};

struct bundle {
    struct str target; /* for people: "cp311-s390x-manylinux_2_17" */
    const struct bundle_file *files;
    size_t files_len;
    const struct bundle_link *links;
    size_t links_len;
    const struct str *dirs; /* empty ones */
    size_t dirs_len;
    uint64_t bytes; /* of all files, each path counted */
};

struct bundle_summary {
    size_t paths, blobs;
    uint64_t bytes;       /* unpacked */
    struct digest digest; /* of the bundle's file: what the two sides compare */
};

/* Packs the cache; the file appears by rename. The caller holds the cache's lock. */
CHECKED bool bundle_create(const char *cache, struct str target, const char *output,
                           struct bundle_summary *summary, struct err *err);

/*
 * Unpacks into the cache (made when needed). Nothing of it is seen before everything is
 * verified; what the cache has already stays. ERR_FORMAT: not a bundle, damaged or made to
 * harm; ERR_DIGEST: contents that are not those promised, or not the file `expected`
 * (may be NULL). The caller holds the cache's lock.
 */
CHECKED bool bundle_import(const char *file, const struct digest *expected, const char *cache,
                           struct bundle_summary *summary, struct err *err);

/* manifest.c: the first member. Every path read is safe and below a directory that bundles fill. */
void bundle_write(const struct bundle *bundle, struct arena *arena, struct str *text);
CHECKED bool bundle_read(struct str text, struct arena *arena, struct bundle *bundle,
                         struct err *err);

/* The directories of a cache that go into a bundle, ended by an empty one. */
extern const struct str bundle_tops[];

/* Indices of files, one for each different content, by digest. */
const size_t *bundle_blobs(const struct bundle *bundle, struct arena *arena, size_t *len);

#endif
