/* Files that travel inside the program (scripts/embed_files.py makes the tables). */
#ifndef REFINERY_BASE_EMBEDDED_H
#define REFINERY_BASE_EMBEDDED_H

#include <stddef.h>

#include "base/str.h"

struct embedded_file {
    const char *name; /* NULL ends a table */
    const char *bytes;
    size_t len;
};

/* The file of that name in a table, or an empty slice with a NULL pointer. */
static inline struct str embedded_find(const struct embedded_file *table, struct str name)
{
    for (; table->name; table++)
        if (str_eq(str_from(table->name), name))
            return str_of(table->bytes, table->len);
    return (struct str){NULL, 0};
}

#endif
