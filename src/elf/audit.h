/*
 * The verdict on a wheel's ELF files: the oldest policy whose systems all run
 * them, and what keeps them from older ones. Files are added one by one and are
 * not needed afterwards (what matters is copied into the arena), so that a wheel
 * larger than memory can be audited, in any order: the verdict is the same. Pure;
 * the thin shell is wheelfile/audit.h.
 *
 * The verdict equals `auditwheel show` (compared in tests/stages/40-audit.sh),
 * plus three findings of our own: a platform wheel without ELF files of the
 * target (silent fallback), ELF files in a pure wheel, ELF files of another machine.
 */
#ifndef REFINERY_ELF_AUDIT_H
#define REFINERY_ELF_AUDIT_H

#include "base/vec.h"
#include "elf/level.h"

enum elf_audit_kind {
    ELF_AUDIT_EXTENSION, /* defines PyInit_<its name> */
    ELF_AUDIT_LIBRARY,
    ELF_AUDIT_PROGRAM, /* has an interpreter, or ET_EXEC */
    ELF_AUDIT_OBJECT,  /* relocatable: not loaded, no demands */
};

struct elf_audit_file {
    struct str path; /* in the wheel */
    enum elf_audit_kind kind;
    enum elf_arch arch;
    uint16_t machine;
    enum elf_libc libc;
    struct str soname, rpath; /* rpath: RUNPATH where present, else RPATH */
    bool textrel;
    const struct str *needed;
    size_t needed_count;
    const struct elf_need *needs; /* symbol versions, by library */
    size_t need_count;
    const struct elf_need *forbidden; /* file and symbol (as version) that some policy forbids */
    size_t forbidden_count;
    uint32_t x86_isa;
    struct elf_level_use level; /* how new a machine it needs */
    bool ucs2, pyfpe;
    bool foreign; /* of another machine or libc than the wheel: left out of the verdict */
};

/* A library that neither the wheel nor the policy brings. */
struct elf_audit_external {
    struct str soname;
    struct str wanted_by;           /* path in the wheel of the first file that needs it */
    struct str found;               /* where the lookup found it; empty: nowhere */
    const struct elf_policy *since; /* first policy that allows it; NULL: none does */
};

enum elf_audit_outcome {
    ELF_AUDIT_PURE,            /* pure wheel without ELF files: any */
    ELF_AUDIT_PLATFORM,        /* `policy` says it (NULL: only linux_<arch> is true) */
    ELF_AUDIT_SILENT_FALLBACK, /* platform wheel, no ELF file of the target in it */
    ELF_AUDIT_ELF_IN_PURE,     /* named `any`, or below *.data/purelib/, and ELF files are there */
    ELF_AUDIT_FOREIGN,         /* an extension module for another machine beside the target's */
};

struct elf_audit_blocker {
    const struct elf_policy *policy; /* the newest policy that this rules out */
    struct str file;                 /* path in the wheel */
    struct str what; /* "needs GLIBC_2.34 of libc.so.6", "needs libfoo.so.1, which no ..." */
};

struct elf_audit_verdict {
    enum elf_audit_outcome outcome;
    enum elf_arch arch;
    enum elf_libc libc;
    const struct elf_policy *policy; /* oldest that is true; NULL: linux_<arch> only */
    /* What the versions alone would allow, and all but external libraries: where repair can get. */
    const struct elf_policy *versions_policy, *repairable_policy;
    struct str tag; /* "manylinux_2_17_s390x", "linux_s390x", "any" */
    const struct elf_audit_file *files;
    size_t file_count;
    const struct elf_audit_external *externals;
    size_t external_count;
    const struct elf_audit_blocker *blockers; /* newest policy first: why no older tag is true */
    size_t blocker_count;
    struct str problem; /* one sentence for the outcomes that are failures; empty otherwise */
};

/*
 * Finds a library for a file: `wanting` is its facts. True with the bytes (borrowed; kept until
 * the audit ends) and where it was; false: not found. May be NULL in elf_audit_finish, and `find`
 * in here.
 */
struct elf_audit_lookup {
    bool (*find)(void *state, const struct elf_audit_file *wanting, struct str soname,
                 struct str *path, struct str *bytes);
    void *state;
    const struct str *stays; /* SONAMEs that are taken as part of every system */
    size_t stay_count;
};

struct elf_audit {
    struct arena *arena;
    enum elf_arch arch;  /* from the wheel's platform tags; NONE: taken from the first file */
    enum elf_libc libc;  /* likewise; UNKNOWN: from the first file that says it */
    bool platform_wheel; /* named for a platform, not `any` */
    VEC(struct elf_audit_file) files;
};

/* `platform_tags`: the last field of the wheel's name
 * ("manylinux_2_17_x86_64.manylinux2014_x86_64"). */
void elf_audit_open(struct elf_audit *audit, struct arena *arena, struct str platform_tags);
/*
 * One member of the wheel. What is not ELF is passed over. A broken ELF file is an error where it
 * is named like a library (".so", ".so.1"), else it is data and passed over too.
 */
CHECKED bool elf_audit_add(struct elf_audit *audit, struct str path, struct str bytes,
                           struct err *err);
void elf_audit_finish(struct elf_audit *audit, const struct elf_audit_lookup *lookup,
                      struct elf_audit_verdict *verdict);

#endif
