/* A set of tags: every tag of it is a set of one, and ranks no better than the set. */
#include "pkg/tags.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct tag_target target = {.python_minor = 13, .arch = STR("s390x"), .libc_minor = 28};
    struct tags tags;
    struct tag set;
    const struct tag *at;
    size_t len;
    struct err err = {0};
    struct str text = str_of(data, size);
    if (!tags_expand(text, &arena, &at, &len, &err))
        return 0;
    if (!tags_split(text, &set, &err) || !tags_build(&target, &arena, &tags, &err))
        abort();
    long best = tags_rank(&tags, set.python, set.abi, set.platform), found = -1;
    for (size_t i = 0; i < len; i++) {
        long rank = tags_rank(&tags, at[i].python, at[i].abi, at[i].platform);
        if (rank >= 0 && (found < 0 || rank < found))
            found = rank;
    }
    if (found != best)
        abort();
    return 0;
}
