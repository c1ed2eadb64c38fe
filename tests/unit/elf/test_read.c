#include <string.h>

#include "fixture.h"

static void reads_every_machine(void **state)
{
    (void)state;
    static const uint16_t machines[] = {EM_S390, EM_X86_64, EM_AARCH64, EM_ARM};
    for (int i = 0; i < FIXTURE_ARCHS; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct elf_file elf = fixture(&arena, fixture_archs[i], "mod.so");
        struct elf_symbol s;
        assert_int_equal(elf.machine, machines[i]);
        assert_int_equal(elf.big, machines[i] == EM_S390);
        assert_int_equal(elf.is64, machines[i] != EM_ARM);
        assert_int_equal(elf.type, ET_DYN);
        assert_int_equal(elf.needed_count, 2);
        assert_str(elf.needed[0], "libfoo.so.2");
        assert_str(elf.runpath, "/build/lib:$ORIGIN/sub");
        assert_true(elf.has_runpath && !elf.has_rpath);
        assert_int_equal(elf.need_count, 3);
        assert_true(fixture_symbol(&elf, "pthread_create", NULL, &s));
        assert_str(s.version, "GLIBC_2.34");
        assert_str(s.library, "libc.so.6");
        assert_int_equal(s.shndx, SHN_UNDEF);
        assert_true(fixture_symbol(&elf, "stat", NULL, &s));
        assert_int_equal(s.version.len, 0);
        assert_true(fixture_symbol(&elf, "maybe", NULL, &s));
        assert_int_equal(s.bind, STB_WEAK);
        assert_true(fixture_symbol(&elf, "PyInit_mod", NULL, &s));
        assert_int_equal(s.type, STT_FUNC);
        assert_int_not_equal(s.shndx, SHN_UNDEF);
    }
}

static void reads_definitions(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    for (int i = 0; i < FIXTURE_ARCHS; i++) {
        struct elf_file elf = fixture(&arena, fixture_archs[i], "libbase.so.1");
        struct elf_symbol s;
        assert_str(elf.soname, "libbase.so.1");
        assert_int_equal(elf.def_count, 2);
        assert_true(elf.defs[0].base);
        assert_str(elf.defs[1].version, "BASE_1.0");
        assert_true(fixture_symbol(&elf, "base", "BASE_1.0", &s));
        assert_false(s.hidden);
    }
}

/* The loader needs no section headers, and neither do we: symbols are counted by hash table and
 * relocations. Of references that no relocation uses nothing is known. */
static void counts_symbols_without_sections(void **state)
{
    (void)state;
    for (int i = 0; i < FIXTURE_ARCHS; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct str bytes = fixture_bytes(&arena, fixture_archs[i], "mod.so");
        struct elf_file with = fixture(&arena, fixture_archs[i], "mod.so"), without;
        struct err err = {0};
        struct elf_symbol s;
        size_t shnum = with.is64 ? 60 : 48;
        memset((char *)(uintptr_t)bytes.ptr + shnum, 0, 2);
        assert_ok(elf_read(bytes, &arena, &without, &err));
        assert_int_equal(with.symbol_count, without.symbol_count);
        assert_true(fixture_symbol(&without, "stat", NULL, &s));
    }
}

static void refuses_what_is_cut_off(void **state)
{
    (void)state;
    for (int i = 0; i < FIXTURE_ARCHS; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct str bytes = fixture_bytes(&arena, fixture_archs[i], "mod.so");
        for (size_t len = 0; len < bytes.len; len += 7) {
            struct elf_file elf = {0};
            struct err err = {0};
            /* An own block of just that length, so that a read past it is seen. */
            char *copy = arena_alloc(&arena, len + 1);
            memcpy(copy, bytes.ptr, len);
            if (!elf_read(str_of(copy, len), &arena, &elf, &err)) {
                assert_int_not_equal(err.code, ERR_NONE);
                assert_int_equal(elf.bytes.len, 0); /* outputs untouched */
            }
        }
    }
}

static void survives_changed_bytes(void **state)
{
    (void)state;
    uint32_t random = 12345;
    struct arena keep ARENA_AUTO = {0};
    for (int i = 0; i < FIXTURE_ARCHS; i++) {
        struct str bytes = fixture_bytes(&keep, fixture_archs[i], "mod.so");
        for (int round = 0; round < 2000; round++) {
            struct arena arena ARENA_AUTO = {0};
            struct elf_file elf;
            struct elf_symbol s;
            struct err err = {0};
            char *copy = (char *)(uintptr_t)arena_str(&arena, bytes).ptr;
            for (int k = 0; k < 4; k++) {
                random = random * 1664525u + 1013904223u;
                copy[(random >> 8) % bytes.len] = (char)(random >> 3);
            }
            if (elf_read(str_of(copy, bytes.len), &arena, &elf, &err))
                for (size_t n = 0; n < elf.symbol_count; n++)
                    (void)elf_read_symbol(&elf, n, &s);
        }
    }
}

static void says_where(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_file elf;
    struct err err = {0};
    assert_false(elf_read(STR("PK not an elf file at all"), &arena, &elf, &err));
    assert_string_equal(err.text, "not an ELF file");
    struct str bytes = fixture_bytes(&arena, "x86_64", "mod.so");
    assert_false(elf_read(str_slice(bytes, 0, 300), &arena, &elf, &err));
    assert_non_null(strstr(err.text, "offset"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_machine),
        cmocka_unit_test(reads_definitions),
        cmocka_unit_test(counts_symbols_without_sections),
        cmocka_unit_test(refuses_what_is_cut_off),
        cmocka_unit_test(survives_changed_bytes),
        cmocka_unit_test(says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
