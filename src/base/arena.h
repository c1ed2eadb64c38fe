/*
 * Bump allocation with a named lifetime (a request, a plan, a job). A zeroed
 * struct is an empty arena. Memory is zeroed, aligned for any type, and freed
 * all at once; there is no free of one object. Running out of memory ends the
 * program with a message: nothing here returns NULL. One thread at a time.
 */
#ifndef REFINERY_BASE_ARENA_H
#define REFINERY_BASE_ARENA_H

#include "base/err.h"
#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *newest;
    size_t bytes; /* handed out so far */
};

#define ARENA_AUTO __attribute__((cleanup(arena_free)))

void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size); /* checks the product */
void arena_free(struct arena *arena);                              /* empty and usable again */
/* `from` becomes empty and all that lives in it lives as long as `to`: for results made by threads.
 */
void arena_adopt(struct arena *to, struct arena *from);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

/* Copies and formatted strings; the result is also NUL-terminated behind its length. */
struct str arena_str(struct arena *arena, struct str s);
struct str arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *arena_cstr(struct arena *arena, struct str s); /* for system calls */

#endif
