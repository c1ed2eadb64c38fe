/*
 * Requirements from version control (pip's "VCS support"): git alone.
 *
 *     git+https://host/project.git@REVISION#egg=NAME&subdirectory=DIR
 *
 * The parser is pure and lets nothing through that git, or a transport behind it,
 * could take for an option or a command. git runs by argv, without the user's and the
 * machine's configuration, hooks, filters, submodules and prompts, and with no other
 * transports than https, http, ssh, git and file.
 */
#ifndef REFINERY_INDEX_VCS_H
#define REFINERY_INDEX_VCS_H

#include "base/arena.h"
#include "base/err.h"
#include "net/http.h"

struct vcs_ref {
    struct str url;          /* what git is given: without "git+", revision and fragment */
    struct str revision;     /* branch, tag or commit; empty: the remote's HEAD */
    struct str subdirectory; /* where the project lies in it; empty: at the top */
    bool pinned;             /* the revision is a whole commit id */
};

/* "git+", "hg+", "svn+" or "bzr+" stands in front. */
bool vcs_is_url(struct str text);

/* ERR_FORMAT says what is wrong with it and what would be right. */
CHECKED bool vcs_parse(struct str text, struct arena *arena, struct vcs_ref *ref, struct err *err);

/* "git+URL@commit#subdirectory=DIR", with passwords hidden: for plan and manifest. */
struct str vcs_shown(const struct vcs_ref *ref, struct str commit, struct arena *arena);

/* Of a repository: its objects as they come, which are packed; the files of the revision. */
struct vcs_limits {
    uint64_t packed_bytes, bytes, files;
};

extern const struct vcs_limits vcs_default_limits; /* 2 GiB, 4 GiB, 1,000,000 */

/*
 * The files of the revision below `dir`/tree (made; `dir` is an empty directory), and the
 * id of its commit. Proxy, certificates and trusted hosts are those of `http`.
 * ERR_NETWORK: the repository cannot be had; ERR_NOT_FOUND: it has no such revision;
 * ERR_LIMIT: it is larger than allowed. What came of it is the caller's to remove.
 */
CHECKED bool vcs_checkout(const struct vcs_ref *ref, const struct http_options *http,
                          const struct vcs_limits *limits, const char *dir, struct arena *arena,
                          struct str *commit, struct err *err);

#endif
