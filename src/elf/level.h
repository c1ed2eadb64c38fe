/*
 * Levels of machines: how new a processor has to be. The levels of an architecture are
 * a chain, each has all instructions of those before it. Pure.
 *
 * What a file needs is read off it: for s390x off the code of its executable sections,
 * by opcode (tables/s390x_levels.def); for x86-64 off GNU_PROPERTY_X86_ISA_1_NEEDED,
 * where the linker left one. Operands are not decoded, so the rare instruction whose
 * operand alone is newer (popcnt with a mask) passes for the older one.
 */
#ifndef REFINERY_ELF_LEVEL_H
#define REFINERY_ELF_LEVEL_H

#include "elf/policy.h"
#include "elf/read.h"

struct elf_level {
    enum elf_arch arch;
    const char *name;  /* "z13", "x86-64-v3" */
    const char *march; /* gcc's and rustc's word for it */
    const char *qemu;  /* QEMU_CPU for a machine without what came later; NULL: qemu has no such */
};

/* NULL: no level of that name and architecture. */
const struct elf_level *elf_level_find(enum elf_arch arch, struct str name);
/* "z196, zEC12, ..."; empty: no levels are known of the architecture. */
struct str elf_level_names(enum elf_arch arch, struct arena *arena);

/* How new a machine a file needs. */
struct elf_level_use {
    const struct elf_level
        *level;              /* the newest needed; NULL: none beyond the architecture's oldest */
    const char *instruction; /* the first of that level; NULL: a property of the file says it */
    uint64_t offset;         /* where it is in the file */
    size_t count;            /* instructions of that level */
    /*
     * The file can ask which machine it runs on (STFLE, getauxval, IFUNC), so the newer
     * code may be one of several ways.
     */
    bool asks;
};

void elf_level_of(const struct elf_file *elf, struct elf_level_use *use);

/* Whether it is newer than `limit`, a level of the same architecture. */
bool elf_level_exceeds(const struct elf_level_use *use, const struct elf_level *limit);

/* "vzero of z13 at offset 0x1234 (7 such instructions)" */
struct str elf_level_describe(const struct elf_level_use *use, struct arena *arena);

#endif
