/* YAML of catalogues: any bytes are a tree or are refused with a place. */
#include "base/yamltree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const struct yamltree *tree)
{
    size_t nodes = 1;
    for (size_t i = 0; tree->kind != YAMLTREE_TEXT && i < tree->len; i++)
        nodes += count(&tree->items[i]);
    return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct yamltree root;
    struct err err = {0};
    if (!yamltree_read(str_of(data, size), STR("t.yaml"), 1, &arena, &root, &err)) {
        if (!err.text[0])
            __builtin_trap();
    } else if (count(&root) > YAMLTREE_NODE_LIMIT + 1) {
        __builtin_trap();
    }
    return 0;
}
