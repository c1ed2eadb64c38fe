/*
 * Where a root of the target keeps what builds look for: Debian's multiarch folders or
 * lib64, a distribution's Python or one below /usr/local. Read off the root itself, by
 * tables of where things can be, so that any image will do and no distribution has a
 * name here. Paths are relative to the root.
 */
#ifndef REFINERY_IMAGE_LAYOUT_H
#define REFINERY_IMAGE_LAYOUT_H

#include "base/arena.h"
#include "base/err.h"
#include "image/arch.h"

struct layout {
    struct str libdir;    /* of the C library: "usr/lib/s390x-linux-gnu", "usr/lib64" */
    bool is_multiarch;    /* Debian's own compiler and loader look there unasked */
    struct str python;    /* the interpreter: "usr/bin/python3.11" */
    struct str stdlib;    /* "usr/lib/python3.11", "usr/lib64/python3.11" */
    struct str include;   /* of its headers: "usr/include/python3.11" */
    struct str sysconfig; /* name of its sysconfig data: "_sysconfigdata__s390x-linux-gnu" */
};

/* The layout of Debian's packages. Pure. */
void layout_of_debian(const struct arch *arch, struct str python, struct arena *arena,
                      struct layout *layout);

enum layout_use {
    LAYOUT_RUN,   /* programs of the root are run there: C library and Python */
    LAYOUT_BUILD, /* and things are built against it: C headers, Python's headers and data */
};

/*
 * ERR_USAGE: the root lacks what its use needs; the text says what was looked for, and
 * which packages bring it. `what` names the root there.
 */
CHECKED bool layout_find(const char *root, const char *what, const struct arch *arch,
                         struct str python, enum layout_use use, struct arena *arena,
                         struct layout *layout, struct err *err);

#endif
