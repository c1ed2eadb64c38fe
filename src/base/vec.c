#include "base/vec.h"

#include <string.h>

enum { VEC_FIRST_BYTES = 32 }; /* most lists of a plan hold one or two elements */

void *vec_reserve(struct arena *arena, void *at, size_t len, size_t *cap, size_t size)
{
    if (len < *cap)
        return at;
    size_t first = size < VEC_FIRST_BYTES ? VEC_FIRST_BYTES / size : 1;
    return vec_grow(arena, at, len, cap, *cap ? *cap * 2 : first, size);
}

void *vec_grow(struct arena *arena, void *at, size_t len, size_t *cap, size_t larger, size_t size)
{
    if (larger <= *cap)
        return at;
    void *moved = arena_array(arena, larger, size);
    if (len)
        memcpy(moved, at, len * size);
    *cap = larger;
    return moved;
}
