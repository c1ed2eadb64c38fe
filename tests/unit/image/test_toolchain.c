#include "unit.h"

#include <string.h>

#include "image/toolchain_text.h"

static struct toolchain_spec spec_for(const char *machine, enum toolchain_strategy strategy,
                                      bool floor, struct arena *arena)
{
    struct toolchain_spec spec = {.target = arch_find(str_from(machine)),
                                  .python = STR("3.11"),
                                  .strategy = strategy,
                                  .sysroot = STR("/s")};
    layout_of_debian(spec.target, spec.python, arena, &spec.layout);
    if (floor)
        spec.floor = STR("/f");
    return spec;
}

static struct toolchain_text_file find(const struct toolchain_text *text, const char *name)
{
    for (size_t i = 0; i < text->len; i++)
        if (str_eq(text->at[i].name, str_from(name)))
            return text->at[i];
    fail_msg("no %s", name);
    return (struct toolchain_text_file){0};
}

static bool says(struct str text, const char *words)
{
    return str_find(text, str_from(words)) < text.len;
}

static void test_wrappers(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct toolchain_text text;
    struct toolchain_spec spec = spec_for("s390x", TOOLCHAIN_CROSS, true, &arena);
    (void)state;
    toolchain_text_make(&spec, &arena, &text);
    struct toolchain_text_file gcc = find(&text, "bin/s390x-linux-gnu-gcc");
    assert_true(gcc.executable);
    assert_true(says(gcc.bytes, "exec /usr/bin/s390x-linux-gnu-gcc -L/floor "));
    assert_true(says(gcc.bytes, "--sysroot=/sysroot"));
    assert_true(says(gcc.bytes, "-ffile-prefix-map=/build=."));
    assert_false(says(gcc.bytes, "%"));
    assert_true(says(find(&text, "bin/s390x-linux-gnu-g++").bytes, "-static-libstdc++"));
    assert_str(find(&text, "bin/cc").target, "s390x-linux-gnu-gcc");
    assert_str(find(&text, "bin/python3").target, "/usr/bin/python3.11");
    assert_true(says(find(&text, "meson.ini").bytes, "endian = 'big'"));
    spec = spec_for("s390x", TOOLCHAIN_CROSS, false, &arena);
    toolchain_text_make(&spec, &arena, &text);
    assert_false(says(find(&text, "bin/s390x-linux-gnu-gcc").bytes, "/floor"));
}

/* The level stands behind what the package asks for; without one nothing does. */
static void test_level(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct toolchain_text text;
    struct toolchain_spec spec = spec_for("s390x", TOOLCHAIN_CROSS, true, &arena);
    (void)state;
    toolchain_text_make(&spec, &arena, &text);
    assert_true(str_ends(find(&text, "bin/s390x-linux-gnu-g++").bytes, STR(" \"$@\"\n")));
    spec.level = elf_level_find(ELF_ARCH_S390X, STR("zEC12"));
    toolchain_text_make(&spec, &arena, &text);
    assert_true(
        str_ends(find(&text, "bin/s390x-linux-gnu-g++").bytes, STR(" \"$@\" -march=zEC12\n")));
    assert_str(toolchain_text_expand(&spec, STR("a%rust_level%"), &arena), "a -Ctarget-cpu=zEC12");
}

/* Programs of the target that describe libraries are answered from pkg-config. */
static void test_config_scripts(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct toolchain_text text;
    struct toolchain_spec spec = spec_for("s390x", TOOLCHAIN_CROSS, true, &arena);
    (void)state;
    toolchain_text_make(&spec, &arena, &text);
    struct toolchain_text_file script = find(&text, "config/pg_config");
    assert_true(script.executable && says(script.bytes, "module=libpq\n"));
    assert_true(says(find(&text, "config/xml2-config").bytes, "module=libxml-2.0\n"));
    assert_true(says(find(&text, "config/icu-config").bytes, "icu-config) ask --libs ;;\n"));
    assert_true(says(find(&text, "config/mysql_config").bytes, "--cflags | --cxxflags"));
    struct str uname = arena_printf(&arena, "/usr/bin/uname \"$@\" | /usr/bin/sed 's/%s/s390x/g'",
                                    arch_host()->machine);
    assert_true(says(find(&text, "bin/uname").bytes, uname.ptr));
    assert_true(says(find(&text, "bin/build-cc").bytes, "PATH=/usr/bin:/bin exec /usr/bin/gcc"));
    assert_str(find(&text, "lib").target, "/sysroot/usr/lib/s390x-linux-gnu");
    assert_str(toolchain_text_expand(&spec, STR("CARGO_TARGET_%RUST%_LINKER=%rust%"), &arena),
               "CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-unknown-linux-gnu");
}

/* Whatever compiles must not tell the strategies apart: only the Python differs. */
static void test_same_compiler(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct toolchain_text cross, hybrid;
    struct toolchain_spec spec = spec_for("aarch64", TOOLCHAIN_CROSS, true, &arena);
    (void)state;
    toolchain_text_make(&spec, &arena, &cross);
    spec.strategy = TOOLCHAIN_HYBRID;
    toolchain_text_make(&spec, &arena, &hybrid);
    assert_int_equal(cross.len, hybrid.len);
    for (size_t i = 0; i < cross.len; i++) {
        bool python = says(cross.at[i].name, "python") || says(cross.at[i].name, "meson.ini");
        assert_true(str_eq(cross.at[i].name, hybrid.at[i].name));
        assert_true(python || (str_eq(cross.at[i].bytes, hybrid.at[i].bytes) &&
                               str_eq(cross.at[i].target, hybrid.at[i].target)));
    }
    assert_str(find(&hybrid, "bin/python3").target, "/sysroot/usr/bin/python3.11");
    assert_false(says(find(&hybrid, "meson.ini").bytes, "host_machine"));
    assert_true(says(find(&cross, "meson.ini").bytes, "endian = 'little'"));
}

/* A distribution with lib64: told to the compiler, and mounted where its loader looks. */
static void test_lib64(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct toolchain_text text;
    struct toolchain_spec spec = spec_for("s390x", TOOLCHAIN_HYBRID, true, &arena);
    (void)state;
    spec.layout.libdir = STR("usr/lib64");
    spec.layout.is_multiarch = false;
    spec.layout.stdlib = STR("usr/lib64/python3.11");
    spec.layout.sysconfig = STR("_sysconfigdata__linux_s390x-linux-gnu");
    toolchain_text_make(&spec, &arena, &text);
    struct str gcc = find(&text, "bin/s390x-linux-gnu-gcc").bytes;
    assert_true(says(gcc, "-B/sysroot/usr/lib64 -L/sysroot/usr/lib64 "));
    assert_true(says(gcc, "-rpath-link,/sysroot/usr/lib64 "));
    assert_true(str_find(gcc, STR("-L/floor")) < str_find(gcc, STR("-L/sysroot")));
    assert_false(says(gcc, "/usr/lib/s390x-linux-gnu"));
    assert_str(find(&text, "sysconfigdata.py").target,
               "/sysroot/usr/lib64/python3.11/_sysconfigdata__linux_s390x-linux-gnu.py");
    assert_str(find(&text, "static/libffi.a").target, "/sysroot/usr/lib64/libffi_pic.a");
}

static void test_expand(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct toolchain_spec spec = spec_for("s390x", TOOLCHAIN_CROSS, true, &arena);
    spec.epoch = 1577836800;
    (void)state;
    assert_str(toolchain_text_expand(&spec, STR("a=%epoch% %machine%%nothing%!"), &arena),
               "a=1577836800 s390x!");
    assert_str(toolchain_text_expand(&spec, STR("100%"), &arena), "100%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrappers),       cmocka_unit_test(test_level),
        cmocka_unit_test(test_config_scripts), cmocka_unit_test(test_same_compiler),
        cmocka_unit_test(test_lib64),          cmocka_unit_test(test_expand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
