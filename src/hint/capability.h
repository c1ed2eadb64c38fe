/*
 * The capability map: which package of a distribution has the header, library, .pc file, program or
 * module that a build lacks, looked up in what the distribution's own index says and not listed
 * by hand. One map is for one release and one machine.
 *
 * Pure: a map is bytes (mapped by image/contents.h) and is borrowed by all that is found in it.
 * Its bytes are hostile: a map that was cut or changed is refused when it is opened, and one
 * made to harm gives wrong answers at worst.
 *
 * Layout, version 1; numbers are little-endian:
 *     0  "REFINCAP"
 *     8  u64 version
 *    16  u64 size of the map
 *    24  SHA-256 of all that follows it
 *    56  SHA-256 over the indexes it was made of
 *    88  7 sections, each u32 offset and u32 length: facts, then index and text of the tables
 *        (capability_table.h) of packages, folders and keys
 *   144  u32 packages, u32 folders, u32 keys, u32 0
 *   160  the sections
 * facts: lines "name value": distro, release, arch, triplet. A package's own bytes: its traits and
 * how many others depend on it. A key is its kind, as one byte, and the name; its own bytes are
 * pairs of folder (as the difference to the one before) and package.
 */
#ifndef REFINERY_HINT_CAPABILITY_H
#define REFINERY_HINT_CAPABILITY_H

#include "base/digest.h"
#include "hint/capability_path.h"
#include "hint/capability_table.h"

#define CAPABILITY_MAGIC "REFINCAP"

enum { CAPABILITY_VERSION = 1, CAPABILITY_HEADER_SIZE = 160 };

/* What a map is of. Slices are borrowed from the map. */
struct capability_facts {
    struct str distro;    /* "debian" */
    struct str release;   /* "bookworm" */
    struct str arch;      /* the distribution's word: "s390x", "amd64" */
    struct str triplet;   /* folder of the machine's libraries and headers: "s390x-linux-gnu" */
    struct digest source; /* over the indexes it was made of */
};

struct capability_map {
    struct capability_facts facts;
    struct capability_table packages, folders, keys;
};

/* ERR_FORMAT: no map, of another version, or damaged; says to build it again. */
CHECKED bool capability_open(struct str bytes, struct capability_map *map, struct err *err);

enum capability_traits {
    CAPABILITY_DEVELOPMENT = 1, /* a development package, by its name or section */
};

struct capability_candidate {
    struct str package; /* "libssl-dev" */
    struct str folder;  /* where the file is: "usr/include/openssl" */
    struct str file;    /* its name there; of Python the module */
    bool of_target;     /* needed for the target; else on the machine that builds */
    bool development;
    unsigned place; /* 0: where compilers and tools look by themselves; more: further away */
};

struct capability_list {
    struct capability_candidate *at; /* best first, a package once */
    size_t len, cap;
};

/*
 * The packages that have it, the best first, the same for the same map: by how direct the place is,
 * development packages, names that fit, how many others depend on it, then shorter and smaller
 * names. <foo/bar.h> is also found below a folder of /usr/include. Where a distribution has no
 * CMake configuration of that name, the header or library that CMake's own FindX looks for is
 * looked up. An empty list: no package has it.
 */
void capability_find(const struct capability_map *map, enum capability_kind kind, struct str name,
                     struct arena *arena, struct capability_list *list);

#endif
