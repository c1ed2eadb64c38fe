/* The directory engine of the content store: "<space>/ab/cdef..." below one directory. */
#ifndef REFINERY_CAS_FS_H
#define REFINERY_CAS_FS_H

#include "cas/engine.h"

extern const struct cas_engine fs_engine;

/* `dirfd` stays the caller's and must stay open. *state goes to every function of fs_engine. */
CHECKED bool fs_open(int dirfd, void **state, struct err *err);

#endif
