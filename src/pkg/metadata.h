/*
 * Core metadata 1.0 to 2.6 (METADATA, PKG-INFO) and the WHEEL file (PEP 427):
 * lines of `Name: value` with folded continuations, then a blank line and a
 * description that is not read. Slices are borrowed from the text; what had to
 * be unfolded and the arrays live in the arena. Versions, specifiers and
 * requirements stay text: who needs them parses them (requirement.h).
 * Errors name the line.
 */
#ifndef REFINERY_PKG_METADATA_H
#define REFINERY_PKG_METADATA_H

#include "base/arena.h"

enum {
    METADATA_LIMIT = 10 << 20,     /* bytes of the file */
    METADATA_FIELD_LIMIT = 20000,  /* lines of the header */
    METADATA_WHEEL_LIMIT = 1 << 20 /* bytes of a WHEEL file */
};

struct metadata {
    struct str metadata_version; /* "2.1" */
    unsigned major, minor;
    struct str name, version; /* as written, trimmed */
    struct str requires_python;
    struct str license, license_expression;
    const struct str *requires_dist;
    size_t requires_dist_len;
    const struct str *provides_extra;
    size_t provides_extra_len;
    const struct str *dynamic; /* lower case */
    size_t dynamic_len;
    const struct str *import_names; /* 2.5: Import-Name, without "; private" */
    size_t import_names_len;
    const struct str *import_namespaces;
    size_t import_namespaces_len;
    size_t header_len; /* bytes of text up to the blank line: all that the rest borrows from */
};

/* Name and Version must be there; an unknown Metadata-Version with another major number is
 * ERR_FORMAT. */
CHECKED bool metadata_parse(struct str text, struct arena *arena, struct metadata *metadata,
                            struct err *err);

/* Field (any case, "Requires-Dist") is declared Dynamic, so that a build may change it. */
bool metadata_is_dynamic(const struct metadata *metadata, struct str field);

/*
 * The dependencies of an sdist's PKG-INFO are what any wheel built from it will
 * have: metadata 2.2 or newer and Requires-Dist not dynamic (PEP 643).
 */
bool metadata_is_static(const struct metadata *metadata);

/* A field of the specification: its name, the version that brought it, whether it may be repeated.
 */
struct metadata_spec {
    struct str name; /* "Requires-Dist" */
    unsigned major, minor;
    bool many;
};

/* The specification of a field by its name (any case), or NULL. */
const struct metadata_spec *metadata_find_spec(struct str name);

struct metadata_entry {
    const struct metadata_spec *spec; /* NULL: no field of the specification */
    struct str name;                  /* as written */
    struct str value;                 /* unfolded: its lines joined with spaces */
    struct str raw;                   /* as written, folded lines and all */
    size_t line;
};

/* Every field in the order written, and the description that follows them; nothing is checked. */
CHECKED bool metadata_read_entries(struct str text, struct arena *arena,
                                   const struct metadata_entry **entries, size_t *len,
                                   struct str *description, struct err *err);

struct metadata_wheel {
    struct str wheel_version; /* "1.0" */
    struct str generator;
    bool root_is_purelib;
    struct str build;       /* empty when there is none */
    const struct str *tags; /* expanded "py3-none-any" as written, one per line */
    size_t tags_len;
};

/* The WHEEL file. A Wheel-Version above 1.x is ERR_FORMAT. */
CHECKED bool metadata_parse_wheel(struct str text, struct arena *arena,
                                  struct metadata_wheel *wheel, struct err *err);

#endif
