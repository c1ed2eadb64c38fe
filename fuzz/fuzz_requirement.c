/* A requirement that parses is written in a stable form. */
#include "pkg/requirement.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena ARENA_AUTO = {0};
    BUF_AUTO struct buf once = {0}, twice = {0};
    struct requirement req, again;
    struct err err = {0};
    if (!requirement_parse(str_of(data, size), &arena, &req, &err))
        return 0;
    requirement_write(&req, &once);
    if (!requirement_parse(buf_str(&once), &arena, &again, &err))
        return err.code == ERR_LIMIT ? 0 : (abort(), 0);
    requirement_write(&again, &twice);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
    return 0;
}
