/*
 * Requirements and constraints files as pip reads them: comments, continued
 * lines, ${VARIABLES}, -r and -c relative to the file that names them, options
 * for the index, --hash and --config-settings per requirement, URLs and local paths. Reading goes
 * through a callback; everything lives in the arena. Every error starts with
 * "file:line".
 */
#ifndef REFINERY_PKG_REQFILE_H
#define REFINERY_PKG_REQFILE_H

#include "pkg/requirement.h"
#include "pkg/simple.h"

enum { REQFILE_LIMIT = 64 << 20, REQFILE_DEPTH_LIMIT = 30, REQFILE_ENTRY_LIMIT = 1000000 };

struct reqfile_entry {
    struct requirement req; /* for a URL or path without a name: req.name is empty, req.url set */
    struct str path;        /* a local file or directory as written; req.url is then empty */
    bool constraint;        /* from -c: limits, does not ask */
    bool editable;
    const struct simple_hash *hashes; /* --hash=sha256:... */
    size_t hashes_len;
    /* "KEY=VALUE" for the backend: --config-settings, and --global-option under its own name */
    const struct str *settings;
    size_t settings_len;
    struct str origin; /* "requirements.txt:3" */
};

struct reqfile {
    const struct reqfile_entry *entries; /* in the order read */
    size_t len;
    struct str index_url; /* empty: not given; the last one wins */
    bool no_index, pre, prefer_binary, require_hashes;
    const struct str *extra_index_urls;
    size_t extra_index_urls_len;
    const struct str *find_links;
    size_t find_links_len;
    const struct str *trusted_hosts;
    size_t trusted_hosts_len;
    const struct str *no_binary; /* names, ":all:", ":none:" */
    size_t no_binary_len;
    const struct str *only_binary;
    size_t only_binary_len;
};

struct reqfile_io {
    /* The text of a file (or of a URL, when one is included). */
    bool (*read)(void *state, struct str path, struct arena *arena, struct str *text,
                 struct err *err);
    /* Value of an environment variable, false when unset. NULL: none are set. */
    bool (*env)(void *state, struct str name, struct arena *arena, struct str *value);
    void *state;
};

/*
 * Reads `path` and all that it includes and adds to `file`, which starts zeroed
 * and may be added to again (several -r on a command line). After an error
 * `file` is unchanged.
 */
CHECKED bool reqfile_read(struct str path, bool constraint, const struct reqfile_io *io,
                          struct arena *arena, struct reqfile *file, struct err *err);

/* "sha256:..." with as many hexadecimal digits as the algorithm has: sha256, sha384 or sha512. */
CHECKED bool reqfile_parse_hash(struct str text, struct simple_hash *hash, struct err *err);

/* One requirement as on a command line; `origin` is where it came from. */
CHECKED bool reqfile_parse_line(struct str line, struct str origin, struct arena *arena,
                                struct reqfile_entry *entry, struct err *err);

#endif
