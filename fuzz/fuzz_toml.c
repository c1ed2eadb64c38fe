/* TOML, and what pyproject.toml makes of it. */
#include "pkg/pyproject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct pyproject pyproject;
    struct err err;
    (void)!pyproject_parse(str_of(data, size), "fuzz", &arena, &pyproject, &err);
    return 0;
}
