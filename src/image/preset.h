/*
 * The package sets that builds for releases of Debian and Ubuntu are made of, as data: which
 * release has which Python, and what each kind of root holds.
 */
#ifndef REFINERY_IMAGE_PRESET_H
#define REFINERY_IMAGE_PRESET_H

#include "base/arena.h"
#include "base/err.h"
#include "image/arch.h"
#include "image/image.h"

enum preset_role {
    PRESET_BUILD, /* the build machine's: cross compiler, Python of the target's minor, make, ninja
                   */
    PRESET_SYSROOT, /* the target's headers, libraries and Python: cross links, hybrid runs on it */
    PRESET_OWN,   /* the target's own compiler, Python, make, ninja: builds on the target itself, or
                     as   if on it, under qemu-user; its own sysroot */
    PRESET_CLEAN, /* the target's Python and nothing else: import tests */
    PRESET_DNF,   /* the build machine's: dnf, which resolves packages for other distributions */
};

/* The release whose compiler and Python build for the preset's target. */
struct preset_facts {
    const char *release; /* "bookworm" */
    const char *python;  /* "3.11.2" */
    unsigned glibc;      /* minor: 36 */
};

/* ERR_USAGE names what the preset does have. */
CHECKED bool preset_facts(struct str preset, struct str python, struct preset_facts *facts,
                          struct err *err);

/*
 * The packages of a root that only builds with these tools need, by the words of
 * recipes ("rust", "fortran"). ERR_USAGE: a tool that is not in the table.
 */
CHECKED bool preset_tools(struct str preset, struct str python, const struct arch *target,
                          enum preset_role role, struct image_names tools, struct arena *arena,
                          struct image_names *packages, struct err *err);

/*
 * A preset whose target comes out of a registry, and the packages that dnf adds to it. Its
 * build image is Debian's for the same Python.
 */
struct preset_image {
    const char *preset, *python;
    const char *reference; /* where --container-image gives none */
    const char *build[6];  /* to build against it; NULL-terminated */
    const char *run[6];    /* to test in it */
};

/* NULL: the preset is composed from packages, or has no such Python. */
const struct preset_image *preset_image(struct str preset, struct str python);

/*
 * Fills everything of `spec` but the mirrors, keyring and bytecode_by. `extra`
 * are further packages (a recipe's "apt:libyaml-dev" without the prefix), any order.
 * ERR_USAGE names what the preset does have.
 */
CHECKED bool preset_spec(struct str preset, struct str python, const struct arch *target,
                         enum preset_role role, struct image_names extra, struct arena *arena,
                         struct image_spec *spec, struct err *err);

#endif
