/* Specs and results of attempts; what was read once is read again as the same. */
#include <stdlib.h>

#include "build/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf first = {0}, second = {0};
    struct err err = {0};
    struct spec spec;
    struct spec_result result;
    if (spec_read(str_of(data, size), &arena, &spec, &err)) {
        spec_write(&spec, &first);
        must(spec_read(buf_str(&first), &arena, &spec, &err));
        spec_write(&spec, &second);
        must(str_eq(buf_str(&first), buf_str(&second)));
    } else {
        must(err.code != ERR_NONE && err.text[0]);
    }
    buf_clear(&first);
    buf_clear(&second);
    if (spec_result_read(str_of(data, size), &arena, &result, &err)) {
        spec_result_write(&result, &first);
        must(spec_result_read(buf_str(&first), &arena, &result, &err));
        spec_result_write(&result, &second);
        must(str_eq(buf_str(&first), buf_str(&second)));
    }
    return 0;
}
