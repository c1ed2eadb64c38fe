/* Whether a hint is meant for a build. Pure. */
#ifndef REFINERY_HINT_APPLIES_H
#define REFINERY_HINT_APPLIES_H

#include "hint/catalogue.h"

/* What is known of a build; what is not is empty, and then no hint is ruled out by it. */
struct hint_facts {
    struct str name, version;  /* of the package; the name normalised */
    struct str python;         /* "3.11" */
    struct str python_tag;     /* "cp311" */
    struct str arch, platform; /* "s390x", "manylinux_2_17_s390x" */
    struct str backend;        /* "setuptools.build_meta" */
    struct str phase;          /* of the finding */
};

bool hint_applies(const struct hint *hint, const struct hint_facts *facts);

/* Whole text against "*" and "?"; ASCII case does not count. */
bool applies_glob(struct str pattern, struct str text);

#endif
