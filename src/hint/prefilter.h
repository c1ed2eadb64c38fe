/*
 * Many literals sought in one pass, ASCII letters in either case. Every literal is at least
 * stride + 3 bytes long, so that of the groups of four bytes that begin at every stride-th place of
 * a text one lies inside of each occurrence: only those are looked at, in a table of 8 KiB that
 * says whether such a group is in any literal at all. What it lets through is compared. Memory is a
 * few tables of fixed size and a row per group of the literals. Pure.
 */
#ifndef REFINERY_HINT_PREFILTER_H
#define REFINERY_HINT_PREFILTER_H

#include "base/arena.h"

enum { PREFILTER_SHORTEST = 4 };

struct prefilter_literal {
    struct str text;
    uint32_t owner; /* what is found */
};

struct prefilter;

/* The literals' bytes are copied. None may be shorter than PREFILTER_SHORTEST. */
struct prefilter *prefilter_new(const struct prefilter_literal *literals, size_t len,
                                struct arena *arena);

/* The first place from `from` on that is worth prefilter_each, or text.len. Begins with 0; then
 * goes on from `place + prefilter_stride`. */
size_t prefilter_next(const struct prefilter *filter, struct str text, size_t from);
size_t prefilter_stride(const struct prefilter *filter);

/* Calls `found` for each literal that covers the place, with where it begins. */
typedef void prefilter_found(void *state, uint32_t owner, size_t begin);
void prefilter_each(const struct prefilter *filter, struct str text, size_t place,
                    prefilter_found *found, void *state);

#endif
