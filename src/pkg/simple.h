/*
 * One project's page of a package index: JSON (PEP 691, 700, 714, 740, 792, API
 * 1.0 to 1.4) or HTML (PEP 503, 592, 658, 714, 740) into the same struct. Slices are
 * borrowed from the text or live in the arena. URLs are absolute and without a
 * fragment. A page that is no index page (a login form, an error page) is
 * ERR_FORMAT and says so.
 */
#ifndef REFINERY_PKG_SIMPLE_H
#define REFINERY_PKG_SIMPLE_H

#include "base/arena.h"

enum { SIMPLE_LIMIT = 256 << 20, SIMPLE_FILE_LIMIT = 2000000 };

#define SIMPLE_ACCEPT                                                                              \
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "             \
    "text/html;q=0.01"

struct simple_hash {
    struct str algorithm; /* lower case: "sha256" */
    struct str hex;       /* lower or upper case digits */
};

struct simple_file {
    struct str filename;
    struct str url;
    const struct simple_hash *hashes;
    size_t hashes_len;
    struct str requires_python; /* empty: any */
    bool yanked;
    struct str yanked_reason;
    bool has_metadata; /* <url>.metadata exists (PEP 658) */
    const struct simple_hash *metadata_hashes;
    size_t metadata_hashes_len;
    struct str provenance;  /* URL of the attestations (PEP 740); empty: none */
    int64_t size;           /* bytes; -1 unknown */
    int64_t upload_time_ms; /* since 1970 UTC; -1 unknown */
};

enum simple_status { SIMPLE_ACTIVE, SIMPLE_ARCHIVED, SIMPLE_QUARANTINED, SIMPLE_DEPRECATED };

struct simple_page {
    struct str name; /* as the index writes it; empty in HTML */
    enum simple_status status;
    struct str status_reason;
    struct str api_version;     /* "1.4"; empty when the page does not say */
    const struct str *versions; /* of the project (PEP 700), files or not; as written */
    size_t versions_len;
    const struct simple_file *files; /* as listed; links to other kinds of files are left out */
    size_t files_len;
};

/*
 * By content type ("text/html; charset=utf-8"), and by the first byte where the
 * type says nothing. `url` is where the page came from, after redirects.
 */
CHECKED bool simple_parse(struct str text, struct str content_type, struct str url,
                          struct arena *arena, struct simple_page *page, struct err *err);
CHECKED bool simple_parse_json(struct str text, struct str url, struct arena *arena,
                               struct simple_page *page, struct err *err);
CHECKED bool simple_parse_html(struct str text, struct str url, struct arena *arena,
                               struct simple_page *page, struct err *err);

/* The hash of that algorithm ("sha256"), or empty. */
struct str simple_find_hash(const struct simple_hash *hashes, size_t len, const char *algorithm);

/* "archived" and so on; what is not known means active (PEP 792). */
enum simple_status simple_status_from(struct str name);

/* "2023-01-31T12:00:00.123456Z" to milliseconds since 1970; false when it is none (ISO 8601, UTC).
 */
bool simple_parse_time(struct str text, int64_t *ms);

#endif
