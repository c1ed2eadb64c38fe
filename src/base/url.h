/*
 * URLs as far as indexes need them (RFC 3986): parts, resolution of a reference
 * against a base, percent decoding, local paths, and a form that is fit to be shown.
 */
#ifndef REFINERY_BASE_URL_H
#define REFINERY_BASE_URL_H

#include "base/arena.h"

enum { URL_LIMIT = 16 * 1024 };

struct url {
    struct str scheme;   /* "https", as written; empty for a reference without one */
    struct str userinfo; /* without the "@" */
    struct str host;     /* without brackets and port */
    struct str port;
    struct str authority;             /* userinfo, host and port together */
    struct str path, query, fragment; /* without "?" and "#" */
    bool has_authority, has_query, has_fragment;
};

/* Splits; slices are borrowed. Any text splits into something. */
struct url url_split(struct str text);

/* "https:", "file:", "git+ssh:" ... stands in front; a drive or path does not count. */
bool url_has_scheme(struct str text);

/* The reference seen from the base (RFC 3986, 5.2), without dot segments. */
struct str url_resolve(struct str base, struct str reference, struct arena *arena);

/* Without the fragment. */
struct str url_without_fragment(struct str text);
/* Value of `key` in a fragment such as "sha256=ab..&egg=x"; empty when absent. */
struct str url_fragment_value(struct str fragment, struct str key);
/* Last segment of the path, percent-decoded. */
struct str url_filename(struct str text, struct arena *arena);

/* %41 becomes A; a broken escape stays as it is. */
struct str url_decode(struct str text, struct arena *arena);

/* The path of a file: URL ("file:///a%20b" -> "/a b"); false for another scheme or a remote host.
 */
bool url_to_path(struct str text, struct arena *arena, struct str *path);
struct str url_from_path(struct str absolute_path, struct arena *arena);

/* For messages and logs: passwords and tokens of the userinfo and the query become "****". */
struct str url_redacted(struct str text, struct arena *arena);

#endif
