/*
 * External dependencies by the ecosystem-neutral ids of PEP 725 ("dep:generic/openssl"), and what
 * each package manager calls them (the mappings of PEP 804): so that what was found in one
 * distribution can be said in the words of another. A small table, data/external.tsv. Pure.
 */
#ifndef REFINERY_HINT_EXTERNAL_H
#define REFINERY_HINT_EXTERNAL_H

#include "base/arena.h"

enum external_manager {
    EXTERNAL_APT,
    EXTERNAL_DNF,
    EXTERNAL_APK,
    EXTERNAL_EMERGE,
    EXTERNAL_MANAGERS,
};

/* Slices are borrowed from the table. */
struct external {
    struct str id;                       /* "generic/openssl": without "dep:" */
    struct str names[EXTERNAL_MANAGERS]; /* to install; empty: none */
};

/* "apt", "dnf", "apk", "emerge": the words of recipes. */
const char *external_manager_name(enum external_manager manager);

/* The manager of a distribution by its name ("debian", "rocky", ...); false: not known. */
bool external_manager_of(struct str distro, enum external_manager *manager);

/* By id, with or without "dep:" before it, and by what a manager calls it. False: not in the table.
 */
bool external_by_id(struct str id, struct external *external);
bool external_by_name(enum external_manager manager, struct str name, struct external *external);

/* The same in any table of this form: rows of id and names, parted by tabs. */
bool external_find(struct str table, int manager, struct str name, struct external *external);

#endif
