/*
 * What a registry answers to who may not come in: one challenge of a WWW-Authenticate
 * header (RFC 9110, 11.6.1), "Bearer realm=...,service=...,scope=..." with tokens or
 * quoted strings. Pure; text is in the arena.
 */
#ifndef REFINERY_OCI_CHALLENGE_H
#define REFINERY_OCI_CHALLENGE_H

#include "base/arena.h"
#include "base/err.h"

enum { CHALLENGE_MAX = 8192 };

struct challenge {
    struct str scheme; /* "Bearer", "Basic", as written */
    struct str realm, service, scope;
};

CHECKED bool challenge_parse(struct str text, struct arena *arena, struct challenge *challenge,
                             struct err *err);

/* Where a Bearer challenge sends: its realm with service and scope as the query. */
struct str challenge_token_url(const struct challenge *challenge, struct arena *arena);

#endif
