/* Which route a request means, and whether it may come in: pure, so that it is tested as such. */
#ifndef REFINERY_SERVE_ROUTE_H
#define REFINERY_SERVE_ROUTE_H

#include "serve/serve.h"

/* What of a request decides that; texts that are not there are empty. */
struct route_head {
    struct str method, path;
    struct str authorization, worker_token; /* header fields */
    bool token_in_url;
    struct str content_length;
};

/*
 * The route, or NULL: then `answer` is the refusal (400, 401, 403, 404, 405, 413) and `allow`, of
 * 405, the methods there are, in the arena.
 */
const struct serve_route *route_find(const struct serve_config *config,
                                     const struct route_head *head, struct arena *arena,
                                     struct serve_answer *answer, struct str *allow);

#endif
