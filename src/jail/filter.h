/*
 * The system calls that a program in the jail may make: an allow-list, all else
 * answers ENOSYS, so that programs take their fallbacks; on top of it a few
 * refusals that look at arguments. Made with libseccomp before the clone, since
 * that allocates; the child only loads the two programs.
 */
#ifndef REFINERY_JAIL_FILTER_H
#define REFINERY_JAIL_FILTER_H

#include <linux/filter.h>

#include "base/arena.h"
#include "base/err.h"

/* filters[0] is the allow-list, filters[1] the refusals; memory from the arena. */
CHECKED bool filter_make(struct arena *arena, struct sock_fprog filters[2], struct err *err);

#endif
