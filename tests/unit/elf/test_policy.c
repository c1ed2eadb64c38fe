#include "elf/policy.h"

#include "fixture.h"

static void knows_tags(void **state)
{
    (void)state;
    enum elf_arch arch = ELF_ARCH_NONE;
    assert_string_equal(elf_policy_from_tag(STR("manylinux2014_s390x"), &arch)->name,
                        "manylinux_2_17");
    assert_int_equal(arch, ELF_ARCH_S390X);
    assert_string_equal(elf_policy_from_tag(STR("manylinux_2_28_x86_64"), &arch)->name,
                        "manylinux_2_28");
    assert_int_equal(arch, ELF_ARCH_X86_64);
    assert_string_equal(elf_policy_from_tag(STR("musllinux_1_2_aarch64"), &arch)->name,
                        "musllinux_1_2");
    /* Between two policies: the next older one. */
    assert_string_equal(elf_policy_from_tag(STR("manylinux_2_30_s390x"), NULL)->name,
                        "manylinux_2_28");
    assert_null(elf_policy_from_tag(STR("manylinux1_s390x"), NULL)); /* never was */
    assert_null(elf_policy_from_tag(STR("linux_s390x"), NULL));
    assert_null(elf_policy_from_tag(STR("manylinux_2_x_s390x"), NULL));
    assert_null(elf_policy_from_tag(STR("manylinux_2_17_vax"), NULL));
    assert_null(elf_policy_from_tag(STR("any"), NULL));
}

static void compresses_tags(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    const struct elf_policy *p17 = elf_policy_from_tag(STR("manylinux2014_s390x"), NULL);
    const struct elf_policy *p28 = elf_policy_from_tag(STR("manylinux_2_28_s390x"), NULL);
    const struct elf_policy *p5 = elf_policy_from_tag(STR("manylinux1_x86_64"), NULL);
    assert_str(elf_policy_tags(p17, ELF_ARCH_S390X, &arena),
               "manylinux2014_s390x.manylinux_2_17_s390x");
    assert_str(elf_policy_tags(p28, ELF_ARCH_S390X, &arena), "manylinux_2_28_s390x");
    assert_str(elf_policy_tags(p5, ELF_ARCH_X86_64, &arena),
               "manylinux1_x86_64.manylinux_2_5_x86_64");
}

/* The maxima of the policies, as they are documented. */
static void holds_the_maxima(void **state)
{
    (void)state;
    static const struct {
        const char *tag, *good[4], *bad[4];
    } rows[] = {
        {"manylinux_2_17_s390x",
         {"GLIBC_2.17", "GLIBCXX_3.4.19", "CXXABI_1.3.7", "GCC_4.7.0"},
         {"GLIBC_2.18", "GLIBCXX_3.4.20", "CXXABI_1.3.8", "GCC_7.0.0"}},
        {"manylinux_2_28_s390x",
         {"GLIBC_2.28", "GLIBCXX_3.4.24", "CXXABI_1.3.11", "GCC_7.0.0"},
         {"GLIBC_2.29", "GLIBCXX_3.4.25", "CXXABI_1.3.12", "GCC_14.0.0"}},
        {"manylinux_2_34_x86_64",
         {"GLIBC_2.34", "GLIBCXX_3.4.29", "CXXABI_1.3.13", "GCC_7.0.0"},
         {"GLIBC_2.35", "GLIBCXX_3.4.30", "CXXABI_1.3.14", "GCC_14.0.0"}},
        {"manylinux_2_39_aarch64",
         {"GLIBC_2.39", "GLIBCXX_3.4.33", "CXXABI_1.3.15", "GCC_14.0.0"},
         {"GLIBC_2.40", "GLIBCXX_3.4.34", "CXXABI_1.3.16", "GCC_15.0.0"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum elf_arch arch;
        const struct elf_policy *policy = elf_policy_from_tag(str_from(rows[i].tag), &arch);
        for (int j = 0; j < 4; j++) {
            if (!elf_policy_allows_version(policy, arch, str_from(rows[i].good[j])))
                fail_msg("%s forbids %s", rows[i].tag, rows[i].good[j]);
            if (elf_policy_allows_version(policy, arch, str_from(rows[i].bad[j])))
                fail_msg("%s allows %s", rows[i].tag, rows[i].bad[j]);
        }
    }
    const struct elf_policy *p = elf_policy_from_tag(STR("manylinux2014_s390x"), NULL);
    assert_true(elf_policy_allows_version(p, ELF_ARCH_S390X, STR("GLIBCXX_LDBL_3.4.7")));
    assert_false(elf_policy_allows_version(p, ELF_ARCH_X86_64, STR("GLIBCXX_LDBL_3.4.7")));
    assert_false(elf_policy_allows_version(p, ELF_ARCH_S390X, STR("GLIBC_PRIVATE")));
    assert_true(elf_policy_allows_version(p, ELF_ARCH_S390X, STR("OPENSSL_1_1_0")));
}

/* PEP 600: what an older policy allows, every newer one allows. */
static void newer_allows_all_that_older_does(void **state)
{
    (void)state;
    static const char *const versions[] = {
        "GLIBC_2.2",   "GLIBC_2.2.5",    "GLIBC_2.17",     "GLIBC_2.19",       "GLIBC_2.25",
        "GLIBC_2.28",  "GLIBC_2.34",     "GLIBC_2.36",     "GLIBC_2.41",       "GLIBC_ABI_DT_RELR",
        "GLIBCXX_3.4", "GLIBCXX_3.4.19", "GLIBCXX_3.4.30", "GLIBCXX_LDBL_3.4", "CXXABI_1.3",
        "CXXABI_TM_1", "CXXABI_1.3.13",  "GCC_3.0",        "GCC_4.7.0",        "GCC_7.0.0",
        "ZLIB_1.2.9",  "LIBATOMIC_1.2"};
    static const char *const libraries[] = {"libc.so.6",    "libz.so.1",  "libexpat.so.1",
                                            "libmvec.so.1", "libGL.so.1", "ld64.so.1"};
    for (size_t i = 1; i < elf_policy_count; i++) {
        const struct elf_policy *old = &elf_policies[i - 1], *new = &elf_policies[i];
        if (old->libc != new->libc)
            continue;
        assert_true(old->major * 100 + old->minor < new->major * 100 + new->minor);
        assert_int_equal(old->archs & ~new->archs, 0);
        for (int a = 1; a < ELF_ARCH_COUNT; a++)
            for (size_t v = 0; v < sizeof versions / sizeof *versions; v++)
                if (elf_policy_allows_version(old, (enum elf_arch)a, str_from(versions[v])))
                    assert_true(
                        elf_policy_allows_version(new, (enum elf_arch)a, str_from(versions[v])));
        for (size_t l = 0; l < sizeof libraries / sizeof *libraries; l++)
            if (elf_policy_allows_library(old, ELF_ARCH_X86_64, str_from(libraries[l])))
                assert_true(
                    elf_policy_allows_library(new, ELF_ARCH_X86_64, str_from(libraries[l])));
    }
}

static void forbids_private_symbols(void **state)
{
    (void)state;
    const struct elf_policy *p = elf_policy_from_tag(STR("manylinux2014_s390x"), NULL);
    const struct elf_policy *p28 = elf_policy_from_tag(STR("manylinux_2_28_s390x"), NULL);
    assert_true(elf_policy_forbids_symbol(p, STR("libz.so.1"), STR("_tr_init")));
    assert_false(elf_policy_forbids_symbol(p, STR("libz.so.1"), STR("inflate")));
    assert_false(elf_policy_forbids_symbol(p, STR("libfoo.so.1"), STR("_tr_init")));
    assert_true(elf_policy_forbids_symbol(p, STR("libc.so.6"), STR("__cxa_thread_atexit_impl")));
    assert_false(elf_policy_forbids_symbol(p28, STR("libc.so.6"), STR("__cxa_thread_atexit_impl")));
    assert_true(elf_policy_mentions_symbol(STR("_tr_init")));
    assert_false(elf_policy_mentions_symbol(STR("inflate")));
}

static void knows_machines(void **state)
{
    (void)state;
    static const enum elf_arch archs[] = {ELF_ARCH_S390X, ELF_ARCH_X86_64, ELF_ARCH_AARCH64};
    for (int i = 0; i < 3; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct elf_file elf = fixture(&arena, fixture_archs[i], "mod.so");
        assert_int_equal(elf_policy_arch_of(&elf), archs[i]);
        assert_str(str_from(elf_policy_arch_name(archs[i])), fixture_archs[i]);
        elf.big = !elf.big; /* a machine in the other byte order is another one */
        assert_int_equal(elf_policy_arch_of(&elf), ELF_ARCH_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_tags),
        cmocka_unit_test(compresses_tags),
        cmocka_unit_test(holds_the_maxima),
        cmocka_unit_test(newer_allows_all_that_older_does),
        cmocka_unit_test(forbids_private_symbols),
        cmocka_unit_test(knows_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
