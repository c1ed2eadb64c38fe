/*
 * Core metadata held against its specification, for those who publish it: every field's value, that
 * it is not repeated, and that the Metadata-Version declared knows it (1.0 to 2.6). The builds read
 * what is wrong here all the same (metadata.h), as installers do.
 */
#ifndef REFINERY_PKG_METADATA_CHECK_H
#define REFINERY_PKG_METADATA_CHECK_H

#include "pkg/metadata.h"

struct metadata_problem {
    struct str field; /* as the specification spells it, or as written when it has none */
    size_t line;      /* 0: the field is missing */
    struct str what;
};

/* In the order of the lines; missing fields last. Everything lives in the arena. */
void metadata_check(const struct metadata_entry *entries, size_t len, struct arena *arena,
                    const struct metadata_problem **problems, size_t *problems_len);

#endif
