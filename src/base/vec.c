#include "base/vec.h"

#include <string.h>

void *vec_reserve(struct arena *arena, void *at, size_t len, size_t *cap, size_t size)
{
    if (len < *cap)
        return at;
    size_t larger = *cap ? *cap * 2 : 8;
    void *moved = arena_array(arena, larger, size);
    if (len)
        memcpy(moved, at, len * size);
    *cap = larger;
    return moved;
}
