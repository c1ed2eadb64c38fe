/*
 * Who we are to a registry: what `docker login` and `podman login` wrote. The first of
 * these files that exists counts: $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json,
 * ~/.docker/config.json, $XDG_RUNTIME_DIR/containers/auth.json. Credential helpers are
 * programs of their own and are not asked.
 */
#ifndef REFINERY_OCI_LOGIN_H
#define REFINERY_OCI_LOGIN_H

#include "base/arena.h"
#include "base/err.h"

/*
 * base64 of "user:password" for the registry and repository in such a file's JSON, by the
 * longest key that fits ("host/team/app", "host/team", "host"); empty when it has none.
 * Pure.
 */
CHECKED bool login_find(struct str json, struct str registry, struct str repository,
                        struct arena *arena, struct str *basic, struct err *err);

/* The same out of this user's files; no file is no login. */
CHECKED bool login_of_user(struct str registry, struct str repository, struct arena *arena,
                           struct str *basic, struct err *err);

#endif
