#include "unit.h"

#include <string.h>

#include "hint/capability_path.h"

static void test_paths(void **state)
{
    static const struct {
        const char *path, *kind, *key, *dir;
    } rows[] = {
        {"usr/include/zlib.h", "header", "zlib.h", "usr/include"},
        {"/usr/include/openssl/ssl.h", "header", "ssl.h", "usr/include/openssl"},
        {"./usr/include/x/Dense", "header", "Dense", "usr/include/x"},
        {"usr/lib/s390x-linux-gnu/glib-2.0/include/glibconfig.h", "header", "glibconfig.h",
         "usr/lib/s390x-linux-gnu/glib-2.0/include"},
        {"usr/lib/s390x-linux-gnu/pkgconfig/libssl.pc", "pkgconfig", "libssl.pc",
         "usr/lib/s390x-linux-gnu/pkgconfig"},
        {"usr/share/pkgconfig/x.pc", "pkgconfig", "x.pc", "usr/share/pkgconfig"},
        {"usr/lib64/libz.so", "library", "libz.so", "usr/lib64"},
        {"usr/lib/s390x-linux-gnu/libz.a", "library", "libz.a", "usr/lib/s390x-linux-gnu"},
        {"lib/s390x-linux-gnu/libz.so.1.2.13", "soname", "libz.so.1.2.13", "lib/s390x-linux-gnu"},
        {"usr/share/eigen3/cmake/Eigen3Config.cmake", "cmake", "Eigen3Config.cmake",
         "usr/share/eigen3/cmake"},
        {"usr/lib/cmake/fmt/fmt-config.cmake", "cmake", "fmt-config.cmake", "usr/lib/cmake/fmt"},
        {"usr/bin/swig", "program", "swig", "usr/bin"},
        {"sbin/ldconfig", "program", "ldconfig", "sbin"},
        {"usr/lib/python3/dist-packages/yaml/__init__.py", "python", "yaml",
         "usr/lib/python3/dist-packages/yaml"},
        {"usr/lib/python3/dist-packages/google/protobuf/__init__.py", "python", "google.protobuf",
         "usr/lib/python3/dist-packages/google/protobuf"},
        {"usr/lib/python3/dist-packages/six.py", "python", "six", "usr/lib/python3/dist-packages"},
        {"usr/lib64/python3.9/site-packages/_yaml.cpython-39-s390x-linux-gnu.so", "python", "_yaml",
         "usr/lib64/python3.9/site-packages"},
        {"usr/lib/python3.11/tkinter/__init__.py", "python", "tkinter",
         "usr/lib/python3.11/tkinter"},
        {"usr/lib/python3/dist-packages/numpy/core/include/numpy/arrayobject.h", "header",
         "arrayobject.h", "usr/lib/python3/dist-packages/numpy/core/include/numpy"},
    };
    ARENA_AUTO struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct capability_file file = {0};
        if (!capability_path_read(str_from(rows[i].path), &arena, &file))
            fail_msg("not taken: %s", rows[i].path);
        assert_string_equal(capability_path_kind_name(file.kind), rows[i].kind);
        assert_str(file.key, rows[i].key);
        assert_str(file.dir, rows[i].dir);
    }
}

static void test_paths_of_no_use(void **state)
{
    static const char *const paths[] = {
        "",
        "/",
        "usr",
        "usr/include/",
        "usr/share/doc/zlib1g-dev/copyright",
        "usr/share/man/man1/swig.1.gz",
        "usr/include/x/readme.txt",
        "usr/lib/gcc-cross/s390x-linux-gnu/12/include/omp.h",
        "usr/s390x-linux-gnu/include/stdio.h",
        "usr/s390x-linux-gnu/lib/libm.so",
        "usr/lib/debug/usr/lib/libz.so",
        "usr/lib/python3/dist-packages/yaml/loader.py",
        "usr/lib/python3/dist-packages/a/b/c/d/__init__.py",
        "usr/lib/python3x/dist-packages/a.py",
        "usr/lib/x/libz.so.old",
        "usr/bin/x/y",
    };
    ARENA_AUTO struct arena arena = {0};
    struct capability_file file;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (capability_path_read(str_from(paths[i]), &arena, &file))
            fail_msg("taken: %s", paths[i]);
}

static void test_names(void **state)
{
    static const struct {
        enum capability_kind kind;
        const char *name, *first, *second, *under;
    } rows[] = {
        {CAPABILITY_HEADER, "zlib.h", "zlib.h", "", ""},
        {CAPABILITY_HEADER, "openssl/ssl.h", "ssl.h", "", "openssl"},
        {CAPABILITY_HEADER, "../.././a//b/./c.h", "c.h", "", "a/b"},
        {CAPABILITY_HEADER, "../", "", "", ""},
        {CAPABILITY_PKGCONFIG, "libssl", "libssl.pc", "", ""},
        {CAPABILITY_PKGCONFIG, "libssl.pc", "libssl.pc", "", ""},
        {CAPABILITY_LIBRARY, "ssl", "libssl.so", "libssl.a", ""},
        {CAPABILITY_LIBRARY, "-lssl", "libssl.so", "libssl.a", ""},
        {CAPABILITY_CMAKE, "Eigen3", "Eigen3Config.cmake", "eigen3-config.cmake", ""},
        {CAPABILITY_CMAKE, "Eigen3Config.cmake", "Eigen3Config.cmake", "eigen3-config.cmake", ""},
        {CAPABILITY_PROGRAM, "/usr/bin/swig", "swig", "", ""},
        {CAPABILITY_PYTHON, "google.protobuf", "google.protobuf", "", ""},
        {CAPABILITY_SONAME, "libssl.so.3", "libssl.so.3", "", ""},
        {CAPABILITY_HEADER, "", "", "", ""},
    };
    ARENA_AUTO struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct capability_keys keys =
            capability_path_keys(rows[i].kind, str_from(rows[i].name), &arena);
        assert_str(keys.at[0], rows[i].first);
        assert_str(keys.at[1], rows[i].second);
        assert_str(keys.under, rows[i].under);
        assert_int_equal(keys.len, (rows[i].first[0] != 0) + (rows[i].second[0] != 0));
    }
}

static void test_name_too_long(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    char name[CAPABILITY_NAME_MAX + 1];
    (void)state;
    memset(name, 'a', sizeof name);
    assert_int_equal(capability_path_keys(CAPABILITY_HEADER, str_of(name, sizeof name), &arena).len,
                     0);
    assert_int_equal(
        capability_path_keys(CAPABILITY_HEADER, str_of(name, sizeof name - 1), &arena).len, 1);
}

static void test_kinds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CAPABILITY_KINDS; i++) {
        enum capability_kind kind = CAPABILITY_KINDS;
        const char *name = capability_path_kind_name((enum capability_kind)i);
        assert_true(capability_path_kind(str_from(name), &kind));
        assert_int_equal(kind, i);
    }
    enum capability_kind kind;
    assert_false(capability_path_kind(STR("headers"), &kind));
    assert_true(capability_path_is_of_target(CAPABILITY_HEADER));
    assert_false(capability_path_is_of_target(CAPABILITY_PROGRAM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths), cmocka_unit_test(test_paths_of_no_use),
        cmocka_unit_test(test_names), cmocka_unit_test(test_name_too_long),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
