/* Entries of a scan's cache under a right head and checksum: what a file of ours could not hold. */
#include "index/scan_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct scan_file *file)
{
    const struct metadata *metadata =
        file->kind == SCAN_WHEEL ? &file->wheel.metadata : &file->sdist.metadata;
    volatile char sink = 0;
    for (size_t i = 0; i < metadata->requires_dist_len; i++)
        for (size_t k = 0; k < metadata->requires_dist[i].len; k++)
            sink = metadata->requires_dist[i].ptr[k];
    (void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        enum scan_kind kind;
        struct str name;
    } files[] = {{SCAN_WHEEL, STR_INIT("a-1-py3-none-any.whl")},
                 {SCAN_SDIST, STR_INIT("a-1.tar.gz")}};
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf out = {0};
    const struct scan_options options = {0};
    scan_cache_write(&options, NULL, 0, 0, &out);
    out.len -= DIGEST_SIZE;
    buf_add(&out, str_of(data, size));
    struct digest digest = digest_of(buf_str(&out));
    buf_add(&out, str_of(digest.bytes, DIGEST_SIZE));
    const struct scan_cache *cache = scan_cache_read(buf_str(&out), &options, &arena);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct scan_file file = {.kind = files[i].kind, .filename = files[i].name};
        if (scan_cache_take(cache, &file, &arena))
            use(&file);
    }
    return 0;
}
