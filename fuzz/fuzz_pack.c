/* Packs: a recipe is read or refused with its place, and never builds from what no digest pins; a
 * listing of a source package gives names that stay in their folder. */
#include "image/pack_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct str text = str_of(data, size);
    struct pack_recipe recipe;
    struct pack_source source;
    struct digest digest;
    struct err err = {0}, other = {0};
    if (!pack_recipe_parse(text, STR("p.yaml"), &arena, &recipe, &err)) {
        if (!err.text[0])
            __builtin_trap();
    } else if (recipe.url.len && !digest_from_hex(recipe.sha256, &digest)) {
        __builtin_trap();
    }
    if (pack_source_parse(text, &arena, &source, &other))
        for (size_t i = 0; i < source.len; i++)
            if (str_has_char(source.files[i].name, '/') || source.files[i].name.ptr[0] == '.')
                __builtin_trap();
    return 0;
}
