/* Where roots keep things, read off trees that look like Debian's, Red Hat's and a built Python. */
#include "unit.h"

#include <string.h>

#include "image/layout.h"
#include "os/file.h"

struct row {
    const char *files[8];
    enum layout_use use;
    const char *libdir, *python, *stdlib, *sysconfig; /* libdir NULL: refused */
    const char *says;
};

#define MULTIARCH "usr/lib/s390x-linux-gnu/"
#define DEBIAN MULTIARCH "libc.so.6", "usr/bin/python3.11", "usr/lib/python3.11/os.py"

static const struct row rows[] = {
    {{DEBIAN},
     LAYOUT_RUN,
     "usr/lib/s390x-linux-gnu",
     "usr/bin/python3.11",
     "usr/lib/python3.11",
     "_sysconfigdata__s390x-linux-gnu",
     NULL},
    {{"usr/lib64/libc.so.6", "usr/bin/python3.11", "usr/lib64/python3.11/os.py"},
     LAYOUT_RUN,
     "usr/lib64",
     "usr/bin/python3.11",
     "usr/lib64/python3.11",
     "_sysconfigdata__linux_s390x-linux-gnu",
     NULL},
    {{MULTIARCH "libc.so.6", "usr/local/bin/python3.11", "usr/local/lib/python3.11/os.py"},
     LAYOUT_RUN,
     "usr/lib/s390x-linux-gnu",
     "usr/local/bin/python3.11",
     "usr/local/lib/python3.11",
     "_sysconfigdata__linux_s390x-linux-gnu",
     NULL},
    {{DEBIAN, MULTIARCH "libc_nonshared.a", "usr/include/stdio.h",
      "usr/include/python3.11/Python.h", "usr/lib/python3.11/_sysconfigdata__s390x-linux-gnu.py"},
     LAYOUT_BUILD,
     "usr/lib/s390x-linux-gnu",
     "usr/bin/python3.11",
     "usr/lib/python3.11",
     "_sysconfigdata__s390x-linux-gnu",
     NULL},
    {{DEBIAN}, LAYOUT_BUILD, NULL, NULL, NULL, NULL, "no usr/include/stdio.h"},
    {{DEBIAN, MULTIARCH "libc_nonshared.a", "usr/include/stdio.h"},
     LAYOUT_BUILD,
     NULL,
     NULL,
     NULL,
     NULL,
     "no usr/include/python3.11/Python.h"},
    {{"lib/libc.musl-s390x.so.1"}, LAYOUT_RUN, NULL, NULL, NULL, NULL, "has no glibc"},
    {{MULTIARCH "libc.so.6", "usr/bin/python3.13", "usr/lib/python3.13/os.py"},
     LAYOUT_RUN,
     NULL,
     NULL,
     NULL,
     NULL,
     "has no Python 3.11"},
};

static void make_files(struct str root, const char *const *files, struct arena *arena)
{
    struct err err = {0};
    for (; *files; files++) {
        struct str path = arena_printf(arena, "%s/%s", root.ptr, *files);
        struct str dir = str_slice(path, 0, str_rfind_char(path, '/'));
        assert_ok(file_mkdirs(AT_FDCWD, arena_cstr(arena, dir), 0755, &err));
        assert_ok(file_write(AT_FDCWD, path.ptr, 0644, STR("x"), &err));
    }
}

static void test_rows(void **state)
{
    const struct arch *arch = arch_find(STR("s390x"));
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct str root;
        struct layout layout = {0};
        assert_ok(file_make_temp_dir("/tmp", "refinery-layout-", &arena, &root, &err));
        make_files(root, rows[i].files, &arena);
        bool found =
            layout_find(root.ptr, "it", arch, STR("3.11"), rows[i].use, &arena, &layout, &err);
        struct err ignored;
        assert_true(file_remove_tree(AT_FDCWD, root.ptr, &ignored));
        if (found != (rows[i].libdir != NULL))
            fail_msg("row %zu: %s", i, err.text);
        if (!found) {
            if (!strstr(err.text, rows[i].says) || err.code != ERR_USAGE)
                fail_msg("row %zu: %s", i, err.text);
            continue;
        }
        assert_str(layout.libdir, rows[i].libdir);
        assert_int_equal(layout.is_multiarch, strcmp(rows[i].libdir, "usr/lib64") != 0);
        assert_str(layout.python, rows[i].python);
        assert_str(layout.stdlib, rows[i].stdlib);
        assert_str(layout.sysconfig, rows[i].sysconfig);
    }
}

static void test_debian(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct layout layout;
    (void)state;
    layout_of_debian(arch_find(STR("arm64")), STR("3.13"), &arena, &layout);
    assert_str(layout.libdir, "usr/lib/aarch64-linux-gnu");
    assert_str(layout.include, "usr/include/python3.13");
    assert_str(layout.sysconfig, "_sysconfigdata__aarch64-linux-gnu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_debian)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
