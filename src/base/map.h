/*
 * A table from strings to pointers (open addressing, arena memory). Keys are
 * borrowed: they must live as long as the map. Iteration is in insertion order,
 * so that what is printed from a map is deterministic. A zeroed struct is empty.
 */
#ifndef REFINERY_BASE_MAP_H
#define REFINERY_BASE_MAP_H

#include "base/arena.h"

struct map_entry {
    struct str key;
    void *value;
};

struct map {
    struct map_entry *entries; /* entries[0..len), insertion order */
    size_t len, cap;
    uint32_t *slots; /* 0 is free, else index + 1 */
    size_t slot_count;
};

void *map_get(const struct map *map, struct str key); /* NULL when absent */
/* The value's place, made (NULL) when the key is new; valid until the next map_at. */
void **map_at(struct map *map, struct arena *arena, struct str key);

#endif
