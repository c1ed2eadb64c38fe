/* Dependency groups of a pyproject.toml: each resolves to requirements or says why not. */
#include "pkg/pyproject.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct pyproject project;
    struct err err = {0};
    if (!pyproject_parse(str_of(data, size), "fuzz", &arena, &project, &err))
        return 0;
    for (size_t i = 0; i < project.groups.len && i < 50; i++) {
        const struct str *requirements;
        size_t len;
        struct err one = {0};
        if (groups_resolve(&project.groups, project.groups.at[i].written, &arena, &requirements,
                           &len, &one)
                ? len > GROUPS_RESULT_LIMIT
                : !one.text[0])
            abort();
    }
    return 0;
}
