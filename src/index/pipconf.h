/*
 * The index settings that pip would use here: pip.conf (global, user, site,
 * PIP_CONFIG_FILE), then PIP_* variables, in pip's order of precedence. Pure:
 * files and environment come through callbacks.
 */
#ifndef REFINERY_INDEX_PIPCONF_H
#define REFINERY_INDEX_PIPCONF_H

#include "base/arena.h"

struct pipconf {
    struct str index_url; /* empty: not set */
    const struct str *extra_index_urls;
    size_t extra_index_urls_len;
    const struct str *find_links;
    size_t find_links_len;
    const struct str *trusted_hosts;
    size_t trusted_hosts_len;
    bool no_index;
    struct str proxy, cert, client_cert;
    int64_t timeout_s; /* 0: not set */
    int retries;       /* -1: not set */
};

struct pipconf_io {
    const char *(*env)(void *state, const char *name); /* NULL when unset */
    /* The text of a file; false when it is not there or not readable. */
    bool (*read)(void *state, struct str path, struct arena *arena, struct str *text);
    void *state;
};

/* The real ones: getenv and the file system. */
extern const struct pipconf_io pipconf_system;

/* A file that does not parse is ERR_FORMAT with its name and line. */
CHECKED bool pipconf_load(const struct pipconf_io *io, struct arena *arena, struct pipconf *pipconf,
                          struct err *err);

#endif
