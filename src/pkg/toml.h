/*
 * TOML 1.0, all of it: tables, dotted keys, arrays of tables, the four kinds of
 * strings, integers, floats, dates and times. The document is a tree in the
 * arena; strings without escapes are borrowed from the text. Errors say
 * "what:line:column: ...".
 *
 *     const struct toml *root;
 *     if (!toml_parse(text, "pyproject.toml", arena, &root, err)) ...
 *     const struct toml *requires = toml_path(root, "build-system.requires");
 */
#ifndef REFINERY_PKG_TOML_H
#define REFINERY_PKG_TOML_H

#include "base/map.h"

enum {
    TOML_LIMIT = 16 << 20, /* bytes */
    TOML_DEPTH_LIMIT = 100,
    TOML_VALUE_LIMIT = 1000000
};

enum toml_kind {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_OFFSET_DATETIME,
    TOML_LOCAL_DATETIME,
    TOML_LOCAL_DATE,
    TOML_LOCAL_TIME,
    TOML_ARRAY,
    TOML_TABLE,
};

struct toml_time {
    int year, month, day;
    int hour, minute, second, nanosecond;
    int offset_minutes; /* east of UTC */
};

struct toml {
    enum toml_kind kind;
    unsigned line, column; /* where the value starts, from 1 */
    union {
        struct str string;
        int64_t integer;
        double number;
        bool boolean;
        struct toml_time time;
        struct {
            struct toml **at;
            size_t len, cap;
        } array;
        struct map table; /* values are struct toml *, in the order of the document */
    };
    unsigned char state; /* while parsing: how a table came to be */
};

CHECKED bool toml_parse(struct str text, const char *what, struct arena *arena,
                        const struct toml **root, struct err *err);

/* Member of a table; NULL when absent or when `table` is NULL or no table. */
const struct toml *toml_get(const struct toml *table, struct str key);
/* The same along a path of bare keys, "tool.poetry.name". */
const struct toml *toml_path(const struct toml *table, const char *path);
/* "string", "table", ... for messages. */
const char *toml_kind_name(enum toml_kind kind);

#endif
