/*
 * The distributions whose packages roots are composed of, as data: where each keeps its
 * archive and who signs it. They differ in nothing else that matters here.
 */
#ifndef REFINERY_IMAGE_DISTRO_H
#define REFINERY_IMAGE_DISTRO_H

#include "base/arena.h"
#include "base/str.h"

/* One tree with dists/ and pool/ in it. */
struct distro_archive {
    const char *mirror, *path;            /* its usual address; how mirrors call the folder */
    const char *security, *security_path; /* NULL: updates for security are in the same tree */
};

struct distro {
    const char *name;  /* "debian" */
    const char *label; /* "Debian": what its Release files say */
    const char *components;
    const char *contents; /* where a suite keeps the index of its packages' files, in apt's words */
    const char *keyring, *keyring_package; /* path on the build machine, and who brings it */
    const char *releases[10];              /* suites that are its own; none: its label decides */
    struct distro_archive archive;
    struct distro_archive
        ports; /* of all machines but amd64 and i386; no mirror: they are in archive */
};

const struct distro *distro_find(struct str name); /* NULL: not in the table */

/* `arch` is Debian's word for the machine. */
const struct distro_archive *distro_archive(const struct distro *distro, struct str arch);

/*
 * The mirror that was given, for this tree: one of the archive has the ports beside it
 * under their usual name, and the other way round. Pure.
 */
struct str distro_mirror(const struct distro *distro, struct str given,
                         const struct distro_archive *archive, struct arena *arena);

#endif
