/*
 * Writer for repair: changes SONAME, DT_NEEDED, RPATH/RUNPATH and the library
 * names in .gnu.version_r of an ELF file, for every machine the reader knows.
 * The changed strings and tables go into a new read-only segment at the end,
 * aligned for the machine's largest page; nothing that code refers to moves.
 * Same input and changes, same bytes. Pure: bytes in, bytes out.
 *
 * Strip before patching, never after.
 */
#ifndef REFINERY_ELF_PATCH_H
#define REFINERY_ELF_PATCH_H

#include "elf/read.h"

/* In DT_NEEDED and in .gnu.version_r. `to` empty: drop the DT_NEEDED entry. */
struct elf_patch_rename {
    struct str from, to;
};

struct elf_patch_changes {
    const struct str *soname; /* NULL: unchanged */
    const struct str *rpath;  /* NULL: unchanged; empty: both RPATH and RUNPATH removed */
    bool runpath;             /* write DT_RUNPATH; default DT_RPATH, which dependencies inherit */
    const struct elf_patch_rename *renames;
    size_t rename_count;
};

/*
 * ERR_FORMAT: not a dynamic ELF file, or one whose tables contradict each other.
 * ERR_NOT_FOUND: a rename's `from` is not needed by the file. When nothing changes the result is
 * the input slice itself.
 */
CHECKED bool elf_patch(const struct elf_file *elf, const struct elf_patch_changes *changes,
                       struct arena *arena, struct str *patched, struct err *err);

#endif
