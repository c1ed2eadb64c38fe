/*
 * What `worker --listen` answers: POST /trigger (202: a drain begins; 409: one is under way, or
 * asked for), GET /health and GET /ready. A trigger needs the worker's token; the other two tell
 * whoever asks no more than that the worker lives and whether it drains.
 *
 * The server's thread and the worker's share a few numbers behind a lock, and an event.
 */
#ifndef REFINERY_CLI_WORKER_DOOR_H
#define REFINERY_CLI_WORKER_DOOR_H

#include "cli/command.h"

struct worker_door;

#define WORKER_DOOR_AUTO __attribute__((cleanup(worker_door_close)))

/* ERR_USAGE: the token was given where everybody can read it. It leaves our environment here. */
CHECKED bool worker_door_token_is_private(const struct call *call, struct err *err);
/* ERR_USAGE: there is no token, so that anybody could trigger. */
CHECKED bool worker_door_check(const struct call *call, struct err *err);
CHECKED bool worker_door_open(const struct call *call, struct str address,
                              struct worker_door **door, struct err *err);
void worker_door_close(struct worker_door **door);

/* The following take NULL for a worker without a door. */

/* Readable when somebody asked for a drain; -1: nobody can. */
int worker_door_event(const struct worker_door *door);
/* A drain begins, asked for or not; it ended. */
void worker_door_begin(struct worker_door *door);
void worker_door_end(struct worker_door *door, bool good, size_t taken, size_t delivered);

#endif
