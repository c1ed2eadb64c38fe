/*
 * Root file systems composed from packages of Debian or Ubuntu, as any user and without
 * running anything of them: apt resolves and checks (its own resolver, its own
 * signature check, a state directory of ours), each package is unpacked once,
 * and a root is hard links to what was unpacked, plus what maintainer scripts
 * would have made and a build or an import needs: merged /usr, relative links,
 * alternatives, /etc/passwd, CA bundle, dpkg status.
 *
 * Below the cache directory:
 *   apt/<release>-<arch>-<n>/  apt's lists and cache
 *   packages/<sha256>/         one unpacked .deb; never changed
 *   roots/<digest>/            complete or absent; read-only by agreement: files are shared
 *   requests/<digest>          what a request resolved to, so that the next one asks nobody
 * All names appear by rename under a lock, so any number of processes may ask at once.
 *
 * The digest of a root is a function of release, the sorted exact set of
 * name_version_arch and the composing rules; two machines with the same set get
 * the same digest.
 */
#ifndef REFINERY_IMAGE_IMAGE_H
#define REFINERY_IMAGE_IMAGE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

struct image_names {
    const struct str *at;
    size_t len;
};

struct image_link {
    struct str path;   /* "/usr/include": what is there is removed first */
    struct str target; /* empty: an empty directory */
};

struct image_spec {
    struct str distro;          /* "debian", "ubuntu" (image/distro.h) */
    struct str release;         /* "bookworm", "noble" */
    struct str arch;            /* Debian's name: "amd64", "s390x", "arm64" */
    struct image_names wanted;  /* packages; what they need comes too, recommendations do not */
    struct image_names without; /* packages of the closure that are left out on purpose */
    /*
     * Where from. Nothing given: the archive that this machine's own apt settings
     * name for the distribution (deb822 or one-line), else its usual one. A mirror of
     * the machine's that does not carry the machine asked for falls back to that, which
     * is said.
     */
    struct str mirror, security_mirror; /* "http://deb.debian.org/debian", ".../debian-security" */
    struct str keyring;                 /* empty: the distribution's own */
    /* Made after everything else. They are part of the digest. */
    const struct image_link *links;
    size_t link_count;
    /*
     * Root of a build image whose Python compiles the standard library of this
     * root to byte code (a root is read-only: without it each start compiles anew).
     * NULL: none; IMAGE_OWN_PYTHON: the root can run its own.
     */
    const char *bytecode_by;
    bool refresh; /* resolve again against a fresh index even if an answer is remembered */
};

extern const char IMAGE_OWN_PYTHON[];

struct image_root {
    struct str path; /* host path, NUL-terminated */
    struct digest digest;
    struct image_names exact; /* sorted "name_version_arch" */
    bool composed;            /* false: it was there already */
};

enum image_stage {
    IMAGE_INDEX, /* fetching and checking package indexes */
    IMAGE_RESOLVE,
    IMAGE_DOWNLOAD, /* done and total are bytes */
    IMAGE_UNPACK,   /* done and total are packages */
    IMAGE_LINK,
    IMAGE_BYTECODE,
    IMAGE_NOTE, /* `detail` is worth telling: a fall-back was taken */
};

struct image_progress {
    enum image_stage stage;
    struct str what;   /* "bookworm s390x" */
    struct str detail; /* a package, a note; may be empty */
    uint64_t done, total;
};

/* Called from the calling thread. */
typedef void image_progress_fn(void *state, const struct image_progress *progress);

const char *image_stage_name(enum image_stage stage); /* "fetching indexes", ... */

/*
 * ERR_NETWORK: the archive cannot be reached. ERR_NOT_FOUND: a package is not in
 * the release (its name is in the text). ERR_FORMAT: a package that does not
 * unpack safely. `cache` must be on one file system; it is made if missing.
 */
CHECKED bool image_compose(const struct image_spec *spec, const char *cache,
                           image_progress_fn *progress, void *state, struct arena *arena,
                           struct image_root *root, struct err *err);

#endif
