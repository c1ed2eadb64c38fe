/* What can be imported from a wheel; the tables of recipes and of known-answer checks. */
#include "build/modules.h"

#include "../index/fixture.h"
#include "build/check_spec.h"
#include "base/json.h"
#include "build/recipe.h"
#include "os/file.h"
#include "unit.h"

static struct modules find(struct arena *arena, const char *const *paths)
{
    struct err err = {0};
    struct modules found = {0};
    VEC(struct fixture_member) members = {0};
    const char *dir = fixture_dir(arena);
    for (; *paths; paths++)
        *vec_push(&members, arena) = (struct fixture_member){*paths, ""};
    *vec_push(&members, arena) = (struct fixture_member){"d-1.dist-info/WHEEL", ""};
    *vec_push(&members, arena) = (struct fixture_member){0};
    fixture_zip(dir, "d-1-py3-none-any.whl", members.at);
    WHEELFILE_AUTO struct wheelfile *wheel = NULL;
    assert_ok(
        wheelfile_open(arena_printf(arena, "%s/d-1-py3-none-any.whl", dir).ptr, &wheel, &err));
    modules_find(wheel, arena, &found);
    size_t count;
    const struct wheelfile_member *in = wheelfile_members(wheel, &count);
    for (size_t i = 0; i < count; i++) /* names outlive the wheel: none borrows from it */
        for (size_t k = 0; k < found.modules.len; k++)
            assert_false(found.modules.at[k].ptr >= in[i].path.ptr &&
                         found.modules.at[k].ptr <= in[i].path.ptr + in[i].path.len);
    fixture_remove(dir);
    return found;
}

static void test_packages(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const char *const paths[] = {"a/__init__.py",
                                 "a/b/__init__.py",
                                 "a/b/c/__init__.py",
                                 "ns/pkg/__init__.py",
                                 "ns/pkg/deep/__init__.py",
                                 "single.py",
                                 "data.txt",
                                 "a/plain.py",
                                 NULL};
    struct modules found = find(&arena, paths);
    assert_int_equal(found.modules.len, 3);
    assert_str(found.modules.at[0], "a");
    assert_str(found.modules.at[1], "ns.pkg");
    assert_str(found.modules.at[2], "single");
    assert_int_equal(found.extensions.len, 0);
}

static void test_left_out(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const char *const paths[] = {"tests/__init__.py",
                                 "a/tests/__init__.py",
                                 "a/tests/x.so",
                                 "docs/conf.py",
                                 "examples/__init__.py",
                                 "conftest.py",
                                 "setup.py",
                                 "__init__.py",
                                 "__main__.py",
                                 "a.libs/libz-1.so",
                                 "d-1.data/purelib/p/__init__.py",
                                 "__pycache__/x.py",
                                 NULL};
    struct modules found = find(&arena, paths);
    for (size_t i = 0; i < found.modules.len; i++)
        fail_msg("%.*s is no module of it", STR_ARG(found.modules.at[i]));
    assert_int_equal(found.extensions.len, 0);
}

static void test_extensions(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const char *const paths[] = {"a/_fast.cpython-311-s390x-linux-gnu.so",
                                 "top.abi3.so",
                                 "ns/x/y.so",
                                 "a/lib.so.2",
                                 "a/libfoo.so",
                                 NULL};
    struct modules found = find(&arena, paths);
    assert_int_equal(found.extensions.len, 3);
    assert_str(found.extensions.at[0], "a._fast");
    assert_str(found.extensions.at[1], "top");
    assert_str(found.extensions.at[2], "ns.x.y");
    assert_int_equal(found.modules.len, 0);
}

static void test_recipes(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const struct spec_files none = {0};
    const struct spec_list unasked = {0};
    struct spec_list words = recipe_for(STR("numpy"), none, unasked, &arena);
    assert_true(words.len >= 3);
    struct spec_list settings = recipe_values(words, STR("setting"), &arena);
    assert_int_equal(settings.len, words.len);
    assert_true(str_starts(settings.at[0], STR("setup-args=")));
    assert_int_equal(recipe_values(words, STR("apt"), &arena).len, 0);
    assert_str(
        recipe_values(recipe_for(STR("pyyaml"), none, unasked, &arena), STR("apt"), &arena).at[0],
        "libyaml-dev");
    assert_int_equal(recipe_for(STR("no-such-package"), none, unasked, &arena).len, 0);
    assert_int_equal(recipe_for(STR("#"), none, unasked, &arena).len, 0);
    const struct str word = STR("setting:a=b");
    struct spec_list asked = recipe_for(STR("x"), none, (struct spec_list){&word, 1}, &arena);
    assert_int_equal(asked.len, 1);
    assert_str(asked.at[0], "setting:a=b");
    const struct str odd[] = {STR("apt"), STR("apt:"), STR("env:A=b:c"), STR("")};
    struct spec_list values = recipe_values((struct spec_list){odd, 4}, STR("apt"), &arena);
    assert_int_equal(values.len, 1);
    assert_int_equal(values.at[0].len, 0);
    assert_str(recipe_values((struct spec_list){odd, 4}, STR("env"), &arena).at[0], "A=b:c");
}

static void test_recipe_check(void **state)
{
    (void)state;
    static const char *const good[] = {
        "apt:libssl-dev", "apt:g++",   "apt:flex:native", "dnf:openssl-devel", "dnf:libX11-devel",
        "pip:cython<3",   "tool:rust", "pack:openblas",   "env:CFLAGS=-O1 -g", "setting:a=",
    };
    static const char *const bad[] = {
        "",      "apt",      "apt:",    "apt:-o",   "apt:../etc", "apt:a b",
        "apt:x", "pip:",     "pip:a b", "pip:-r x", "env:",       "env:=x",
        "env:A", "pack:a/b", "rpm:lib", "APT:libx", "apt:a\nb",   "apt::native",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct err err = {0};
        if (!recipe_check(str_from(good[i]), &err))
            fail_msg("%s: %s", good[i], err.text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        if (recipe_check(str_from(bad[i]), &err))
            fail_msg("\"%s\" is taken", bad[i]);
        assert_int_equal(err.code, ERR_USAGE);
    }
    /* whatever its table has */
    ARENA_AUTO struct arena arena = {0};
    static const char *const names[] = {"numpy", "lxml", "scipy", "cryptography", "cffi"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct spec_list words =
            recipe_for(str_from(names[i]), (struct spec_files){0}, (struct spec_list){0}, &arena);
        struct err err = {0};
        for (size_t k = 0; k < words.len; k++)
            assert_ok(recipe_check(words.at[k], &err));
    }
}

/* What a package is built with brings rows too, each word once. */
static void test_recipes_of_requirements(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const struct spec_file files[] = {
        {.filename = STR("setuptools-84.0-py3-none-any.whl")},
        {.filename = STR("setuptools_rust-1.13.0-py3-none-any.whl")},
        {.filename = STR("maturin-1.9-py3-none-manylinux_2_17_x86_64.whl")},
        {.filename = STR("not a wheel")},
    };
    const struct spec_list unasked = {0};
    struct spec_list words =
        recipe_for(STR("no-such-package"), (struct spec_files){files, 4}, unasked, &arena);
    struct spec_list tools = recipe_values(words, STR("tool"), &arena);
    assert_int_equal(words.len, 1);
    assert_int_equal(tools.len, 1);
    assert_str(tools.at[0], "rust");
    assert_int_equal(recipe_for(STR("x"), (struct spec_files){files, 1}, unasked, &arena).len, 0);
    /* A package of that name is not built with it. */
    assert_int_equal(recipe_for(STR("*maturin"), (struct spec_files){0}, unasked, &arena).len, 0);
}

static void test_check(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    const char *dir = fixture_dir(&arena);
    struct modules found = {0};
    *vec_push(&found.modules, &arena) = STR("markupsafe");
    *vec_push(&found.extensions, &arena) = STR("markupsafe._speedups");
    const char *const names[] = {"markupsafe", "unknown"};
    for (size_t i = 0; i < 2; i++) {
        JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        BUF_AUTO struct buf text = {0};
        struct str source = {0};
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, root);
        assert_ok(
            check_spec_add(doc, root, str_from(names[i]), &found, dir, "/work", &arena, &err));
        json_write(doc, false, &text);
        const char *file = arena_printf(&arena, "%s/check-%s.py", dir, names[i]).ptr;
        bool written = file_read(AT_FDCWD, file, 1 << 20, &arena, &source, &err);
        assert_int_equal(written, i == 0);
        assert_true(str_eq(source, check_spec_source(str_from(names[i]), &arena)));
        assert_str(buf_str(&text),
                   i == 0
                       ? "{\"modules\":[\"markupsafe\"],\"extensions\":[\"markupsafe._speedups\"],"
                         "\"check\":\"/work/check-markupsafe.py\"}"
                       : "{\"modules\":[\"markupsafe\"],"
                         "\"extensions\":[\"markupsafe._speedups\"]}");
    }
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packages),     cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_extensions),   cmocka_unit_test(test_recipes),
        cmocka_unit_test(test_recipe_check), cmocka_unit_test(test_recipes_of_requirements),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
