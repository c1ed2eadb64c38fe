/*
 * Writes a shared library that has symbols and versions but no code: what a
 * linker needs to link against (elf/stub.h). 64-bit, sections and segments
 * well-formed: .hash .dynsym .dynstr .gnu.version .gnu.version_d .dynamic, and
 * .text and .bss without bytes in the file.
 */
#ifndef REFINERY_ELF_DSO_H
#define REFINERY_ELF_DSO_H

#include "base/arena.h"
#include "base/str.h"

struct elf_dso_symbol {
    struct str name;
    size_t version; /* index into elf_dso.versions */
    bool hidden;    /* name@VERSION, not the default */
    bool data;      /* `place` is in .bss, else in .text */
    uint8_t bind, type;
    uint64_t place, size; /* place: offset in its section */
};

struct elf_dso {
    uint16_t machine;
    bool big;
    struct str soname;
    const struct str *versions; /* each inherits the one before */
    size_t version_count;
    const struct elf_dso_symbol *symbols;
    size_t symbol_count;
    uint64_t text_size, data_size;
};

struct str elf_dso_write(const struct elf_dso *dso, struct arena *arena);

#endif
