/* A fresh directory for each test, in memory where the machine has such a place. */
#ifndef REFINERY_TESTS_STORE_PLACE_H
#define REFINERY_TESTS_STORE_PLACE_H

#include <stdlib.h>
#include <unistd.h>

#include "os/file.h"
#include "unit.h"

struct place {
    struct arena arena;
    const char *dir, *db;
};

static inline struct place *place_make(void)
{
    static struct err err;
    struct place *place = calloc(1, sizeof *place);
    struct str dir;
    const char *tmp = getenv("TMPDIR");
    if (!tmp)
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    assert_non_null(place);
    assert_ok(file_make_temp_dir(tmp, "refinery-", &place->arena, &dir, &err));
    place->dir = dir.ptr;
    place->db = file_join(&place->arena, dir, STR("history.db")).ptr;
    return place;
}

static inline void place_free(struct place *place)
{
    static struct err err;
    assert_ok(file_remove_tree(AT_FDCWD, place->dir, &err));
    arena_free(&place->arena);
    free(place);
}

#endif
