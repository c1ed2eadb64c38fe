/*
 * Sorted strings, each with a few bytes of its own, as they lie in a capability map: front coding
 * in blocks of 16, so that a string costs what it differs in from the one before it, and any of
 * them is found by halving over the blocks. All numbers are little-endian or LEB128; whatever the
 * bytes are, nothing outside of them is read.
 *
 *   index   u32 for each block: where in the text it begins
 *   text    for each string: shared, rest, extra (LEB128), rest bytes, extra bytes
 */
#ifndef REFINERY_HINT_CAPABILITY_TABLE_H
#define REFINERY_HINT_CAPABILITY_TABLE_H

#include "base/buf.h"

enum { CAPABILITY_BLOCK = 16, CAPABILITY_STRING_MAX = 4096 };

struct capability_table {
    struct str index, text;
    uint32_t count;
};

/* One string after the other. */
struct capability_cursor {
    const struct capability_table *table;
    struct str rest; /* of the text */
    uint32_t next;   /* number of the string that comes */
    size_t len;
    char key[CAPABILITY_STRING_MAX];
    struct str extra; /* borrowed from the table */
};

/* The index has the blocks that the count asks for. */
bool capability_table_is_sound(const struct capability_table *table);

/* Before the string of that number, or the first not below `key`; false: there is none. */
bool capability_table_seek(const struct capability_table *table, uint32_t number,
                           struct capability_cursor *cursor);
bool capability_table_find(const struct capability_table *table, struct str key,
                           struct capability_cursor *cursor);
/* False at the end, and where the bytes are no table. */
bool capability_table_next(struct capability_cursor *cursor);
struct str capability_table_key(const struct capability_cursor *cursor);

/* LEB128 of 32 bits off the front of `bytes`. */
bool capability_table_number(struct str *bytes, uint32_t *number);
void capability_table_put_number(struct buf *out, uint32_t number);

/* A table being written: strings in ascending order. */
struct capability_table_text {
    struct buf index, text, last;
    uint32_t count;
};

void capability_table_put(struct capability_table_text *table, struct str key, struct str extra);
void capability_table_free(struct capability_table_text *table);

#endif
