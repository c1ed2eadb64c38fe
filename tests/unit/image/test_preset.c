#include "unit.h"

#include <string.h>

#include "image/floor.h"
#include "image/pack.h"
#include "image/preset.h"

static bool names_have(struct image_names names, const char *wanted)
{
    for (size_t i = 0; i < names.len; i++)
        if (str_eq(names.at[i], str_from(wanted)))
            return true;
    return false;
}

/* A target that is never the machine the tests run on. */
static const struct arch *other(void)
{
    const struct arch *s390x = arch_find(STR("s390x"));
    return arch_host() == s390x ? arch_find(STR("aarch64")) : s390x;
}

static void test_build_image(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct image_spec spec = {0};
    struct err err;
    const struct arch *target = other();
    struct str gcc = arena_printf(&arena, "gcc-%s", target->cross_suffix);
    struct str libc = arena_printf(&arena, "libc6-dev-%s-cross", target->debian);
    struct str hidden = arena_printf(&arena, "/usr/%s/lib", target->triplet);
    (void)state;
    assert_ok(preset_spec(STR("debian"), STR("3.11"), target, PRESET_BUILD, (struct image_names){0},
                          &arena, &spec, &err));
    assert_str(spec.release, "bookworm");
    assert_str(spec.arch, arch_host()->debian);
    assert_true(names_have(spec.wanted, gcc.ptr));
    assert_true(names_have(spec.wanted, "python3.11"));
    /* The cross compiler's own libc must not be there: it would be found before the sysroot. */
    assert_true(names_have(spec.without, libc.ptr));
    assert_str(spec.links[0].path, hidden.ptr);
    assert_str(spec.links[0].target, "");
}

static void test_sysroot(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct image_spec spec = {0};
    struct str extra = STR("libyaml-dev");
    struct err err;
    (void)state;
    assert_ok(preset_spec(STR("debian"), STR("3.13"), other(), PRESET_SYSROOT,
                          (struct image_names){&extra, 1}, &arena, &spec, &err));
    assert_str(spec.release, "trixie");
    assert_str(spec.arch, other()->debian);
    assert_true(names_have(spec.wanted, "libyaml-dev"));
    assert_true(names_have(spec.wanted, "libpython3.13-dev"));
}

static void test_tools(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct image_names names = {0};
    const struct str tools[] = {STR("rust"), STR("fortran")};
    const struct str odd = STR("cobol");
    struct err err = {0};
    (void)state;
    struct str gfortran = arena_printf(&arena, "gfortran-%s", other()->cross_suffix);
    assert_ok(preset_tools(STR("debian"), STR("3.11"), other(), PRESET_BUILD,
                           (struct image_names){tools, 2}, &arena, &names, &err));
    /* Compiler and std of one version: a security update of one machine only would part them. */
    assert_true(names_have(names, "rustc-web/bookworm"));
    assert_true(names_have(names, gfortran.ptr));
    assert_ok(preset_tools(STR("debian"), STR("3.11"), other(), PRESET_SYSROOT,
                           (struct image_names){tools, 2}, &arena, &names, &err));
    assert_int_equal(names.len, 1);
    assert_true(names_have(names, "libstd-rust-web-dev/bookworm"));
    assert_ok(preset_tools(STR("debian"), STR("3.13"), other(), PRESET_BUILD,
                           (struct image_names){tools, 1}, &arena, &names, &err));
    assert_true(names_have(names, "rustc"));
    assert_false(names_have(names, "rustc-web/bookworm"));
    assert_false(preset_tools(STR("debian"), STR("3.11"), other(), PRESET_BUILD,
                              (struct image_names){&odd, 1}, &arena, &names, &err));
    assert_non_null(strstr(err.text, "cobol"));
}

/* Another distribution's packages have the same names; what bookworm needs of its own is not asked.
 */
static void test_ubuntu(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct image_spec spec = {0};
    struct image_names names = {0};
    struct preset_facts facts = {0};
    struct err err = {0};
    const struct str rust = STR("rust");
    struct str gcc = arena_printf(&arena, "gcc-%s", other()->cross_suffix);
    (void)state;
    assert_ok(preset_facts(STR("ubuntu"), STR("3.12"), &facts, &err));
    assert_string_equal(facts.release, "noble");
    assert_string_equal(facts.python, "3.12.3");
    assert_int_equal(facts.glibc, 39);
    assert_ok(preset_spec(STR("ubuntu"), STR("3.12"), other(), PRESET_BUILD,
                          (struct image_names){0}, &arena, &spec, &err));
    assert_str(spec.distro, "ubuntu");
    assert_str(spec.release, "noble");
    assert_true(names_have(spec.wanted, gcc.ptr) && names_have(spec.wanted, "python3.12"));
    assert_false(names_have(spec.wanted, "python3-distutils")); /* 3.12 has none any more */
    assert_ok(preset_tools(STR("ubuntu"), STR("3.12"), other(), PRESET_BUILD,
                           (struct image_names){&rust, 1}, &arena, &names, &err));
    assert_true(names_have(names, "rustc"));
    assert_false(names_have(names, "rustc-web/bookworm"));
    assert_ok(preset_spec(STR("debian"), STR("3.11"), other(), PRESET_SYSROOT,
                          (struct image_names){0}, &arena, &spec, &err));
    assert_true(names_have(spec.wanted, "python3-distutils"));
    /* An image's builds are Debian's. */
    assert_ok(preset_facts(STR("rocky"), STR("3.11"), &facts, &err));
    assert_string_equal(facts.release, "bookworm");
    assert_false(preset_facts(STR("rocky"), STR("3.12"), &facts, &err));
}

static void test_unknown(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct image_spec spec = {0};
    struct err err = {0};
    (void)state;
    assert_false(preset_spec(STR("debian"), STR("3.7"), other(), PRESET_BUILD,
                             (struct image_names){0}, &arena, &spec, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "3.13 (trixie)"));
    assert_null(arch_find(STR("vax")));
    assert_ptr_equal(arch_find(STR("arm64")), arch_find(STR("aarch64-linux-gnu")));
}

/* A preset out of a registry builds with Debian's compiler, and has no packages of Debian's. */
static void test_image_presets(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct image_spec spec = {0};
    struct err err = {0};
    const struct preset_image *rocky = preset_image(STR("rocky"), STR("3.11"));
    (void)state;
    assert_non_null(rocky);
    assert_string_equal(rocky->reference, "docker.io/rockylinux/rockylinux:9");
    assert_null(preset_image(STR("rocky"), STR("3.13")));
    assert_null(preset_image(STR("debian"), STR("3.11")));
    assert_ok(preset_spec(STR("rocky"), STR("3.11"), other(), PRESET_BUILD, (struct image_names){0},
                          &arena, &spec, &err));
    assert_str(spec.release, "bookworm");
    assert_false(preset_spec(STR("rocky"), STR("3.11"), other(), PRESET_CLEAN,
                             (struct image_names){0}, &arena, &spec, &err));
    assert_non_null(strstr(err.text, "rocky 3.11 (docker.io/rockylinux/rockylinux:9)"));
}

static void test_floor_names(void **state)
{
    static const struct {
        const char *text;
        unsigned glibc;
    } rows[] = {{"2.17", 17},
                {"2.28", 28},
                {"manylinux2014_s390x", 17},
                {"manylinux_2_34_aarch64", 34},
                {"manylinux_2_28", 28},
                {"linux_s390x", 0},
                {"musllinux_1_2_s390x", 0},
                {"2.", 0},
                {"3.17", 0},
                {"2.170000000000", 0},
                {"", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(floor_glibc(str_from(rows[i].text)), rows[i].glibc);
}

static void test_packs(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct str name = STR("libnothing");
    const struct image_spec image = {.release = STR("bookworm")};
    const struct toolchain chain = {0};
    const struct pack_spec spec = {.names = {&name, 1}, .image = &image, .toolchain = &chain};
    struct pack pack;
    struct err err = {0};
    (void)state;
    assert_false(pack_make(&spec, "/nonexistent", NULL, NULL, &arena, &pack, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "libnothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build_image), cmocka_unit_test(test_sysroot),
        cmocka_unit_test(test_tools),       cmocka_unit_test(test_image_presets),
        cmocka_unit_test(test_ubuntu),      cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_floor_names), cmocka_unit_test(test_packs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
