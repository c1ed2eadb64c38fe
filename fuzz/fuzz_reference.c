/* Names of images: what parses, parses again from its full form and means the same. */
#include "oci/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct reference first, second;
    if (!reference_parse(str_of(data, size), &arena, &first, &err))
        return 0;
    struct str text = reference_text(&first, &arena);
    if (!reference_parse(text, &arena, &second, &err) ||
        !str_eq(text, reference_text(&second, &arena)) ||
        reference_is_loopback(&first) != reference_is_loopback(&second))
        __builtin_trap();
    return 0;
}
