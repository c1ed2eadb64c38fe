/*
 * Dependency groups of pyproject.toml (PEP 735): lists of requirements that may include one
 * another. Names compare in normal form; two that are alike in it are an error, as are includes in
 * a circle.
 */
#ifndef REFINERY_PKG_GROUPS_H
#define REFINERY_PKG_GROUPS_H

#include "pkg/toml.h"

enum { GROUPS_LIMIT = 10000, GROUPS_RESULT_LIMIT = 100000 };

enum groups_kind { GROUPS_REQUIREMENT, GROUPS_INCLUDE, GROUPS_INVALID };

struct groups_item {
    enum groups_kind kind;
    struct str text;       /* a requirement, or the name of the group to include */
    unsigned line, column; /* of an invalid one, from 1; 0 where not known */
};

struct groups_one {
    struct str written, name; /* name: normal form */
    const struct groups_item *items;
    size_t len;
};

struct groups {
    const struct groups_one *at;
    size_t len;
};

/* The table [dependency-groups], or none for NULL. `what` names the file in errors. */
CHECKED bool groups_read(const struct toml *table, const char *what, struct arena *arena,
                         struct groups *groups, struct err *err);
/* Names that are alike in normal form. */
CHECKED bool groups_check_names(const struct groups *groups, struct err *err);

/* The requirements of a group (any spelling) with what it includes, as written and in order. */
CHECKED bool groups_resolve(const struct groups *groups, struct str name, struct arena *arena,
                            const struct str **requirements, size_t *len, struct err *err);

#endif
