#include "unit.h"

#include <string.h>

#include "pkg/metadata.h"

static void fields_are_read_up_to_the_blank_line(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct metadata m;
    struct str text = STR("Metadata-Version: 2.5\r\n"
                          "name:  Foo.Bar \r\n"
                          "Version: 1.0rc1\r\n"
                          "Requires-Python: >=3.8,\r\n"
                          "\t<4\r\n"
                          "Requires-Dist: a>=1\r\n"
                          "Requires-Dist: b; extra == 'x'\r\n"
                          "Provides-Extra: x\r\n"
                          "Dynamic: License\r\n"
                          "Import-Name: foo ; private\r\n"
                          "Import-Name: bar\r\n"
                          "\r\n"
                          "Requires-Dist: text, not a field\r\n");
    assert_ok(metadata_parse(text, &arena, &m, &err));
    assert_str(m.name, "Foo.Bar");
    assert_str(m.version, "1.0rc1");
    assert_str(m.requires_python, ">=3.8, <4");
    assert_int_equal(m.major, 2);
    assert_int_equal(m.minor, 5);
    assert_int_equal(m.requires_dist_len, 2);
    assert_str(m.requires_dist[1], "b; extra == 'x'");
    assert_int_equal(m.provides_extra_len, 1);
    assert_true(metadata_is_dynamic(&m, STR("license")));
    assert_true(metadata_is_static(&m));
    assert_int_equal(m.import_names_len, 2);
    assert_str(m.import_names[0], "foo");
}

static void static_means_2_2_and_not_dynamic(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct metadata m;
    assert_ok(
        metadata_parse(STR("Metadata-Version: 2.1\nName: a\nVersion: 1\n"), &arena, &m, &err));
    assert_false(metadata_is_static(&m));
    assert_ok(metadata_parse(STR("Metadata-Version: 2.2\nName: a\nVersion: 1\n"
                                 "Dynamic: requires-dist\n"),
                             &arena, &m, &err));
    assert_false(metadata_is_static(&m));
    assert_ok(
        metadata_parse(STR("Metadata-Version: 2.2\nName: a\nVersion: 1\n"), &arena, &m, &err));
    assert_true(metadata_is_static(&m));
}

static void refuses_what_it_cannot_mean(void **state)
{
    (void)state;
    const struct {
        struct str text;
        const char *says;
    } cases[] = {
        {STR(""), "Name is missing"},
        {STR("Name: a\n"), "Version is missing"},
        {STR("Name: a\nVersion: 1\nMetadata-Version: 3.0\n"), "3.0 is not known"},
        {STR("Name: a\nVersion: 1\nMetadata-Version: two\n"), "not a number pair"},
        {STR("Name: a\0b\nVersion: 1\n"), "line 1: a NUL byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct metadata m;
        assert_false(metadata_parse(cases[i].text, &arena, &m, &err));
        assert_int_equal(err.code, ERR_FORMAT);
        assert_non_null(strstr(err.text, cases[i].says));
    }
}

static void wheel_file(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct metadata_wheel w;
    assert_ok(metadata_parse_wheel(STR("Wheel-Version: 1.0\nGenerator: x (1)\n"
                                       "Root-Is-Purelib: false\nTag: cp311-cp311-linux_s390x\n"
                                       "Tag: cp311-abi3-linux_s390x\nBuild: 2\n"),
                                   &arena, &w, &err));
    assert_false(w.root_is_purelib);
    assert_int_equal(w.tags_len, 2);
    assert_str(w.tags[1], "cp311-abi3-linux_s390x");
    assert_str(w.build, "2");
    assert_false(metadata_parse_wheel(STR("Wheel-Version: 2.0\n"), &arena, &w, &err));
    assert_false(metadata_parse_wheel(STR("Tag: x\n"), &arena, &w, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_up_to_the_blank_line),
        cmocka_unit_test(static_means_2_2_and_not_dynamic),
        cmocka_unit_test(refuses_what_it_cannot_mean),
        cmocka_unit_test(wheel_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
