/*
 * Stub shared libraries that hold a link to an old glibc (the floor), made from
 * the symbol tables of a newer one. The stubs offer, for every name, only the
 * versions that glibc 2.<floor> had, so that the linker records versions that an
 * old system has; what it never had stays undefined and is named in `missing`.
 *
 * Pure: bytes of the sysroot's libraries in, bytes of files out, all in the
 * arena, byte-identical for identical input. Machines: s390x, x86_64, aarch64.
 *
 *     struct elf_stub_input libs[] = {{STR("libc.so.6"), bytes}, ...};
 *     struct elf_stub_set set;
 *     elf_stub_make(libs, 9, &(struct elf_stub_options){.floor = 17, ...}, &arena, &set, &err)
 *     // write set.files[i].bytes to DIR/<set.files[i].name>; link with -LDIR -Wl,-rpath-link,DIR
 *
 * The compatibility archive (hidden replacements for functions that newer headers
 * turned into new symbols) is not made here: options name it and the libc.so
 * linker script puts it first.
 */
#ifndef REFINERY_ELF_STUB_H
#define REFINERY_ELF_STUB_H

#include "base/arena.h"
#include "base/err.h"

/* One of the sysroot's libraries, under its SONAME. */
struct elf_stub_input {
    struct str soname;
    struct str bytes;
};

struct elf_stub_options {
    unsigned floor; /* glibc 2.<floor>, 17 or newer */
    /* As they are to stand in the text of libc.so. Empty: left out. */
    struct str compat_archive; /* "libfloor_nonshared.a", found through -L */
    struct str nonshared; /* the sysroot's own libc_nonshared.a, absolute or found through -L */
};

struct elf_stub_file {
    struct str name; /* "libc.so.6", "libm.so.6", "libm.so", "libc.so", ... no directory */
    struct str bytes;
    bool is_text; /* a linker script */
};

struct elf_stub_set {
    uint16_t machine; /* EM_S390, EM_X86_64 or EM_AARCH64 */
    unsigned floor;
    const struct elf_stub_file *files; /* sorted by name */
    size_t file_count;
    /* Names that the sysroot offers by default but glibc 2.<floor> did not have, sorted, unique:
     * a strong undefined reference to one of them fails on the old system. */
    const struct str *missing;
    size_t missing_count;
    struct str missing_text; /* the same, one name a line, for a file missing.txt */
};

/* What elf_stub_make wants, in this order; "ld" stands for the machine's loader. libc.so.6 and the
 * loader must be there, others may be absent (libutil and libanl are in some releases). */
extern const char *const elf_stub_sonames[];   /* NULL-terminated, without the loader */
const char *elf_stub_loader(uint16_t machine); /* "ld64.so.1", ...; NULL for another machine */

/*
 * ERR_FORMAT: an input is not a shared library of one of the machines, or lacks versions.
 * ERR_USAGE: floor out of range (newer than the sysroot is fine: everything is kept), libc absent.
 */
CHECKED bool elf_stub_make(const struct elf_stub_input *libs, size_t lib_count,
                           const struct elf_stub_options *options, struct arena *arena,
                           struct elf_stub_set *set, struct err *err);

#endif
