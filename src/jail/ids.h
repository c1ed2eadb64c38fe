/*
 * Which ids of the host a jail runs with. A plain user has only its own. Root
 * takes the first of a range set aside in /etc/subuid (names "refinery", then
 * "root"), else 100000, else the highest id that the own user namespace knows:
 * never the host's 0.
 */
#ifndef REFINERY_JAIL_IDS_H
#define REFINERY_JAIL_IDS_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Pure: `map` is /proc/self/uid_map ("inside outside count" lines), `sub` is
 * /etc/subuid ("name:start:count" lines) or empty. 0 when only id 0 is known,
 * as in a namespace of a single id.
 */
uint32_t ids_pick(struct str map, struct str sub);

CHECKED bool ids_of_host(uid_t *uid, gid_t *gid, struct err *err);

/* Gives the started child 0 inside = uid, gid outside. `pid` waits in a new user namespace. */
CHECKED bool ids_write_maps(pid_t pid, uid_t uid, gid_t gid, struct err *err);

#endif
