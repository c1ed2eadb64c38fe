#include "wheelfile/retag.h"

#include <stdlib.h>

#include "base/vec.h"

typedef VEC(struct str) strings;

static int by_text(const void *left, const void *right)
{
    return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

static void add_tags(struct str pythons, struct str abis, struct str platforms, strings *tags,
                     struct arena *arena)
{
    struct str python, abi, platform;
    for (struct str a = pythons; str_next(&a, '.', &python);)
        for (struct str b = abis; str_next(&b, '.', &abi);)
            for (struct str c = platforms; str_next(&c, '.', &platform);)
                *vec_push(tags, arena) =
                    arena_printf(arena, STR_FMT "-" STR_FMT "-" STR_FMT, STR_ARG(python),
                                 STR_ARG(abi), STR_ARG(platform));
}

static bool is_field(struct str line, struct str name, struct str *value)
{
    struct str head, tail;
    if (!str_cut(line, ':', &head, &tail) || !str_eq_nocase(head, name))
        return false;
    *value = str_trim(tail);
    return true;
}

void wheelfile_retag(struct str wheel_text, const struct wheelfile_name *name, struct str platforms,
                     struct arena *arena, struct buf *out)
{
    strings tags = {0};
    struct str rest = wheel_text, line, value;
    while (str_next_line(&rest, &line)) {
        struct str python, abi, platform, tail;
        if (is_field(line, STR("Tag"), &value)) {
            if (str_cut(value, '-', &python, &tail) && str_cut(tail, '-', &abi, &platform))
                add_tags(python, abi, platforms, &tags, arena);
        } else if (is_field(line, STR("Root-Is-Purelib"), &value)) {
            buf_add(out, STR("Root-Is-Purelib: false\n"));
        } else if (line.len != 0) {
            buf_printf(out, STR_FMT "\n", STR_ARG(line));
        }
    }
    if (tags.len == 0)
        add_tags(name->python, name->abi, platforms, &tags, arena);
    if (tags.len > 1)
        qsort(tags.at, tags.len, sizeof *tags.at, by_text);
    for (size_t i = 0; i < tags.len; i++)
        if (i == 0 || !str_eq(tags.at[i - 1], tags.at[i]))
            buf_printf(out, "Tag: " STR_FMT "\n", STR_ARG(tags.at[i]));
}

struct str wheelfile_retag_name(const struct wheelfile_name *name, struct str platforms,
                                struct arena *arena)
{
    return arena_printf(
        arena, STR_FMT "-" STR_FMT "%s" STR_FMT "-" STR_FMT "-" STR_FMT "-" STR_FMT ".whl",
        STR_ARG(name->name), STR_ARG(name->version), name->build.len == 0 ? "" : "-",
        STR_ARG(name->build), STR_ARG(name->python), STR_ARG(name->abi), STR_ARG(platforms));
}
