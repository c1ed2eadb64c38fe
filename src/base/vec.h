/*
 * Growing arrays. VEC(type) declares one (a zeroed struct is empty); elements
 * live in the arena given to vec_push, at `at[0..len)`. Growing moves them, so
 * keep indices, not pointers, across a push.
 *
 *     VEC(struct str) names = {0};
 *     *vec_push(&names, arena) = name;
 */
#ifndef REFINERY_BASE_VEC_H
#define REFINERY_BASE_VEC_H

#include "base/arena.h"

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t len, cap;                                                                           \
    }

/* Pointer to a new zeroed last element. */
#define vec_push(vec, arena)                                                                       \
    ((vec)->at = vec_reserve((arena), (vec)->at, (vec)->len, &(vec)->cap, sizeof *(vec)->at),      \
     &(vec)->at[(vec)->len++])

/* Room for `count` elements in all, where that many are to be expected: nothing moves till then. */
#define vec_room(vec, arena, count)                                                                \
    ((vec)->at = vec_grow((arena), (vec)->at, (vec)->len, &(vec)->cap, (count), sizeof *(vec)->at))

void *vec_reserve(struct arena *arena, void *at, size_t len, size_t *cap, size_t size);
void *vec_grow(struct arena *arena, void *at, size_t len, size_t *cap, size_t larger, size_t size);

#endif
