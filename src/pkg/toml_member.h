/*
 * Typed members of a TOML table, with the position and the key in every complaint:
 * "pylock.toml:12:8: size must be an integer, not a string". An absent member leaves the output
 * untouched, unless it is required.
 */
#ifndef REFINERY_PKG_TOML_MEMBER_H
#define REFINERY_PKG_TOML_MEMBER_H

#include "pkg/toml.h"

struct toml_reader {
    const char *what; /* names the document */
    struct arena *arena;
    struct err *err;
};

enum toml_need { TOML_OPTIONAL, TOML_REQUIRED };

/* ERR_FORMAT at the value, or at the table's start; returns false. */
bool toml_member_wrong(const struct toml_reader *reader, const struct toml *at, const char *fmt,
                       ...) PRINTF_LIKE(3, 4);

/* Any member of that kind; *value is NULL when it is absent and may be. */
CHECKED bool toml_member(const struct toml_reader *reader, const struct toml *table,
                         const char *key, enum toml_kind kind, enum toml_need need,
                         const struct toml **value);
CHECKED bool toml_member_string(const struct toml_reader *reader, const struct toml *table,
                                const char *key, enum toml_need need, struct str *out);
CHECKED bool toml_member_strings(const struct toml_reader *reader, const struct toml *table,
                                 const char *key, enum toml_need need, const struct str **out,
                                 size_t *len);
/* An array whose items are all tables. */
CHECKED bool toml_member_tables(const struct toml_reader *reader, const struct toml *table,
                                const char *key, enum toml_need need, const struct toml **array);

#endif
