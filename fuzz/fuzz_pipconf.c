/* pip's configuration files. */
#include "index/pipconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *fuzz_env(void *state, const char *name)
{
    (void)state, (void)name;
    return NULL;
}

static bool fuzz_read(void *state, struct str path, struct arena *arena, struct str *text)
{
    (void)path, (void)arena;
    *text = *(const struct str *)state;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct pipconf conf;
    struct err err;
    struct str text = str_of(data, size);
    struct pipconf_io io = {fuzz_env, fuzz_read, &text};
    (void)!pipconf_load(&io, &arena, &conf, &err);
    return 0;
}
