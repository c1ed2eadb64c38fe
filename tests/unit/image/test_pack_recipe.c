#include "image/pack_recipe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "unit.h"

#define GOOD                                                                                       \
    "name: libx\nsource: libx-src\nneeds: [zlib]\ntools: perl\nbuild: autotools\n"                 \
    "options: [--a, \"--b c\"]\nprovides: [header:x.h]\nfor: [x-python]\n"

static void a_recipe_is_read(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct pack_recipe recipe;
    struct err err = {0};
    assert_ok(pack_recipe_parse(STR(GOOD), STR("x.yaml"), &arena, &recipe, &err));
    assert_str(recipe.name, "libx");
    assert_str(recipe.source, "libx-src");
    assert_int_equal(recipe.tools.len, 1);
    assert_str(recipe.options.at[1], "--b c");
    assert_str(recipe.provides.at[0], "header:x.h");
    assert_str(recipe.meant_for.at[0], "x-python");
    assert_str(recipe.text, GOOD);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"source: a\nbuild: cmake\n", "x.yaml:1: name: a plain name"},
        {"name: ../a\nsource: a\nbuild: cmake\n", "name: a plain name"},
        {"name: a\nsource: a\nbuild: waf\n", "build: one of autotools"},
        {"name: a\nbuild: cmake\n", "source, or url and sha256"},
        {"name: a\nsource: a\nbuild: relink\n", "no source of its own"},
        {"name: a\nsource: -o\nbuild: cmake\n", "source: the name"},
        {"name: a\nurl: u\nsha256: 12\nbuild: cmake\n", "url needs its sha256"},
        {"name: a\nsource: a\nbuild: script\n", "build: script and script:"},
        {"name: a\nsource: a\nbuild: cmake\nscript: x\n", "build: script and script:"},
        {"name: a\nsource: a\nbuild: cpython\npython: 3\n", "python: a version like"},
        {"name: a\nsource: a\nbuild: cpython\npython: 2.7\n", "python: a version like"},
        {"name: a\nsource: a\nbuild: relink\n", "no source of its own"},
        {"name: a\nbuild: relink\npackages: [a=1]\n", "packages: \"a=1\" is no name"},
        {"name: a\nsource: a\nbuild: cmake\nneeds: [a/b]\n", "needs: \"a/b\" is no name"},
        {"name: a\nsource: a\nbuild: cmake\ntools: [-t]\n", "tools: \"-t\" is no name"},
        {"name: a\nsource: a\nbuild: cmake\n\nneed: [b]\n", "x.yaml:5: \"need\" means nothing"},
        {"- a\n", "a mapping is expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct pack_recipe recipe;
        struct err err = {0};
        assert_false(
            pack_recipe_parse(str_from(cases[i].text), STR("x.yaml"), &arena, &recipe, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("\"%s\" has no \"%s\"", err.text, cases[i].says);
    }
}

/* Writes name -> text into the directory. */
static void put(const char *dir, const char *name, const char *text)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    assert_ok(file_write(AT_FDCWD, file_join(&arena, str_from(dir), str_from(name)).ptr, 0644,
                         str_from(text), &err));
}

static void all_are_in_building_order(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct pack_recipes recipes;
    struct err err = {0};
    char dir[] = "/tmp/pack-recipe-XXXXXX";
    assert_non_null(mkdtemp(dir));
    put(dir, "a.yaml", "name: a\nsource: a\nbuild: cmake\nneeds: [z, zlib]\n");
    put(dir, "z.yaml", "name: z\nsource: z\nbuild: cmake\n");
    put(dir, "own.yaml", "name: zlib\nsource: own\nbuild: cmake\n");
    put(dir, "README", "no recipe");
    assert_ok(pack_recipes_load(str_from(dir), &arena, &recipes, &err));
    for (size_t i = 0; i < recipes.len; i++)
        for (size_t k = 0; k < recipes.at[i].needs.len; k++)
            assert_true(pack_recipes_find(&recipes, recipes.at[i].needs.at[k]) < i);
    size_t zlib = pack_recipes_find(&recipes, STR("zlib"));
    assert_str(recipes.at[zlib].source, "own"); /* in place of the program's */
    assert_true(pack_recipes_find(&recipes, STR("a")) < recipes.len);
    assert_int_equal(pack_recipes_find(&recipes, STR("nothing")), recipes.len);
    put(dir, "z.yaml", "name: z\nsource: z\nbuild: cmake\nneeds: [a]\n");
    assert_false(pack_recipes_load(str_from(dir), &arena, &recipes, &err));
    assert_non_null(strstr(err.text, "needs itself"));
    put(dir, "z.yaml", "name: z\nsource: z\nbuild: cmake\nneeds: [nowhere]\n");
    assert_false(pack_recipes_load(str_from(dir), &arena, &recipes, &err));
    assert_non_null(strstr(err.text, "pack z needs nowhere, which is no pack"));
    assert_ok(file_remove_tree(AT_FDCWD, dir, &err));
}

static void what_a_pack_is_for(void **state)
{
    (void)state;
    static const struct str meant[] = {STR_INIT("lxml"), STR_INIT("*-xml"),
                                       STR_INIT("backend:meson*")};
    const struct pack_recipe recipe = {.meant_for = {meant, 3}};
    static const struct {
        const char *package, *backend;
        bool meant;
    } cases[] = {
        {"lxml", "setuptools.build_meta", true},
        {"lxml2", "setuptools.build_meta", false},
        {"fast-xml", "", true},
        {"scipy", "mesonpy", true},
        {"scipy", "", false},
        {"mesonpy", "flit_core.buildapi", false}, /* a backend's name is no package's */
        {"backend", "setuptools.build_meta", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (pack_recipe_is_for(&recipe, str_from(cases[i].package), str_from(cases[i].backend)) !=
            cases[i].meant)
            fail_msg("%s by %s", cases[i].package, cases[i].backend);
}

static void what_provides_a_thing(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct pack_recipes recipes;
    struct err err = {0};
    assert_ok(pack_recipes_load(STR(""), &arena, &recipes, &err));
    size_t bzip2 = pack_recipes_with(&recipes, STR("header"), STR("bzlib.h"));
    assert_true(bzip2 < recipes.len);
    assert_str(recipes.at[bzip2].name, "bzip2");
    assert_int_equal(pack_recipes_with(&recipes, STR("library"), STR("bz2")), bzip2);
    assert_int_equal(pack_recipes_with(&recipes, STR("library"), STR("bzlib.h")), recipes.len);
    assert_int_equal(pack_recipes_with(&recipes, STR("header"), STR("")), recipes.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recipe_is_read),          cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(all_are_in_building_order), cmocka_unit_test(what_a_pack_is_for),
        cmocka_unit_test(what_provides_a_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
