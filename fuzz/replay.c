/*
 * Stands in for libFuzzer where its runtime is missing: runs a fuzz target over the files of the
 * directories given, once each. An empty or missing corpus is a failure.
 */
#include <stdio.h>

#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_one(void *state, int dirfd, struct str name, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct str bytes;
    size_t *count = state;
    if (!file_read(dirfd, arena_cstr(&arena, name), 64 << 20, &arena, &bytes, err))
        return false;
    (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes.ptr, bytes.len);
    ++*count;
    return true;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    size_t count = 0;
    for (int i = 1; i < argc; i++)
        if (!file_each(AT_FDCWD, argv[i], replay_one, &count, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    printf("%zu inputs replayed\n", count);
    return count > 0 ? 0 : 1;
}
