/* Core metadata, read and held against its specification, and WHEEL files. */
#include "pkg/metadata_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct metadata metadata;
    struct metadata_wheel wheel;
    struct err err = {0};
    struct str text = str_of(data, size);
    if (metadata_parse(text, &arena, &metadata, &err)) {
        (void)metadata_is_static(&metadata);
        if (metadata.header_len > size)
            __builtin_trap();
    }
    const struct metadata_entry *entries;
    const struct metadata_problem *problems;
    struct str description;
    size_t len, count;
    if (metadata_read_entries(text, &arena, &entries, &len, &description, &err)) {
        metadata_check(entries, len, &arena, &problems, &count);
        for (size_t i = 0; i < count; i++)
            if (!problems[i].what.len)
                __builtin_trap();
    }
    (void)!metadata_parse_wheel(text, &arena, &wheel, &err);
    return 0;
}
