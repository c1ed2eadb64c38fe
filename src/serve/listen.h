/* A listening socket for an address as people write it. */
#ifndef REFINERY_SERVE_LISTEN_H
#define REFINERY_SERVE_LISTEN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct listen_address {
    struct str host; /* empty: the loopback */
    struct str port; /* digits */
};

/* "9000", "worker:9000", "[::1]:9000"; ERR_USAGE for anything else. Pure. */
CHECKED bool listen_parse(struct str text, struct listen_address *address, struct err *err);

/* Binds and listens; `url` says where, with the port that was got. */
CHECKED bool listen_open(const struct listen_address *address, struct arena *arena, int *fd,
                         struct str *url, struct err *err);

#endif
