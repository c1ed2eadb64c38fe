/*
 * A wheel written anew with some members changed: sorted members, RECORD made
 * afresh and last, fixed times, modes 0644 or 0755, no directories, no
 * signatures of the old RECORD. The same members give the same bytes whatever
 * order, times and tool the input came from; unchanged members keep their
 * compressed bytes.
 */
#ifndef REFINERY_WHEELFILE_REWRITE_H
#define REFINERY_WHEELFILE_REWRITE_H

#include "wheelfile/wheelfile.h"

struct wheelfile_change {
    struct str path;
    struct str bytes; /* ignored when removed */
    bool executable;  /* of a new member; an existing one keeps its mode */
    bool removed;
};

/*
 * Writes `out_dir`/`file_name`, atomically. `epoch`: seconds since 1970 for all members, rounded
 * to even and not before 1980 (what zip can say).
 */
CHECKED bool wheelfile_rewrite(struct wheelfile *wheel, const struct wheelfile_change *changes,
                               size_t change_count, const char *out_dir, struct str file_name,
                               int64_t epoch, struct err *err);

#endif
