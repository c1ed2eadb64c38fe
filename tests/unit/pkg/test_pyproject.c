#include "unit.h"

#include <string.h>

#include "pkg/pyproject.h"

static void nothing_means_setuptools(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct pyproject p;
    assert_ok(pyproject_parse(STR(""), "p", &arena, &p, &err));
    assert_false(p.has_build_system);
    assert_str(p.requires[0], "setuptools>=40.8.0");
    assert_str(p.backend, "setuptools.build_meta:__legacy__");
    assert_ok(pyproject_parse(STR("[build-system]\nrequires=['a','b']\n"), "p", &arena, &p, &err));
    assert_int_equal(p.requires_len, 2);
    assert_str(p.backend, "setuptools.build_meta:__legacy__");
}

static void tables_are_read(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct pyproject p;
    assert_ok(pyproject_parse(STR("[build-system]\nrequires=['flit_core >=3']\n"
                                  "build-backend='flit_core.buildapi'\nbackend-path=['.','b']\n"
                                  "[project]\nname='x'\ndynamic=['version']\n"
                                  "dependencies=['a>1']\nrequires-python='>=3.8'\n"
                                  "[project.optional-dependencies]\ntest=['pytest','cov']\n"),
                              "p", &arena, &p, &err));
    assert_str(p.backend, "flit_core.buildapi");
    assert_int_equal(p.backend_path_len, 2);
    assert_str(p.name, "x");
    assert_true(pyproject_is_dynamic(&p, STR("version")));
    assert_false(pyproject_is_dynamic(&p, STR("dependencies")));
    assert_str(p.dependencies[0], "a>1");
    assert_str(p.extras[0].name, "test");
    assert_int_equal(p.extras[0].dependencies_len, 2);
}

static void wrong_shapes_are_named(void **state)
{
    (void)state;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"[build-system]\n", "p:1:1: [build-system] has no \"requires\""},
        {"[build-system]\nrequires='a'\n", "p:2:10: build-system.requires must be an array"},
        {"[build-system]\nrequires=[1]\n", "not an integer"},
        {"[build-system]\nrequires=[]\nbackend-path=['../x']\n", "leaves the project"},
        {"[build-system]\nrequires=[]\nbackend-path=['/x']\n", "leaves the project"},
        {"project=1\n", "project must be a table"},
        {"[project]\nname=[]\n", "name must be a string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct pyproject p;
        assert_false(pyproject_parse(str_from(cases[i].text), "p", &arena, &p, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("\"%s\" has no \"%s\"", err.text, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_means_setuptools),
        cmocka_unit_test(tables_are_read),
        cmocka_unit_test(wrong_shapes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
