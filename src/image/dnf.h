/*
 * More packages in a root of a distribution that has dnf and RPM: dnf (Debian's, in a
 * root of its own, in the jail) resolves them against the root's own package database
 * and repositories (/etc/yum.repos.d), checks signatures as these say, and downloads;
 * the packages are unpacked here like layers (layer.h). Nothing of them is run, no script
 * either, so the machine they are for does not matter.
 *
 * The result is a root in <cache>/roots beside the one it grew from, which it shares
 * files with; <cache>/requests remembers what a request resolved to.
 */
#ifndef REFINERY_IMAGE_DNF_H
#define REFINERY_IMAGE_DNF_H

#include "cas/cas.h"
#include "image/arch.h"
#include "image/image.h"

struct dnf_spec {
    const struct image_root *base;
    const struct arch *arch;
    struct image_names names; /* packages, any order */
    const char *tools;        /* root with dnf for this machine (PRESET_DNF) */
};

/* The root has repositories that dnf can be asked for. */
bool dnf_is_there(const char *root);

/*
 * ERR_NOT_FOUND: dnf could not resolve or fetch them; the text is dnf's last words.
 * ERR_FORMAT, ERR_LIMIT: a package that does not unpack safely.
 */
CHECKED bool dnf_extend(const struct dnf_spec *spec, struct cas *cas, const char *cache,
                        struct arena *arena, struct image_root *root, struct err *err);

/*
 * What the root's repositories have: for each package a line "@name", then a line for each of its
 * files, to `hear` in pieces of any size. Other lines are dnf's own words. `names` are not looked
 * at. ERR_NOT_FOUND: dnf could not read them; the text is dnf's last words.
 */
typedef bool dnf_hear_fn(void *state, struct str piece, struct err *err);
CHECKED bool dnf_list(const struct dnf_spec *spec, const char *cache, dnf_hear_fn *hear,
                      void *state, struct arena *arena, struct err *err);

#endif
