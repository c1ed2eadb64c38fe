#include "hint/capability_table.h"

#include <string.h>

#include "base/endian.h"

bool capability_table_number(struct str *bytes, uint32_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes->len && i < 5; i++) {
        unsigned char byte = (unsigned char)bytes->ptr[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        if (value > UINT32_MAX)
            return false;
        *bytes = str_from_pos(*bytes, i + 1);
        *number = (uint32_t)value;
        return true;
    }
    return false;
}

void capability_table_put_number(struct buf *out, uint32_t number)
{
    for (; number > 0x7f; number >>= 7)
        buf_add_char(out, (char)((number & 0x7f) | 0x80));
    buf_add_char(out, (char)number);
}

static uint32_t capability_table_blocks(const struct capability_table *table)
{
    return table->count / CAPABILITY_BLOCK + (table->count % CAPABILITY_BLOCK != 0);
}

bool capability_table_is_sound(const struct capability_table *table)
{
    return table->index.len == (size_t)capability_table_blocks(table) * 4;
}

static void capability_table_open_block(const struct capability_table *table, uint32_t block,
                                        struct capability_cursor *cursor)
{
    uint32_t at = read_le32((const unsigned char *)table->index.ptr + (size_t)block * 4);
    cursor->table = table;
    cursor->rest = str_from_pos(table->text, at);
    cursor->next = block * CAPABILITY_BLOCK;
    cursor->len = 0;
    cursor->extra = STR("");
}

bool capability_table_next(struct capability_cursor *cursor)
{
    uint32_t shared, rest, extra;
    struct str from = cursor->rest;
    if (cursor->next >= cursor->table->count || !capability_table_number(&from, &shared) ||
        !capability_table_number(&from, &rest) || !capability_table_number(&from, &extra))
        return false;
    /* A block begins with a whole string: it can be read without the one before it. */
    if (shared > (cursor->next % CAPABILITY_BLOCK ? cursor->len : 0) || rest > from.len ||
        extra > from.len - rest || rest > CAPABILITY_STRING_MAX - shared)
        return false;
    memcpy(cursor->key + shared, from.ptr, rest);
    cursor->len = (size_t)shared + rest;
    cursor->extra = str_slice(from, rest, (size_t)rest + extra);
    cursor->rest = str_from_pos(from, (size_t)rest + extra);
    cursor->next++;
    return true;
}

struct str capability_table_key(const struct capability_cursor *cursor)
{
    return str_of(cursor->key, cursor->len);
}

bool capability_table_seek(const struct capability_table *table, uint32_t number,
                           struct capability_cursor *cursor)
{
    if (number >= table->count)
        return false;
    capability_table_open_block(table, number / CAPABILITY_BLOCK, cursor);
    while (cursor->next <= number)
        if (!capability_table_next(cursor))
            return false;
    return true;
}

bool capability_table_find(const struct capability_table *table, struct str key,
                           struct capability_cursor *cursor)
{
    uint32_t low = 0, high = capability_table_blocks(table);
    if (!high)
        return false;
    /* The last block that does not begin behind the key. */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        capability_table_open_block(table, middle, cursor);
        if (!capability_table_next(cursor))
            return false;
        if (str_cmp(capability_table_key(cursor), key) > 0)
            high = middle;
        else
            low = middle;
    }
    capability_table_open_block(table, low, cursor);
    while (capability_table_next(cursor))
        if (str_cmp(capability_table_key(cursor), key) >= 0)
            return true;
    return false;
}

static size_t capability_table_shared(struct str a, struct str b)
{
    size_t at = 0;
    while (at < a.len && at < b.len && a.ptr[at] == b.ptr[at])
        at++;
    return at;
}

void capability_table_put(struct capability_table_text *table, struct str key, struct str extra)
{
    size_t shared = 0;
    if (table->count % CAPABILITY_BLOCK == 0) {
        unsigned char at[4];
        write_le32(at, (uint32_t)table->text.len);
        buf_add(&table->index, str_of(at, sizeof at));
    } else
        shared = capability_table_shared(buf_str(&table->last), key);
    capability_table_put_number(&table->text, (uint32_t)shared);
    capability_table_put_number(&table->text, (uint32_t)(key.len - shared));
    capability_table_put_number(&table->text, (uint32_t)extra.len);
    buf_add(&table->text, str_from_pos(key, shared));
    buf_add(&table->text, extra);
    buf_clear(&table->last);
    buf_add(&table->last, key);
    table->count++;
}

void capability_table_free(struct capability_table_text *table)
{
    buf_free(&table->index);
    buf_free(&table->text);
    buf_free(&table->last);
}
