#include "build/recipe.h"

#include "base/embedded.h"
#include "base/vec.h"
#include "pkg/name.h"
#include "pkg/requirement.h"
#include "wheelfile/wheelfile.h"

#include <string.h>

extern const struct embedded_file build_recipes[];

/* Whether a row's first column means this build: its package, or "*" and what it is built with. */
static bool recipe_applies(struct str row, struct str name, struct spec_files requires,
                           struct arena *arena)
{
    struct err ignored = {0};
    struct wheelfile_name wheel;
    if (!str_starts(row, STR("*")))
        return str_eq(row, name);
    for (size_t i = 0; i < requires.len; i++)
        if (wheelfile_parse_name(requires.at[i].filename, &wheel, &ignored) &&
            str_eq(name_normal(wheel.name, arena), str_from_pos(row, 1)))
            return true;
    return false;
}

bool recipe_has(struct spec_list words, struct str word)
{
    for (size_t i = 0; i < words.len; i++)
        if (str_eq(words.at[i], word))
            return true;
    return false;
}

struct spec_list recipe_for(struct str name, struct spec_files requires, struct spec_list asked,
                            struct arena *arena)
{
    VEC(struct str) words = {0};
    for (size_t i = 0; i < asked.len; i++)
        *vec_push(&words, arena) = asked.at[i];
    struct str rest = embedded_find(build_recipes, STR("recipes.tsv")), line;
    while (str_next_line(&rest, &line)) {
        struct str row, tail, kind, value;
        if (str_starts(line, STR("#")) || !str_cut(line, '\t', &row, &tail) ||
            !str_cut(tail, '\t', &kind, &value) || !recipe_applies(row, name, requires, arena))
            continue;
        struct str word = arena_printf(arena, STR_FMT ":" STR_FMT, STR_ARG(kind), STR_ARG(value));
        if (!recipe_has((struct spec_list){words.at, words.len}, word))
            *vec_push(&words, arena) = word;
    }
    struct spec_list patches =
        recipe_values((struct spec_list){words.at, words.len}, STR("patch"), arena);
    if (patches.len) /* the program that applies them */
        *vec_push(&words, arena) = STR("tool:patch");
    return (struct spec_list){words.at, words.len};
}

static bool recipe_is_file(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!char_is_alnum(value.ptr[i]) && (i == 0 || !strchr("+-._", value.ptr[i])))
            return false;
    return value.len > 0 && value.len < 200;
}

static bool recipe_is_package(struct str value)
{
    static const struct str native = STR_INIT(":native");
    if (str_ends(value, native))
        value = str_slice(value, 0, value.len - native.len);
    return value.len > 1 && recipe_is_file(value);
}

static bool recipe_is_name(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!char_is_alnum(value.ptr[i]) && (i == 0 || value.ptr[i] != '-'))
            return false;
    return value.len > 0 && value.len < 100;
}

static bool recipe_is_pair(struct str value)
{
    struct str key, rest;
    return str_cut(value, '=', &key, &rest) && key.len && str_find_char(value, '\0') == value.len;
}

static bool recipe_is_requirement(struct str value)
{
    ARENA_AUTO struct arena scratch = {0};
    struct requirement req;
    struct err ignored = {0};
    return requirement_parse(value, &scratch, &req, &ignored);
}

static const struct {
    struct str kind;
    bool (*fits)(struct str value);
    const char *form;
} recipe_kinds[] = {
    {STR_INIT("apt"), recipe_is_package, "name of a package"},
    {STR_INIT("dnf"), recipe_is_package, "name of a package"},
    {STR_INIT("pip"), recipe_is_requirement, "requirement such as cython<3"},
    {STR_INIT("pack"), recipe_is_name, "name of a pack"},
    {STR_INIT("tool"), recipe_is_name, "name of a set of tools: rust, fortran, cmake"},
    {STR_INIT("patch"), recipe_is_file, "name of a file in the cache's folder patches"},
    {STR_INIT("setting"), recipe_is_pair, "setting of the backend, KEY=VALUE"},
    {STR_INIT("env"), recipe_is_pair, "variable of the environment, KEY=VALUE"},
};

bool recipe_check(struct str word, struct err *err)
{
    struct str kind, value;
    str_cut(word, ':', &kind, &value);
    for (size_t i = 0; i < sizeof recipe_kinds / sizeof *recipe_kinds; i++) {
        if (!str_eq(kind, recipe_kinds[i].kind))
            continue;
        if (recipe_kinds[i].fits(value))
            return true;
        return err_set(err, ERR_USAGE, "recipe \"" STR_FMT "\": behind \"%s:\" stands the %s",
                       STR_ARG(str_slice(word, 0, 100)), recipe_kinds[i].kind.ptr,
                       recipe_kinds[i].form);
    }
    return err_set(err, ERR_USAGE,
                   "recipe \"" STR_FMT "\" is none: give one like apt:libssl-dev, pip:cython<3 or "
                   "env:CFLAGS=-O1",
                   STR_ARG(str_slice(word, 0, 100)));
}

struct spec_list recipe_values(struct spec_list words, struct str kind, struct arena *arena)
{
    VEC(struct str) values = {0};
    for (size_t i = 0; i < words.len; i++) {
        struct str head, value;
        if (str_cut(words.at[i], ':', &head, &value) && str_eq(head, kind))
            *vec_push(&values, arena) = value;
    }
    return (struct spec_list){values.at, values.len};
}
