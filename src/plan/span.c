#include "plan/span.h"
#include "base/vec.h"

void span_add(struct span_builder *builder, struct arena *arena, uint32_t from, uint32_t to)
{
    if (from >= to)
        return;
    if (builder->len && builder->at[builder->len - 1].to >= from) {
        if (builder->at[builder->len - 1].to < to)
            builder->at[builder->len - 1].to = to;
        return;
    }
    *vec_push(builder, arena) = (struct span_range){from, to};
}

struct span span_built(const struct span_builder *builder)
{
    return (struct span){builder->at, (uint32_t)builder->len};
}

static struct span one_range(uint32_t from, uint32_t to, struct arena *arena)
{
    struct span_range *range = ARENA_NEW(arena, struct span_range);
    *range = (struct span_range){from, to};
    return (struct span){range, from < to};
}

struct span span_one(uint32_t value, struct arena *arena)
{
    return one_range(value, value + 1, arena);
}

struct span span_all(uint32_t size, struct arena *arena)
{
    return one_range(0, size, arena);
}

struct span span_and(struct span a, struct span b, struct arena *arena)
{
    struct span_builder builder = {0};
    for (uint32_t i = 0, k = 0; i < a.len && k < b.len;) {
        uint32_t from = a.at[i].from > b.at[k].from ? a.at[i].from : b.at[k].from;
        uint32_t to = a.at[i].to < b.at[k].to ? a.at[i].to : b.at[k].to;
        span_add(&builder, arena, from, to);
        if (a.at[i].to < b.at[k].to)
            i++;
        else
            k++;
    }
    return span_built(&builder);
}

struct span span_or(struct span a, struct span b, struct arena *arena)
{
    struct span_builder builder = {0};
    for (uint32_t i = 0, k = 0; i < a.len || k < b.len;) {
        bool take_a = k == b.len || (i < a.len && a.at[i].from <= b.at[k].from);
        struct span_range range = take_a ? a.at[i++] : b.at[k++];
        span_add(&builder, arena, range.from, range.to);
    }
    return span_built(&builder);
}

struct span span_not(struct span a, uint32_t size, struct arena *arena)
{
    struct span_builder builder = {0};
    uint32_t from = 0;
    for (uint32_t i = 0; i < a.len; i++) {
        span_add(&builder, arena, from, a.at[i].from);
        from = a.at[i].to;
    }
    span_add(&builder, arena, from, size);
    return span_built(&builder);
}

bool span_empty(struct span a)
{
    return a.len == 0;
}

bool span_is_all(struct span a, uint32_t size)
{
    return size == 0 || (a.len == 1 && a.at[0].from == 0 && a.at[0].to >= size);
}

bool span_has(struct span a, uint32_t value)
{
    for (uint32_t i = 0; i < a.len && a.at[i].from <= value; i++)
        if (value < a.at[i].to)
            return true;
    return false;
}

bool span_within(struct span a, struct span b)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < a.len; i++) {
        while (k < b.len && b.at[k].to < a.at[i].to)
            k++;
        if (k == b.len || b.at[k].from > a.at[i].from)
            return false;
    }
    return true;
}

bool span_apart(struct span a, struct span b)
{
    for (uint32_t i = 0, k = 0; i < a.len && k < b.len;) {
        if (a.at[i].to <= b.at[k].from)
            i++;
        else if (b.at[k].to <= a.at[i].from)
            k++;
        else
            return false;
    }
    return true;
}

bool span_eq(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++)
        if (a.at[i].from != b.at[i].from || a.at[i].to != b.at[i].to)
            return false;
    return true;
}

uint32_t span_count(struct span a)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < a.len; i++)
        count += a.at[i].to - a.at[i].from;
    return count;
}
