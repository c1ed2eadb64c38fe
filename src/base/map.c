#include "base/map.h"
#include "base/vec.h"

#include <string.h>

static uint32_t *map_slot(const struct map *map, struct str key)
{
    size_t mask = map->slot_count - 1;
    for (size_t i = str_hash(key) & mask;; i = (i + 1) & mask) {
        uint32_t index = map->slots[i];
        if (!index || str_eq(map->entries[index - 1].key, key))
            return &map->slots[i];
    }
}

static void map_rehash(struct map *map, struct arena *arena)
{
    map->slot_count = map->slot_count ? map->slot_count * 2 : 16;
    map->slots = ARENA_ARRAY(arena, uint32_t, map->slot_count);
    for (size_t i = 0; i < map->len; i++)
        *map_slot(map, map->entries[i].key) = (uint32_t)(i + 1);
}

void *map_get(const struct map *map, struct str key)
{
    if (!map->len)
        return NULL;
    uint32_t index = *map_slot(map, key);
    return index ? map->entries[index - 1].value : NULL;
}

void **map_at(struct map *map, struct arena *arena, struct str key)
{
    if ((map->len + 1) * 2 > map->slot_count)
        map_rehash(map, arena);
    uint32_t *slot = map_slot(map, key);
    if (!*slot) {
        map->entries = vec_reserve(arena, map->entries, map->len, &map->cap, sizeof *map->entries);
        map->entries[map->len++] = (struct map_entry){key, NULL};
        *slot = (uint32_t)map->len;
    }
    return &map->entries[*slot - 1].value;
}
