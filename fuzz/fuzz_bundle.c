/* The manifest of a bundle: no path that is read leads anywhere but below its few directories. */
#include "bundle/bundle.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct bundle bundle, again;
    struct str text;
    size_t blobs;
    if (!bundle_read(str_of(data, size), &arena, &bundle, &err))
        return 0;
    for (size_t i = 0; i < bundle.files_len; i++)
        if (!file_path_is_safe(bundle.files[i].path) || bundle.files[i].size < 0)
            __builtin_trap();
    for (size_t i = 0; i < bundle.links_len; i++)
        if (!file_path_is_safe(bundle.links[i].path) ||
            str_starts(bundle.links[i].path, STR("index/")))
            __builtin_trap();
    (void)bundle_blobs(&bundle, &arena, &blobs);
    if (blobs > bundle.files_len)
        __builtin_trap();
    bundle_write(&bundle, &arena, &text);
    if (!bundle_read(text, &arena, &again, &err) || again.files_len != bundle.files_len ||
        again.bytes != bundle.bytes)
        __builtin_trap();
    return 0;
}
