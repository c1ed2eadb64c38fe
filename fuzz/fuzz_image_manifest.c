/* Manifests, indexes and configs: content type, then the document behind the first newline. */
#include "oci/image_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct image_manifest manifest;
    struct image_manifest_descriptor entry;
    struct str type, json;
    str_cut(str_of(data, size), '\n', &type, &json);
    (void)!image_manifest_check_config(json, STR("s390x"), &err);
    if (!image_manifest_parse(json, type, &arena, &manifest, &err))
        return 0;
    if (manifest.kind == IMAGE_MANIFEST_ONE && (!manifest.layers.len || manifest.entries.len))
        __builtin_trap();
    if (manifest.kind == IMAGE_MANIFEST_INDEX &&
        image_manifest_choose(&manifest, STR("s390x"), &entry, &err) &&
        !str_eq(entry.architecture, STR("s390x")))
        __builtin_trap();
    return 0;
}
