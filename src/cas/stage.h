/*
 * Files that are being written, in one directory, each locked by its writer: what a
 * dead writer left is known by its free lock and removed by stage_clean.
 */
#ifndef REFINERY_CAS_STAGE_H
#define REFINERY_CAS_STAGE_H

#include "base/err.h"

struct stage {
    int dirfd; /* borrowed */
    int fd;    /* -1: closed */
    char name[64];
};

CHECKED bool stage_open(int dirfd, struct stage *stage, struct err *err);
void stage_drop(struct stage *stage);  /* removes the file and closes */
void stage_close(struct stage *stage); /* closes: the file has moved on */
CHECKED bool stage_clean(int dirfd, struct err *err);

#endif
