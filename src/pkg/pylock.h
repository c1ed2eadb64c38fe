/*
 * Lock files of Python packages: pylock.toml and pylock.NAME.toml (PEP 751, the pylock.toml
 * specification of PyPA, lock-version 1.0), read, checked and written. All of the specification is
 * kept, tool tables and attestation identities as the TOML they are. Slices are borrowed from the
 * text, or live in the arena. Every complaint starts with "file:line:column".
 *
 * A lock-version 1.x with x > 0 is read with a warning, another major version is ERR_FORMAT.
 * Which of its packages an environment gets, and from which file, says pylock_select
 * (pylock_select.h).
 */
#ifndef REFINERY_PKG_PYLOCK_H
#define REFINERY_PKG_PYLOCK_H

#include "pkg/marker.h"
#include "pkg/simple.h"
#include "pkg/specifier.h"
#include "pkg/toml.h"

enum { PYLOCK_LIMIT = TOML_LIMIT, PYLOCK_PACKAGE_LIMIT = 100000 };

/* A wheel, an sdist or an archive. One of path and url is set, and at least one hash. */
struct pylock_file {
    struct str name; /* as written; empty: what path or url end with */
    struct str url, path;
    int64_t upload_time_ms; /* since 1970 UTC; -1 unknown, or before */
    int64_t size;           /* bytes; -1 unknown */
    const struct simple_hash *hashes;
    size_t hashes_len;
    struct str subdirectory; /* of an archive */
    struct str filename;     /* of a wheel or sdist: name, or the end of path or url, decoded */
};

struct pylock_vcs {
    struct str type; /* "git" */
    struct str url, path;
    struct str requested_revision; /* empty: not said */
    struct str commit_id;
    struct str subdirectory;
};

struct pylock_directory {
    struct str path;
    bool editable;
    struct str subdirectory;
};

enum pylock_source { PYLOCK_FILES, PYLOCK_VCS, PYLOCK_DIRECTORY, PYLOCK_ARCHIVE };

/* What tells one package of the file from all others; the rest of its keys is in `table`. */
struct pylock_dependency {
    struct str name, version; /* version empty: the name says enough */
    const struct toml *table; /* as read; NULL: name and version are all */
};

struct pylock_package {
    struct str name; /* normal form */
    bool has_version;
    struct version version;
    const struct marker *marker; /* NULL: always */
    struct specifier_set requires_python;
    const struct pylock_dependency *dependencies;
    size_t dependencies_len;
    enum pylock_source source;
    struct pylock_vcs vcs;             /* PYLOCK_VCS */
    struct pylock_directory directory; /* PYLOCK_DIRECTORY */
    struct pylock_file archive;        /* PYLOCK_ARCHIVE */
    struct str index;                  /* URL of the index; empty: not said */
    bool has_sdist;                    /* PYLOCK_FILES: one of sdist and wheels at least */
    struct pylock_file sdist;
    const struct pylock_file *wheels;
    size_t wheels_len;
    const struct toml *attestation_identities; /* array of tables, or NULL */
    const struct toml *tool;                   /* table, or NULL */
    unsigned line;                             /* where it starts, from 1 */
};

struct pylock {
    struct str lock_version;                  /* "1.0" */
    struct str warning;                       /* what the reader should be told; empty */
    const struct marker *const *environments; /* none: any */
    size_t environments_len;
    struct specifier_set requires_python;
    const struct str *extras; /* normal form */
    size_t extras_len;
    const struct str *dependency_groups;
    size_t dependency_groups_len;
    const struct str *default_groups;
    size_t default_groups_len;
    struct str created_by;
    const struct pylock_package *packages;
    size_t packages_len;
    const struct toml *tool; /* table, or NULL */
};

/* "pylock.toml", or "pylock.NAME.toml" without a dot in NAME. */
bool pylock_is_name(struct str filename);

/* `what` names the file in complaints. */
CHECKED bool pylock_parse(struct str text, const char *what, struct arena *arena,
                          struct pylock *lock, struct err *err);

/*
 * Keys in the order of the specification, arrays in the order given; the same lock gives the same
 * bytes, and what is written reads back as the same lock.
 */
void pylock_write(const struct pylock *lock, struct buf *out);

#endif
