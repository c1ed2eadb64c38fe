#include "base/arena.h"
#include "base/mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_FIRST = 1024, ARENA_LARGEST = 1 << 20 };

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    alignas(max_align_t) unsigned char data[];
};

static struct arena_block *arena_grow(struct arena *arena, size_t need)
{
    size_t size = arena->newest ? arena->newest->size * 2 : ARENA_FIRST;
    if (size > ARENA_LARGEST)
        size = ARENA_LARGEST;
    if (size < need)
        size = need;
    struct arena_block *block = mem_alloc(sizeof *block + size);
    block->size = size;
    block->older = arena->newest;
    arena->newest = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t mask = _Alignof(max_align_t) - 1;
    size_t need = (mem_product(size ? size : 1, 1) + mask) & ~mask;
    struct arena_block *block = arena->newest;
    if (!block || block->size - block->used < need)
        block = arena_grow(arena, need);
    void *ptr = block->data + block->used;
    block->used += need;
    arena->bytes += need;
    return ptr;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    return arena_alloc(arena, mem_product(count, size));
}

void arena_free(struct arena *arena)
{
    for (struct arena_block *block = arena->newest, *older; block; block = older) {
        older = block->older;
        mem_free(block);
    }
    *arena = (struct arena){0};
}

void arena_adopt(struct arena *to, struct arena *from)
{
    struct arena_block *oldest = from->newest;
    if (!oldest)
        return;
    while (oldest->older)
        oldest = oldest->older;
    oldest->older = to->newest;
    to->newest = from->newest;
    to->bytes += from->bytes;
    *from = (struct arena){0};
}

const char *arena_cstr(struct arena *arena, struct str s)
{
    return arena_str(arena, s).ptr;
}

struct str arena_str(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return str_of(copy, s.len);
}

struct str arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args, again;
    struct arena_block *block = arena->newest;
    size_t room = block ? block->size - block->used : 0;
    char *here = block ? (char *)block->data + block->used : NULL;
    va_start(args, fmt);
    va_copy(again, args);
    int len =
        vsnprintf(here, room, fmt, args); /* formatted in place, where it nearly always fits */
    bool fits = len >= 0 && (size_t)len < room;
    if (!fits && room)
        memset(here, 0, room); /* what is handed out is zeroed */
    char *text = arena_alloc(arena, (size_t)(len < 0 ? 0 : len) + 1);
    if (!fits && len > 0)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(args);
    va_end(again);
    return str_of(text, len < 0 ? 0 : (size_t)len);
}
