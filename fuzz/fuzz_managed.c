/* EXTERNALLY-MANAGED, for a locale and for none. */
#include "pkg/managed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct str text = str_of(data, size), plain, local;
    struct err err = {0};
    bool one = managed_parse(text, STR(""), &arena, &plain, &err);
    bool two = managed_parse(text, STR("de_AT"), &arena, &local, &err);
    if (one != two || (one && plain.len && !local.len && !str_has_char(text, '-')))
        abort();
    return 0;
}
