/*
 * Reader of ELF files (System V gABI, with the GNU symbol version extension) as
 * the dynamic loader sees them: through program headers and the dynamic segment.
 * 32 and 64 bit, both byte orders. Input is hostile: every offset is checked
 * against the file, every count against a limit, and messages give the place.
 *
 * Nothing is copied: slices point into the bytes given, which must outlive the
 * result; arrays are in the arena. No I/O, no state.
 */
#ifndef REFINERY_ELF_READ_H
#define REFINERY_ELF_READ_H

#include <elf.h> /* constants only: EM_*, ET_*, ST*_*; structures are never laid over bytes */

#include "base/arena.h"
#include "base/err.h"

enum { ELF_READ_NEEDED_MAX = 4096, ELF_READ_VERSIONS_MAX = 32767 };

/* One entry of .gnu.version_r: `version` of `file` (a SONAME) is needed. */
struct elf_need {
    struct str file, version;
    uint16_t index; /* as in .gnu.version */
    bool weak;      /* the loader only warns when it is missing */
};

/* One entry of .gnu.version_d. */
struct elf_def {
    struct str version;
    struct str parent; /* empty when it has none */
    uint16_t index;
    bool base; /* the file's own name, not a version */
};

struct elf_file {
    struct str bytes;
    bool is64, big;
    uint8_t osabi;
    uint16_t type;    /* ET_DYN, ET_EXEC, ... */
    uint16_t machine; /* EM_* */
    uint32_t flags;
    bool dynamic; /* has a dynamic segment; all below is empty without one */
    struct str interp, soname, rpath, runpath;
    bool has_rpath, has_runpath; /* present, even if empty */
    bool textrel;
    const struct str *needed;
    size_t needed_count;
    const struct elf_need *needs;
    size_t need_count;
    const struct elf_def *defs;
    size_t def_count;
    size_t symbol_count; /* of .dynsym, with the null symbol */
    uint32_t x86_isa;    /* GNU_PROPERTY_X86_ISA_1_NEEDED, 0 when absent */
    /* For elf_read_symbol and elf/patch. File offsets; 0: absent. */
    struct {
        uint64_t symtab, strtab, strsz, versym, verneed, verdef;
        uint32_t verneed_num, verdef_num;
        uint64_t dyn_offset, dyn_size;
        const struct elf_version_name *by_index; /* [0, version_limit) */
        size_t version_limit;
    } at;
};

struct elf_version_name {
    struct str version, file; /* file: of a need; empty for a definition */
};

struct elf_symbol {
    struct str name;
    struct str version; /* empty: unversioned (or a file without versions) */
    struct str library; /* SONAME the version is needed from; empty for definitions */
    bool hidden;        /* `name@VERSION`, not the default `name@@VERSION` */
    uint8_t bind, type, visibility;
    uint16_t shndx; /* SHN_UNDEF: a reference */
    uint64_t value, size;
};

/* True when the bytes begin like an ELF file (then an error of elf_read is worth a message). */
bool elf_read_is_elf(struct str bytes);

/* ERR_FORMAT with the offset and what was wrong there; ERR_LIMIT past one of the limits. */
CHECKED bool elf_read(struct str bytes, struct arena *arena, struct elf_file *elf, struct err *err);

/* Symbol `index` of .dynsym, 1 to symbol_count - 1. False when its name lies outside the file. */
bool elf_read_symbol(const struct elf_file *elf, size_t index, struct elf_symbol *symbol);

#endif
