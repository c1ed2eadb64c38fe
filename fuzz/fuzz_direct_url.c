/* direct_url.json: what parses has a URL, and its stripped form is stripped. */
#include "pkg/direct_url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct direct_url direct;
    struct err err = {0};
    if (!direct_url_parse(str_of(data, size), &arena, &direct, &err))
        return 0;
    struct str once = direct_url_stripped(direct.url, &arena);
    if (once.len > direct.url.len || (direct.kind == DIRECT_URL_VCS && !direct.vcs.ptr))
        abort();
    return 0;
}
