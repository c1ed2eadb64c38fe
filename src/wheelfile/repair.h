/*
 * Makes a built wheel publishable: grafts the external libraries it needs into
 * <name>.libs/ under names with a hash, points the ELF files at them, sets the
 * platform tags that the audit proves (WHEEL and file name), rewrites RECORD and
 * writes a deterministic zip in which unchanged members are copied compressed as
 * they are. A raw linux_* tag is never written.
 */
#ifndef REFINERY_WHEELFILE_REPAIR_H
#define REFINERY_WHEELFILE_REPAIR_H

#include "elf/audit.h"

struct wheelfile_repair_options {
    struct str floor;     /* platform tag asked for, "manylinux2014_s390x"; empty: as old as true */
    bool strict;          /* above the floor is a failure; else the true tag is given (`best`) */
    const char *out_dir;  /* where the new wheel goes, under its new name, atomically */
    int64_t source_epoch; /* seconds since 1970 for member times (SOURCE_DATE_EPOCH); 0: 1980 */
    const struct elf_audit_lookup *lookup; /* external libraries; NULL: only inside the wheel */
};

enum wheelfile_repair_outcome {
    WHEELFILE_REPAIRED,    /* written, at or below the floor */
    WHEELFILE_ABOVE_FLOOR, /* best: written under its true, newer tag; strict: not written */
    WHEELFILE_PURE,        /* nothing to repair: normalised copy under the same name */
    WHEELFILE_REFUSED, /* not written: silent fallback, missing library, no policy is true ... */
};

struct wheelfile_graft {
    struct str soname; /* as it was needed */
    struct str origin; /* where the lookup found it */
    struct str path;   /* in the wheel: "foo.libs/libfoo-1a2b3c4d.so.1" */
    char sha256[65];   /* of the original file */
};

struct wheelfile_repair_result {
    enum wheelfile_repair_outcome outcome;
    bool written;
    struct str file_name; /* of the new wheel */
    struct str path;      /* out_dir/file_name */
    struct str tags;      /* "manylinux_2_17_s390x.manylinux2014_s390x" */
    const struct wheelfile_graft *grafts;
    size_t graft_count;
    struct elf_audit_verdict before, after; /* audit of the input and of what was written */
    struct str why;                         /* one sentence for every outcome */
};

/* err: our own failure (disk, unreadable wheel). What the wheel lacks is a result. */
CHECKED bool wheelfile_repair(const char *path, const struct wheelfile_repair_options *options,
                              struct arena *arena, struct wheelfile_repair_result *result,
                              struct err *err);

#endif
