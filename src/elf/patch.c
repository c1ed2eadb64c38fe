#include "elf/patch.h"
bool elf_patch(const struct elf_file *elf, const struct elf_patch_changes *changes,
               struct arena *arena, struct str *patched, struct err *err)
{
    (void)elf, (void)changes, (void)arena, (void)patched;
    return err_set(err, ERR_FORMAT, "not yet");
}
