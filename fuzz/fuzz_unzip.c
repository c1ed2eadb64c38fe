/* Zip archives: the directory, and every member read whole and as a stream to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "os/unzip.h"

enum { MEMBER_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fuzz_read(void *state, uint64_t at, void *to, size_t len, struct err *err)
{
    const struct str *bytes = state;
    if (at > bytes->len || len > bytes->len - at)
        return err_set(err, ERR_FORMAT, "short");
    memcpy(to, bytes->ptr + at, len);
    return true;
}

static void fuzz_member(const struct unzip_source *source, const struct unzip_member *member)
{
    ARENA_AUTO struct arena arena = {0};
    struct unzip_stream *stream = NULL;
    struct err err;
    size_t got;
    char *whole = arena_alloc(&arena, (size_t)member->size + 1);
    char *pieces = arena_alloc(&arena, (size_t)member->size + 1);
    if (!unzip_read(source, member, whole, &err))
        return;
    if (!unzip_open(source, member, &stream, &err) ||
        !unzip_next(stream, pieces, (size_t)member->size, &got, &err) || got != member->size ||
        memcmp(whole, pieces, got) != 0)
        abort();
    unzip_close(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct str bytes = str_of(data, size);
    struct unzip_source source = {fuzz_read, &bytes, size};
    struct unzip_list list;
    struct err err;
    if (!unzip_list(&source, 1000, &arena, &list, &err))
        return 0;
    for (size_t i = 0; i < list.len; i++)
        if (list.at[i].size <= MEMBER_MAX)
            fuzz_member(&source, &list.at[i]);
    return 0;
}
