/* Requirements files; every file they include has the same text. */
#include "pkg/reqfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fuzz_read(void *state, struct str path, struct arena *arena, struct str *text,
                      struct err *err)
{
    (void)path, (void)arena, (void)err;
    *text = *(const struct str *)state;
    return true;
}

static bool fuzz_env(void *state, struct str name, struct arena *arena, struct str *value)
{
    (void)state, (void)arena;
    *value = name;
    return name.len & 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct reqfile file = {0};
    struct err err;
    struct str text = str_of(data, size < 4096 ? size : 4096);
    struct reqfile_io io = {fuzz_read, fuzz_env, &text};
    (void)!reqfile_read(STR("dir/a.txt"), false, &io, &arena, &file, &err);
    return 0;
}
