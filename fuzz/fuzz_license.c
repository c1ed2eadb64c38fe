/* A license expression that parses has a stable normal form. */
#include "pkg/license.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct str once, twice;
    struct err err = {0};
    if (!license_parse(str_of(data, size), &arena, &once, &err))
        return err.position > size + 1 ? (abort(), 0) : 0;
    if (once.len > LICENSE_LIMIT)
        return 0;
    if (!license_parse(once, &arena, &twice, &err) || !str_eq(once, twice))
        abort();
    return 0;
}
