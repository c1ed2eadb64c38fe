#include "hint/prefilter.h"

#include <string.h>

enum {
    GROUP = 4,        /* bytes looked at at once */
    STRIDE_MOST = 13, /* longer literals are sought by a window of 16 bytes */
    BITMAP_BITS = 16, /* of the hash; the bitmap has 8 KiB */
    BUCKET_BITS = 12,
    ENTRY_NONE = 0,
};

struct prefilter_entry {
    uint32_t group;   /* folded */
    uint32_t literal; /* index */
    uint32_t offset;  /* of the group in the literal */
    uint32_t next;    /* index of the next of the bucket; 0: none */
};

struct prefilter {
    size_t stride;
    const struct prefilter_literal *literals; /* folded */
    struct prefilter_entry *entries;          /* from 1 on */
    uint32_t entry_count;
    uint64_t bitmap[1 << (BITMAP_BITS - 6)];
    uint32_t buckets[1 << BUCKET_BITS];
};

/* Four bytes in the machine's order, letters of both cases made equal (and some other bytes too).
 */
static inline uint32_t prefilter_group(const char *at)
{
    uint32_t group;
    memcpy(&group, at, sizeof group);
    return group | 0x20202020u;
}

static inline uint32_t prefilter_hash(uint32_t group)
{
    return (group * 0x9E3779B1u) >> (32 - BITMAP_BITS);
}

static inline bool prefilter_has(const struct prefilter *filter, uint32_t hash)
{
    return filter->bitmap[hash >> 6] >> (hash & 63) & 1;
}

static uint32_t *prefilter_bucket(struct prefilter *filter, uint32_t group)
{
    return &filter->buckets[prefilter_hash(group) >> (BITMAP_BITS - BUCKET_BITS)];
}

static size_t prefilter_uses(const struct prefilter *filter, uint32_t group)
{
    size_t uses = 0;
    const uint32_t hash = prefilter_hash(group);
    for (uint32_t i = filter->buckets[hash >> (BITMAP_BITS - BUCKET_BITS)]; i != ENTRY_NONE;
         i = filter->entries[i].next)
        uses += filter->entries[i].group == group;
    return uses;
}

/* Where in a literal to look for it: where the fewest others are looked for with the same bytes. */
static size_t prefilter_window(const struct prefilter *filter, struct str text)
{
    size_t best = 0, fewest = SIZE_MAX;
    for (size_t start = 0; start + filter->stride + GROUP - 1 <= text.len; start++) {
        size_t uses = 0;
        for (size_t i = 0; i < filter->stride; i++)
            uses += prefilter_uses(filter, prefilter_group(text.ptr + start + i));
        if (uses < fewest) {
            fewest = uses;
            best = start;
        }
    }
    return best;
}

static void prefilter_insert(struct prefilter *filter, uint32_t literal)
{
    struct str text = filter->literals[literal].text;
    size_t window = prefilter_window(filter, text);
    for (size_t i = 0; i < filter->stride; i++) {
        uint32_t group = prefilter_group(text.ptr + window + i), hash = prefilter_hash(group);
        uint32_t *bucket = prefilter_bucket(filter, group);
        filter->bitmap[hash >> 6] |= (uint64_t)1 << (hash & 63);
        filter->entries[++filter->entry_count] =
            (struct prefilter_entry){group, literal, (uint32_t)(window + i), *bucket};
        *bucket = filter->entry_count;
    }
}

struct prefilter *prefilter_new(const struct prefilter_literal *literals, size_t len,
                                struct arena *arena)
{
    struct prefilter *filter = ARENA_NEW(arena, struct prefilter);
    struct prefilter_literal *folded = ARENA_ARRAY(arena, struct prefilter_literal, len + 1);
    filter->stride = STRIDE_MOST;
    for (size_t i = 0; i < len; i++) {
        struct str text = arena_str(arena, literals[i].text);
        for (size_t j = 0; j < text.len; j++)
            ((char *)(uintptr_t)text.ptr)[j] = char_lower(text.ptr[j]);
        folded[i] = (struct prefilter_literal){text, literals[i].owner};
        if (text.len - (GROUP - 1) < filter->stride)
            filter->stride = text.len - (GROUP - 1);
    }
    filter->literals = folded;
    filter->entries = ARENA_ARRAY(arena, struct prefilter_entry, len * filter->stride + 1);
    for (size_t i = 0; i < len; i++)
        prefilter_insert(filter, (uint32_t)i);
    return filter;
}

size_t prefilter_stride(const struct prefilter *filter)
{
    return filter->stride;
}

size_t prefilter_next(const struct prefilter *filter, struct str text, size_t from)
{
    const size_t stride = filter->stride;
    size_t at = from;
    if (text.len < GROUP)
        return text.len;
    for (size_t last = text.len - GROUP; at <= last; at += stride)
        if (prefilter_has(filter, prefilter_hash(prefilter_group(text.ptr + at))))
            return at;
    return text.len;
}

static bool prefilter_equal(const char *text, struct str literal)
{
    for (size_t i = 0; i < literal.len; i++)
        if (char_lower(text[i]) != literal.ptr[i])
            return false;
    return true;
}

void prefilter_each(const struct prefilter *filter, struct str text, size_t place,
                    prefilter_found *found, void *state)
{
    uint32_t group = prefilter_group(text.ptr + place);
    uint32_t index = filter->buckets[prefilter_hash(group) >> (BITMAP_BITS - BUCKET_BITS)];
    for (; index != ENTRY_NONE; index = filter->entries[index].next) {
        const struct prefilter_entry *entry = &filter->entries[index];
        const struct prefilter_literal *literal = &filter->literals[entry->literal];
        if (entry->group != group || entry->offset > place)
            continue;
        size_t begin = place - entry->offset;
        if (text.len - begin >= literal->text.len &&
            prefilter_equal(text.ptr + begin, literal->text))
            found(state, literal->owner, begin);
    }
}
