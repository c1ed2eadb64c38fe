/*
 * The check after a link against floor stubs (elf/stub.h): the stubs keep
 * versions low, but a shared library links with rc 0 while leaving names that
 * the old glibc lacks undefined and without version; such a module works on the
 * build's glibc and fails on the old one. Pure.
 */
#ifndef REFINERY_ELF_GATE_H
#define REFINERY_ELF_GATE_H

#include "elf/policy.h"
#include "elf/read.h"

enum elf_gate_reason {
    ELF_GATE_GLIBC_VERSION,  /* needs GLIBC_x above the floor */
    ELF_GATE_POLICY_VERSION, /* GLIBCXX, CXXABI, GCC, ... above the policy */
    ELF_GATE_UNVERSIONED,    /* strong undefined reference that only a newer glibc satisfies */
    ELF_GATE_UNRESOLVED,     /* strong undefined reference that nothing known satisfies */
    ELF_GATE_MACHINE,        /* another architecture than the floor's */
};

struct elf_gate_finding {
    enum elf_gate_reason reason;
    struct str name;    /* the symbol, or the version needed */
    struct str library; /* SONAME, where known */
};

struct elf_gate_rules {
    enum elf_arch arch;
    unsigned floor;                  /* glibc 2.<floor> */
    const struct elf_policy *policy; /* for the other families; NULL: only glibc is checked */
    const struct str *missing;       /* elf_stub_set.missing: sorted */
    size_t missing_count;
    /* Whether a library of DT_NEEDED that is not glibc's exports the name; NULL: unknown, then
     * names not in `missing` pass. */
    bool (*exports)(void *state, struct str soname, struct str symbol);
    void *state;
};

/* Findings in symbol order, in the arena; none: the file may be delivered. */
void elf_gate_check(const struct elf_file *elf, const struct elf_gate_rules *rules,
                    struct arena *arena, const struct elf_gate_finding **findings, size_t *count);

/* "exp needs GLIBC_2.29 of libm.so.6; the floor is 2.17" */
struct str elf_gate_describe(const struct elf_gate_finding *finding,
                             const struct elf_gate_rules *rules, struct arena *arena);

#endif
