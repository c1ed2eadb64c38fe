/* Wheels: the archive, METADATA and WHEEL, from a buffer. */
#include <string.h>

#include "index/wheel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fuzz_read(void *state, uint64_t at, void *buf, size_t len, struct err *err)
{
    const struct str *bytes = state;
    if (at > bytes->len || len > bytes->len - at)
        return err_set(err, ERR_FORMAT, "short");
    memcpy(buf, bytes->ptr + at, len);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct str bytes = str_of(data, size);
    struct unzip_source source = {fuzz_read, &bytes, size};
    struct wheel wheel;
    struct err err;
    (void)!wheel_read_source(&source, STR("demo-1.0-py3-none-any.whl"), NULL, &arena, &wheel, &err);
    return 0;
}
