/* Catalogues: any bytes are read or complained of; what is imported is read again as the same. */
#include "hint/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf out = {0};
    struct hint_catalogue catalogue;
    struct hint_complaints complaints;
    struct hint_import import, again;
    const struct hint_source source = {STR("h.yaml"), str_of(data, size), ORIGIN_SHIPPED};
    if (size > 1 << 16) /* as large ones are many small ones */
        return 0;
    catalogue_open(&source, 1, false, &arena, &catalogue, &complaints);
    for (size_t i = 0; i < catalogue.len; i++)
        (void)catalogue_matches(&catalogue.at[i], str_of(data, size), NULL);
    catalogue_close(&catalogue);
    import_read(str_of(data, size), STR("h.yaml"), &arena, &import);
    import_write(&import, &out);
    import_read(buf_str(&out), STR("again.yaml"), &arena, &again);
    if (again.len != import.len)
        __builtin_trap();
    return 0;
}
