/* Core metadata and WHEEL files. */
#include "pkg/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct metadata metadata;
    struct metadata_wheel wheel;
    struct err err;
    struct str text = str_of(data, size);
    if (metadata_parse(text, &arena, &metadata, &err)) {
        (void)metadata_is_static(&metadata);
        if (metadata.header_len > size)
            __builtin_trap();
    }
    (void)!metadata_parse_wheel(text, &arena, &wheel, &err);
    return 0;
}
