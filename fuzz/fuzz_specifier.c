/* A set that parses has a stable normal form that holds the same versions. */
#include "pkg/specifier.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena ARENA_AUTO = {0};
    struct str clauses, version;
    struct specifier_set set, again;
    struct err err = {0};
    str_cut(str_of(data, size), '\n', &clauses, &version);
    if (!specifier_set_parse(clauses, &arena, &set, &err))
        return 0;
    struct str normal = specifier_set_normal(&set, &arena);
    if (!specifier_set_parse(normal, &arena, &again, &err) ||
        !str_eq(specifier_set_normal(&again, &arena), normal))
        abort();
    if (specifier_set_match_text(&set, version) != specifier_set_match_text(&again, version))
        abort();
    return 0;
}
