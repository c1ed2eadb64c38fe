/*
 * Which libraries the ELF files of a wheel take from outside: DT_NEEDED followed
 * through RPATH and RUNPATH inside the wheel, and through a lookup outside. Paths
 * are the wheel's members; nothing is opened here.
 */
#ifndef REFINERY_ELF_RESOLVE_H
#define REFINERY_ELF_RESOLVE_H

#include "base/map.h"
#include "elf/audit.h"

struct elf_resolve {
    const struct elf_audit_external *externals; /* first seen first */
    size_t external_count;
    const struct elf_need *needs; /* versions that the libraries found outside need themselves */
    size_t need_count;
    const bool *is_root; /* per file: an extension, or needed by no other file of the wheel */
};

/* `lookup` may be NULL. Files marked foreign are left out. */
void elf_resolve(const struct elf_audit_file *files, size_t count, enum elf_libc libc,
                 const struct elf_audit_lookup *lookup, struct arena *arena,
                 struct elf_resolve *result);

/* The member a search directory of `file` ("$ORIGIN/../x.libs") names, without "." and "..";
 * false when it leaves the wheel. */
bool elf_resolve_directory(struct str file, struct str entry, struct arena *arena,
                           struct str *directory);

#endif
