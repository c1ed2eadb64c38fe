/* What can be patched can be read again and has the new names; the rest is refused with a message.
 */
#include "elf/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct elf_file elf, again;
    struct err err = {0};
    struct str soname = STR("libfuzz-01234567.so.1"), rpath = STR("$ORIGIN"), patched;
    struct elf_patch_rename rename = {.to = STR("libother-01234567.so.2")};
    struct elf_patch_changes changes = {.soname = &soname, .rpath = &rpath, .renames = &rename};
    if (!elf_read(str_of(data, size), &arena, &elf, &err))
        return 0;
    if (elf.needed_count != 0) {
        rename.from = elf.needed[0];
        changes.rename_count = 1;
    }
    if (!elf_patch(&elf, &changes, &arena, &patched, &err)) {
        check(err.text[0] != 0);
        return 0;
    }
    check(patched.len >= size);
    /* Tables that overlap may destroy each other; then the reader says so. */
    if (elf_read(patched, &arena, &again, &err))
        check(again.needed_count <= ELF_READ_NEEDED_MAX);
    return 0;
}
