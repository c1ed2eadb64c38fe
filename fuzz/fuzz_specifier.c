/* A set that parses has a stable normal form that holds the same versions. */
#include "pkg/range.h"

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
    /* One candidate: with pre-releases allowed, the filter is the match. */
    size_t place, kept;
    specifier_set_filter(&set, &version, 1, SPECIFIER_PRE_ALLOW, &place, &kept);
    if ((kept == 1) != specifier_set_match_text(&set, version))
        abort();
    /* As intervals it holds the same versions, is inside of itself and meets itself. */
    struct ranges ranges;
    struct version parsed;
    if (!range_make(&set, &arena, &ranges, &err))
        return 0;
    if (!range_is_subset(&ranges, &ranges, &arena) ||
        range_is_disjoint(&ranges, &ranges, &arena) != (ranges.len == 0) ||
        (range_has_final(&ranges, &arena) && !ranges.len))
        abort();
    if (version_try(version, &parsed) &&
        range_contains(&ranges, &parsed) != specifier_set_match(&set, &parsed))
        abort();
    return 0;
}
