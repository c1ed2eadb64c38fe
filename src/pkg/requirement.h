/*
 * One requirement (PEP 508): `name[extra] >=1.0, <2 ; marker` or
 * `name[extra] @ https://... ; marker`. Also the older `name (>=1.0)` that
 * METADATA files still hold. Slices are borrowed from the text; arrays and what
 * had to be normalised live in the arena. The error names the position (from 1)
 * and shows what stands there; the caller adds file and line.
 *
 *     struct requirement req;
 *     if (!requirement_parse(line, arena, &req, err))
 *         return err_wrap(err, "%s:%zu", file, number);
 */
#ifndef REFINERY_PKG_REQUIREMENT_H
#define REFINERY_PKG_REQUIREMENT_H

#include "pkg/marker.h"
#include "pkg/specifier.h"

enum { REQUIREMENT_LIMIT = 256 * 1024, REQUIREMENT_EXTRAS_LIMIT = 1000 };

struct requirement {
    struct str name;          /* normal form (PEP 503) */
    struct str written;       /* the name as written */
    const struct str *extras; /* normal form (PEP 685), sorted, without duplicates */
    size_t extras_len;
    struct specifier_set specifiers;
    struct str url; /* empty, or what stands behind the `@`; specifiers are then empty */
    const struct marker *marker; /* NULL: always */
    struct str text;             /* all of it, trimmed */
};

CHECKED bool requirement_parse(struct str text, struct arena *arena, struct requirement *req,
                               struct err *err);

/* Normal form: "name[a,b]<2,>=1.0; marker" or "name[a] @ url ; marker". */
void requirement_write(const struct requirement *req, struct buf *out);

#endif
