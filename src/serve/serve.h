/*
 * HTTP/1.1 answered: a socket, a table of routes, one thread that serves all connections. The
 * library is libmicrohttpd (decision 0710), loaded when a server opens; nothing of it is seen here.
 *
 * A route is a row that names the role it is open to; SERVE_ROUTE leaves no way to forget that.
 * Who a request comes from is decided before a byte of its body is read, and so is what is too
 * large. Handlers run in the server's thread, one at a time, and must not wait: they look at
 * what is there, or leave a word for another thread.
 *
 * What is refused is a problem document (RFC 9457). Limits: header block, body, connections, and a
 * deadline from the first byte of a request, or the opening of its connection, to the last one
 * answered, however slowly a client sends or reads.
 */
#ifndef REFINERY_SERVE_SERVE_H
#define REFINERY_SERVE_SERVE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

enum serve_role {
    SERVE_ANYONE = 1,
    SERVE_OPERATOR, /* whoever carries a token that `admit` takes */
};

struct serve_request {
    struct str method, path; /* path: decoded, without the query */
    struct str body;
    struct arena *arena; /* lives until the request is answered */
};

struct serve_answer {
    unsigned status;
    const char *type; /* of the body; NULL: application/json */
    struct buf body;  /* freed by the server */
};

typedef void serve_fn(void *state, const struct serve_request *request,
                      struct serve_answer *answer);

struct serve_route {
    const char *method, *path;
    enum serve_role role;
    serve_fn *handle;
};
#define SERVE_ROUTE(method, path, role, handle)                                                    \
    {                                                                                              \
        method, path, role, handle                                                                 \
    }

struct serve_config {
    const struct serve_route *routes;
    size_t route_count;
    /* Whether a token (Authorization: Bearer, or X-Worker-Token; never empty) has the role. */
    bool (*admit)(void *state, enum serve_role role, struct str token);
    void *state; /* of handlers and admit */
    const struct clock *clock;
    size_t header_max;        /* bytes; 0: 16 KiB */
    size_t body_max;          /* bytes; 0: 64 KiB */
    unsigned connections_max; /* 0: 64 */
    int64_t deadline_ms;      /* 0: 20 s */
};

struct serve;

#define SERVE_AUTO __attribute__((cleanup(serve_close)))

/*
 * Listens at "PORT", "HOST:PORT" or "[ADDRESS]:PORT" and serves from now on; without a host that is
 * the loopback, port 0 is any that is free. ERR_USAGE: no such address; ERR_SYSTEM: it is taken.
 */
CHECKED bool serve_open(const struct serve_config *config, struct str address, struct serve **serve,
                        struct err *err);
/* Ends it: connections are closed as they are. */
void serve_close(struct serve **serve);

/* "http://127.0.0.1:9000", as it is listened at; lives as long as the server. */
struct str serve_url(const struct serve *serve);

/* Equal, in a time that tells nothing of where they differ. */
bool serve_same_secret(struct str a, struct str b);

/* ---- answers ---- */

/* {"type":"about:blank","title":...,"status":...,"detail":...} */
void serve_problem(struct serve_answer *answer, unsigned status, struct str detail);

#endif
