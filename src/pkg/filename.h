/*
 * Names of wheel files (PEP 427, 425 sets, build tag) and of source
 * distributions (PEP 625 and the older forms still on PyPI). Slices are
 * borrowed from the file name (never a path); a normalised name may live in the arena.
 */
#ifndef REFINERY_PKG_FILENAME_H
#define REFINERY_PKG_FILENAME_H

#include "pkg/name.h"
#include "pkg/version.h"

struct wheel_name {
    struct str name; /* normal form (PEP 503) */
    struct version version;
    uint64_t build; /* number of the build tag; 0 when there is none */
    struct str build_suffix;
    bool has_build;
    struct str python, abi, platform; /* compressed sets as written */
};

enum sdist_kind { SDIST_TAR_GZ, SDIST_ZIP, SDIST_TAR_BZ2, SDIST_TAR_XZ, SDIST_TGZ, SDIST_TAR };

struct sdist_name {
    struct str name; /* normal form (PEP 503) */
    struct version version;
    enum sdist_kind kind;
};

enum filename_kind { FILENAME_OTHER, FILENAME_WHEEL, FILENAME_SDIST };

/* By the ending alone. */
enum filename_kind filename_kind(struct str filename);

CHECKED bool filename_parse_wheel(struct str filename, struct arena *arena,
                                  struct wheel_name *wheel, struct err *err);
/*
 * `project` (may be empty) is the name that the index lists the file under: it
 * decides where the older form, with `-` in the name, is cut.
 */
CHECKED bool filename_parse_sdist(struct str filename, struct str project, struct arena *arena,
                                  struct sdist_name *sdist, struct err *err);

/* Order of build tags (PEP 427): none, then number, then suffix. */
int filename_cmp_build(const struct wheel_name *a, const struct wheel_name *b);

#endif
