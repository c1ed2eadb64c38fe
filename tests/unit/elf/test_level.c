#include "elf/level.h"

#include <string.h>

#include "base/endian.h"
#include "fixture.h"

enum { CODE = 64, SHDRS = 256, FILE_SIZE = SHDRS + 2 * 64 };

/* An s390x file with one executable section of these bytes at offset 64, nothing dynamic. */
static struct elf_file made(struct arena *arena, const unsigned char *code, size_t len)
{
    struct elf_file elf;
    struct err err = {0};
    unsigned char *bytes = arena_alloc(arena, FILE_SIZE);
    memset(bytes, 0, FILE_SIZE);
    memcpy(bytes, "\177ELF\2\2\1", 7);
    write_be16(bytes + 16, ET_DYN);
    write_be16(bytes + 18, EM_S390);
    write_be32(bytes + 20, 1);
    write_be64(bytes + 40, SHDRS);
    write_be16(bytes + 52, 64);
    write_be16(bytes + 54, 56);
    write_be16(bytes + 58, 64);
    write_be16(bytes + 60, 2);
    memcpy(bytes + CODE, code, len);
    unsigned char *text = bytes + SHDRS + 64;
    write_be32(text + 4, SHT_PROGBITS);
    write_be64(text + 8, SHF_ALLOC | SHF_EXECINSTR);
    write_be64(text + 24, CODE);
    write_be64(text + 32, len);
    assert_ok(elf_read(str_of((char *)bytes, FILE_SIZE), arena, &elf, &err));
    return elf;
}

static const struct elf_level *z(const char *name)
{
    return elf_level_find(ELF_ARCH_S390X, str_from(name));
}

/* lr %r1,%r2; lgr; then what is asked about. */
#define OLD 0x18, 0x12, 0xb9, 0x04, 0x00, 0x12

static void finds_newer_code(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct elf_level_use use;
    static const unsigned char code[] = {OLD,  0xe7, 0x00, 0x00, 0x00, 0x00, 0x44, /* vzero: z13 */
                                         0xb9, 0x64, 0x00, 0x12,                   /* nngrk: z15 */
                                         0xe7, 0x12, 0x30, 0x00, 0x20, 0xe3,       /* vfasb: z14 */
                                         0xb9, 0x64, 0x00, 0x12};
    (void)state;
    struct elf_file elf = made(&arena, code, sizeof code);
    elf_level_of(&elf, &use);
    assert_ptr_equal(use.level, z("z15"));
    assert_string_equal(use.instruction, "nngrk");
    assert_int_equal(use.offset, CODE + 12);
    assert_int_equal(use.count, 2);
    assert_false(use.asks);
    assert_str(elf_level_describe(&use, &arena),
               "nngrk of z15 at offset 0x4c (2 such instructions)");
    assert_true(elf_level_exceeds(&use, z("z14")));
    assert_false(elf_level_exceeds(&use, z("z15")));
}

/* vfadb of z13 and vfasb of z14 differ in nothing but the size of their elements. */
static void tells_sizes_apart(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct elf_level_use use;
    unsigned char code[] = {0xe7, 0x12, 0x30, 0x00, 0x30, 0xe3};
    (void)state;
    struct elf_file doubles = made(&arena, code, sizeof code);
    elf_level_of(&doubles, &use);
    assert_ptr_equal(use.level, z("z13"));
    code[4] = 0x20;
    struct elf_file singles = made(&arena, code, sizeof code);
    elf_level_of(&singles, &use);
    assert_ptr_equal(use.level, z("z14"));
}

/* What looks like an instruction in the middle of another is none; the end may cut one off. */
static void keeps_step(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct elf_level_use use;
    static const unsigned char code[] = {0xc0, 0x11, 0xe7, 0x00, 0x00, 0x00, /* lgfi of 0xe7... */
                                         0x18, 0x44, 0xe7, 0x00};
    (void)state;
    struct elf_file elf = made(&arena, code, sizeof code);
    elf_level_of(&elf, &use);
    assert_null(use.level);
}

static void knows_who_asks(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct elf_level_use use;
    static const unsigned char code[] = {0xb2, 0xb0, 0x10, 0x00, /* stfle */
                                         0xe7, 0x00, 0x00, 0x00, 0x00, 0x44};
    (void)state;
    struct elf_file elf = made(&arena, code, sizeof code);
    elf_level_of(&elf, &use);
    assert_non_null(use.level);
    assert_true(use.asks);
}

static void minds_the_file(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct elf_level_use use;
    static const unsigned char code[] = {0xe7, 0x00, 0x00, 0x00, 0x00, 0x44};
    (void)state;
    struct elf_file elf = made(&arena, code, sizeof code);
    unsigned char *text = (unsigned char *)(uintptr_t)elf.bytes.ptr + SHDRS + 64;
    write_be64(text + 32, UINT64_MAX - 8); /* a section longer than everything */
    elf_level_of(&elf, &use);
    assert_null(use.level);
    write_be64(text + 32, sizeof code);
    write_be64(text + 56, 32); /* a procedure linkage table: its offsets are no instructions */
    elf_level_of(&elf, &use);
    assert_null(use.level);
    write_be64(text + 56, 0);
    write_be64(text + 8, SHF_ALLOC); /* data is not code */
    elf_level_of(&elf, &use);
    assert_null(use.level);
    struct elf_file real = fixture(&arena, "s390x", "mod.so");
    elf_level_of(&real, &use);
    assert_null(use.level);
}

static void reads_the_note_of_x86(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    struct elf_level_use use;
    (void)state;
    struct elf_file elf = fixture(&arena, "x86_64", "mod.so");
    const struct elf_level *v2 = elf_level_find(ELF_ARCH_X86_64, STR("x86-64-v2"));
    elf.x86_isa = 1u << 0 | 1u << 1 | 1u << 2;
    elf_level_of(&elf, &use);
    assert_non_null(use.level);
    assert_string_equal(use.level->name, "x86-64-v3");
    assert_str(elf_level_describe(&use, &arena), "its linker noted that it needs x86-64-v3");
    assert_true(elf_level_exceeds(&use, v2));
    assert_false(elf_level_exceeds(&use, z("z13"))); /* of another machine */
    elf.x86_isa = 1u << 0;
    elf_level_of(&elf, &use);
    assert_null(use.level);
}

static void names_levels(void **state)
{
    struct arena ARENA_AUTO arena = {0};
    (void)state;
    assert_str(elf_level_names(ELF_ARCH_S390X, &arena), "z196, zEC12, z13, z14, z15, z16");
    assert_int_equal(elf_level_names(ELF_ARCH_AARCH64, &arena).len, 0);
    assert_ptr_equal(z("ZEC12"), z("zEC12"));
    assert_null(z("x86-64-v2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_newer_code), cmocka_unit_test(tells_sizes_apart),
        cmocka_unit_test(keeps_step),       cmocka_unit_test(knows_who_asks),
        cmocka_unit_test(minds_the_file),   cmocka_unit_test(reads_the_note_of_x86),
        cmocka_unit_test(names_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
