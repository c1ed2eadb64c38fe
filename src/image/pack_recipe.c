#include "image/pack_recipe.h"

#include <fcntl.h>

#include "base/digest.h"
#include "base/embedded.h"
#include "base/vec.h"
#include "hint/applies.h"
#include "os/file.h"

extern const struct embedded_file pack_files[]; /* data/packs, by scripts/embed_table.py */

enum { PACK_FILE_MAX = 1 << 20 };

static const char *const pack_builds[] = {"autotools", "cmake", "cpython", "script", "relink"};

static bool is_plain(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!char_is_alnum(name.ptr[i]) && (i == 0 || !str_has_char(STR("+-."), name.ptr[i])))
            return false;
    return name.len > 0 && name.len < 100;
}

/* "3.13" */
static bool is_python(struct str text)
{
    struct str major, minor;
    uint64_t number;
    return str_cut(text, '.', &major, &minor) && str_eq(major, STR("3")) &&
           str_to_u64(minor, &number);
}

static bool are_plain(const struct yamltree *at, const struct yamltree_texts *names,
                      const char *key, struct err *err)
{
    for (size_t i = 0; i < names->len; i++)
        if (!is_plain(names->at[i]))
            return yamltree_fail(at, err, "%s: \"" STR_FMT "\" is no name", key,
                                 STR_ARG(str_slice(names->at[i], 0, 100)));
    return true;
}

static bool check(const struct yamltree *root, const struct pack_recipe *recipe, struct err *err)
{
    struct digest digest;
    bool known = false;
    for (size_t i = 0; i < sizeof pack_builds / sizeof *pack_builds; i++)
        known = known || str_eq(recipe->build, str_from(pack_builds[i]));
    if (!is_plain(recipe->name))
        return yamltree_fail(root, err, "name: a plain name is needed");
    if (!known)
        return yamltree_fail(root, err, "build: one of autotools, cmake, cpython, script, relink");
    bool relinked = str_eq(recipe->build, STR("relink"));
    if (relinked == (recipe->source.len || recipe->url.len))
        return yamltree_fail(root, err,
                             relinked ? "what is relinked has no source of its own"
                                      : "source, or url and sha256, say what it is built from");
    if (recipe->source.len && !is_plain(recipe->source))
        return yamltree_fail(root, err, "source: the name of a source package is needed");
    if (recipe->url.len && !digest_from_hex(recipe->sha256, &digest))
        return yamltree_fail(root, err, "url needs its sha256, 64 hexadecimal digits");
    if (recipe->python.len && !is_python(recipe->python))
        return yamltree_fail(root, err, "python: a version like \"3.13\" is needed");
    if (str_eq(recipe->build, STR("script")) != (recipe->script.len > 0))
        return yamltree_fail(root, err, "build: script and script: belong together");
    return are_plain(root, &recipe->needs, "needs", err) &&
           are_plain(root, &recipe->tools, "tools", err) &&
           are_plain(root, &recipe->sets, "sets", err) &&
           are_plain(root, &recipe->packages, "packages", err);
}

bool pack_recipe_parse(struct str text, struct str file, struct arena *arena,
                       struct pack_recipe *recipe, struct err *err)
{
    static const char *const keys[] = {
        "name",    "source", "version",  "url", "sha256", "needs", "tools",    "build",
        "options", "script", "provides", "for", "python", "sets",  "packages", NULL};
    struct pack_recipe made = {.text = text};
    struct yamltree root;
    const struct {
        const char *key;
        struct str *into;
    } texts[] = {{"name", &made.name},     {"source", &made.source}, {"version", &made.version},
                 {"url", &made.url},       {"sha256", &made.sha256}, {"build", &made.build},
                 {"script", &made.script}, {"python", &made.python}};
    const struct {
        const char *key;
        struct yamltree_texts *into;
    } lists[] = {{"needs", &made.needs},       {"tools", &made.tools}, {"options", &made.options},
                 {"provides", &made.provides}, {"sets", &made.sets},   {"packages", &made.packages},
                 {"for", &made.meant_for}};
    if (!yamltree_read(text, file, 1, arena, &root, err) || !yamltree_only(&root, keys, err))
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!yamltree_text(&root, texts[i].key, texts[i].into, err))
            return false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!yamltree_list(&root, lists[i].key, arena, lists[i].into, err))
            return false;
    if (!check(&root, &made, err))
        return false;
    *recipe = made;
    return true;
}

/* ---- all of them ---- */

struct loader {
    struct arena *arena;
    struct str dir;
    VEC(struct pack_recipe) found, sorted;
    VEC(uint8_t) state; /* of found: 0 not visited, 1 open, 2 sorted */
};

static size_t find(const struct pack_recipe *at, size_t len, struct str name)
{
    size_t i = 0;
    while (i < len && !str_eq(at[i].name, name))
        i++;
    return i;
}

static bool add(struct loader *loader, struct str text, struct str file, struct err *err)
{
    struct pack_recipe recipe;
    if (!pack_recipe_parse(text, file, loader->arena, &recipe, err))
        return false;
    size_t known = find(loader->found.at, loader->found.len, recipe.name);
    if (known == loader->found.len)
        vec_push(&loader->found, loader->arena);
    loader->found.at[known] = recipe;
    return true;
}

static bool add_file(void *state, int dirfd, struct str name, struct err *err)
{
    struct loader *loader = state;
    struct str text;
    (void)dirfd;
    if (!str_ends(name, STR(".yaml")))
        return true;
    struct str path = file_join(loader->arena, loader->dir, name);
    return file_read(AT_FDCWD, path.ptr, PACK_FILE_MAX, loader->arena, &text, err) &&
           add(loader, text, path, err);
}

static bool sort(struct loader *loader, size_t index, struct err *err)
{
    const struct pack_recipe *recipe = &loader->found.at[index];
    if (loader->state.at[index] == 2)
        return true;
    if (loader->state.at[index] == 1)
        return err_set(err, ERR_FORMAT, "pack " STR_FMT " needs itself, by way of others",
                       STR_ARG(recipe->name));
    loader->state.at[index] = 1;
    for (size_t i = 0; i < recipe->needs.len; i++) {
        size_t need = find(loader->found.at, loader->found.len, recipe->needs.at[i]);
        if (need == loader->found.len)
            return err_set(err, ERR_FORMAT, "pack " STR_FMT " needs " STR_FMT ", which is no pack",
                           STR_ARG(recipe->name), STR_ARG(recipe->needs.at[i]));
        if (!sort(loader, need, err))
            return false;
    }
    loader->state.at[index] = 2;
    *vec_push(&loader->sorted, loader->arena) = *recipe;
    return true;
}

bool pack_recipes_load(struct str dir, struct arena *arena, struct pack_recipes *recipes,
                       struct err *err)
{
    struct loader loader = {.arena = arena, .dir = dir};
    for (const struct embedded_file *file = pack_files; file->name; file++)
        if (str_ends(str_from(file->name), STR(".yaml")) &&
            !add(&loader, str_of(file->bytes, file->len), str_from(file->name), err))
            return false;
    if (dir.len && !file_each(AT_FDCWD, arena_cstr(arena, dir), add_file, &loader, err))
        return err_wrap(err, "packs of " STR_FMT, STR_ARG(dir));
    for (size_t i = 0; i < loader.found.len; i++)
        *vec_push(&loader.state, arena) = 0;
    for (size_t i = 0; i < loader.found.len; i++)
        if (!sort(&loader, i, err))
            return false;
    *recipes = (struct pack_recipes){loader.sorted.at, loader.sorted.len};
    return true;
}

size_t pack_recipes_find(const struct pack_recipes *recipes, struct str name)
{
    return find(recipes->at, recipes->len, name);
}

size_t pack_recipes_with(const struct pack_recipes *recipes, struct str kind, struct str name)
{
    for (size_t i = 0; i < recipes->len; i++)
        for (size_t k = 0; k < recipes->at[i].provides.len; k++) {
            struct str has, thing;
            if (str_cut(recipes->at[i].provides.at[k], ':', &has, &thing) && str_eq(has, kind) &&
                str_eq(thing, name))
                return i;
        }
    return recipes->len;
}

bool pack_recipe_is_for(const struct pack_recipe *recipe, struct str package, struct str backend)
{
    static const struct str by = STR_INIT("backend:");
    for (size_t i = 0; i < recipe->meant_for.len; i++) {
        struct str pattern = recipe->meant_for.at[i];
        bool of_backend = str_starts(pattern, by);
        struct str text = of_backend ? backend : package;
        if (of_backend)
            pattern = str_from_pos(pattern, by.len);
        if (text.len && applies_glob(pattern, text))
            return true;
    }
    return false;
}
