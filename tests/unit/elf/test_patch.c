#include "elf/patch.h"

#include <string.h>

#include "fixture.h"

static struct elf_file reread(struct arena *arena, struct str bytes)
{
    struct elf_file elf;
    struct err err = {0};
    assert_ok(elf_read(bytes, arena, &elf, &err));
    return elf;
}

static void renames_everywhere(void **state)
{
    (void)state;
    for (int i = 0; i < FIXTURE_ARCHS; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct err err = {0};
        struct elf_file elf = fixture(&arena, fixture_archs[i], "mod.so");
        struct str rpath = STR("$ORIGIN/../demo.libs"), soname = STR("mod-12345678.so"), patched;
        struct elf_patch_rename rename = {STR("libfoo.so.2"), STR("libfoo-0123abcd.so.2")};
        struct elf_patch_changes changes = {
            .soname = &soname, .rpath = &rpath, .renames = &rename, .rename_count = 1};
        assert_ok(elf_patch(&elf, &changes, &arena, &patched, &err));
        struct elf_file new = reread(&arena, patched);
        struct elf_symbol s;
        assert_str(new.soname, "mod-12345678.so");
        assert_str(new.rpath, "$ORIGIN/../demo.libs");
        assert_false(new.has_runpath);
        assert_int_equal(new.needed_count, 2);
        assert_str(new.needed[0], "libfoo-0123abcd.so.2");
        assert_str(new.needed[1], "libc.so.6");
        /* The loader looks versions up by the new name. */
        assert_true(fixture_symbol(&new, "foo", "FOO_1.0", &s));
        assert_str(s.library, "libfoo-0123abcd.so.2");
        assert_int_equal(new.symbol_count, elf.symbol_count);
        /* What code sees did not move. */
        assert_memory_equal(patched.ptr + 64, elf.bytes.ptr + 64, 64);
        struct str again;
        assert_ok(elf_patch(&elf, &changes, &arena, &again, &err));
        assert_true(str_eq(patched, again));
    }
}

/* A new segment begins where the largest page of the machine can begin, in file and memory. */
static void aligns_the_new_segment(void **state)
{
    (void)state;
    static const uint64_t pages[] = {0x1000, 0x1000, 0x10000, 0x10000};
    for (int i = 0; i < FIXTURE_ARCHS; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct err err = {0};
        struct elf_file elf = fixture(&arena, fixture_archs[i], "libfoo.so.2");
        struct str soname = STR("libfoo-0123abcd.so.2"), patched;
        struct elf_patch_changes changes = {.soname = &soname};
        assert_ok(elf_patch(&elf, &changes, &arena, &patched, &err));
        struct elf_file new = reread(&arena, patched);
        assert_true(new.at.strtab >= elf.bytes.len);
        assert_true(new.at.strtab / pages[i] * pages[i] >= elf.bytes.len);
        assert_true(new.at.strtab % pages[i] < 4096);
    }
}

static void removes_rpath_and_needed(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    struct elf_file elf = fixture(&arena, "s390x", "mod.so");
    struct str none = {0}, patched;
    struct elf_patch_changes changes = {.rpath = &none};
    assert_ok(elf_patch(&elf, &changes, &arena, &patched, &err));
    struct elf_file new = reread(&arena, patched);
    assert_false(new.has_rpath || new.has_runpath);
    assert_int_equal(new.needed_count, 2);
    /* Its versions are needed: dropping the library alone would leave a file that cannot load. */
    struct elf_patch_rename drop = {.from = STR("libfoo.so.2")};
    changes = (struct elf_patch_changes){.renames = &drop, .rename_count = 1};
    assert_false(elf_patch(&elf, &changes, &arena, &patched, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    struct elf_patch_rename absent = {STR("libnone.so"), STR("x")};
    changes.renames = &absent;
    assert_false(elf_patch(&elf, &changes, &arena, &patched, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void leaves_alone_what_does_not_change(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    struct elf_file elf = fixture(&arena, "x86_64", "libfoo.so.2");
    struct str same = STR("libfoo.so.2"), none = {0}, patched;
    struct elf_patch_changes changes = {.soname = &same, .rpath = &none};
    assert_ok(elf_patch(&elf, &changes, &arena, &patched, &err));
    assert_ptr_equal(patched.ptr, elf.bytes.ptr);
}

static void patches_twice(void **state)
{
    (void)state;
    for (int i = 0; i < FIXTURE_ARCHS; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct err err = {0};
        struct elf_file elf = fixture(&arena, fixture_archs[i], "mod.so");
        struct str one = STR("$ORIGIN/one"), two = STR("$ORIGIN/two"), patched;
        assert_ok(
            elf_patch(&elf, &(struct elf_patch_changes){.rpath = &one}, &arena, &patched, &err));
        struct elf_file first = reread(&arena, patched);
        assert_ok(elf_patch(&first, &(struct elf_patch_changes){.rpath = &two, .runpath = true},
                            &arena, &patched, &err));
        struct elf_file second = reread(&arena, patched);
        assert_str(second.runpath, "$ORIGIN/two");
        assert_false(second.has_rpath);
        assert_int_equal(second.need_count, elf.need_count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renames_everywhere),
        cmocka_unit_test(aligns_the_new_segment),
        cmocka_unit_test(removes_rpath_and_needed),
        cmocka_unit_test(leaves_alone_what_does_not_change),
        cmocka_unit_test(patches_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
