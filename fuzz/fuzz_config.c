/* The configuration file: any bytes parse or are refused with a message. */
#include "cli/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct option_entries entries = {0};
    struct err err = {0};
    if (!config_parse(str_of(data, size), STR("c.yaml"), &arena, &entries, &err) && !err.text[0])
        __builtin_trap();
    return 0;
}
