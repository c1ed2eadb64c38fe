/*
 * What a jail's file system is made of, as data: a pure function turns a spec
 * and the names in its root directory into a list of operations, which can be
 * printed and tested without any rights; enter.c carries them out.
 *
 * Every file system first becomes a "tree": a mount that hangs nowhere yet.
 * Trees are made while the host's paths can still be seen (MOUNTS_CLONE,
 * MOUNTS_NEW). MOUNTS_PIVOT makes one of them the root and lets go of the host's;
 * from then on every path, and every link in it, is resolved inside.
 *
 * The root is a small tmpfs into which each name of the root directory is
 * bound, so that mount points need not exist in an image that many jails share.
 */
#ifndef REFINERY_JAIL_MOUNTS_H
#define REFINERY_JAIL_MOUNTS_H

#include "base/arena.h"
#include "base/err.h"
#include "jail/jail.h"

enum mounts_kind {
    MOUNTS_CLONE,  /* tree := copy of the host's mount at `source`, with attributes */
    MOUNTS_NEW,    /* tree := new file system of type `source`, options `text`, with attributes */
    MOUNTS_PIVOT,  /* tree becomes /, the host's mounts are let go */
    MOUNTS_DIR,    /* directory `target` with its parents, unless it is there */
    MOUNTS_FILE,   /* file `target` that says `text`, unless it is there */
    MOUNTS_LINK,   /* link `target` that says `text` */
    MOUNTS_ATTACH, /* tree hangs at `target` */
    MOUNTS_AGAIN,  /* what is at `source` inside hangs at `target` too, with attributes */
    MOUNTS_SEAL,   /* tree becomes read-only */
};

enum {
    MOUNTS_READ_ONLY = 1,
    MOUNTS_DEVICES = 2,  /* device nodes work; otherwise nodev */
    MOUNTS_NO_EXEC = 4,  /* nosuid is always set */
    MOUNTS_OPTIONAL = 8, /* no failure when source or target are not there */
    MOUNTS_SCRATCH = 16, /* tmpfs whose use counts as scratch */
};

struct mounts_op {
    enum mounts_kind kind;
    uint32_t tree; /* number of the tree */
    uint32_t attributes;
    mode_t mode;
    const char *source, *target, *text;
};

struct mounts_plan {
    struct mounts_op *at;
    size_t len, cap;
    uint32_t trees;
};

/* One name in the root directory. */
struct mounts_entry {
    const char *name;
    enum { MOUNTS_IS_DIR, MOUNTS_IS_FILE, MOUNTS_IS_LINK } type;
    const char *link; /* what a link says */
};
struct mounts_listing {
    struct mounts_entry *at;
    size_t len, cap;
};

/* Directories on top come sorted, so that the plan is the same every time. */
CHECKED bool mounts_list_root(const char *root, struct arena *arena, struct mounts_listing *listing,
                              struct err *err);

/*
 * The plan. ERR_USAGE: a target that
 * is not absolute or has "..", a source that is missing. Memory from the arena.
 */
CHECKED bool mounts_plan(const struct jail_spec *spec, const struct mounts_listing *listing,
                         struct arena *arena, struct mounts_plan *plan, struct err *err);

/* One operation as a line without line end: "clone #3 /host/dir ro,nosuid,nodev". */
struct str mounts_describe(const struct mounts_op *op, struct arena *arena);

#endif
