/*
 * direct_url.json of an installed distribution (PEP 610): where it came from when not from an
 * index. Everything lives in the arena.
 */
#ifndef REFINERY_PKG_DIRECT_URL_H
#define REFINERY_PKG_DIRECT_URL_H

#include "pkg/simple.h"

enum { DIRECT_URL_LIMIT = 1 << 20 }; /* bytes */

enum direct_url_kind { DIRECT_URL_ARCHIVE, DIRECT_URL_VCS, DIRECT_URL_DIRECTORY };

struct direct_url {
    enum direct_url_kind kind;
    struct str url;
    struct str subdirectory;          /* empty: none */
    const struct simple_hash *hashes; /* of an archive; the older "hash" is one of them */
    size_t hashes_len;
    struct str vcs, commit_id, requested_revision; /* requested_revision: empty when not named */
    bool editable;                                 /* of a directory */
};

CHECKED bool direct_url_parse(struct str text, struct arena *arena, struct direct_url *direct,
                              struct err *err);

/*
 * The URL without its user and password, but for `git` alone and for ${VARIABLES}: what may be
 * written to the file.
 */
struct str direct_url_stripped(struct str text, struct arena *arena);

#endif
