/*
 * The manylinux (PEP 600) and musllinux (PEP 656) policies: what a wheel may ask
 * of a system. The table is data/policies/policies.inc, regenerated from the
 * auditwheel package by scripts/policies.py; it keeps for each library and each
 * symbol version the oldest policy that allows it, so that a newer policy allows
 * all that an older one does by construction.
 */
#ifndef REFINERY_ELF_POLICY_H
#define REFINERY_ELF_POLICY_H

#include "base/arena.h"
#include "elf/read.h"

enum elf_arch {
    ELF_ARCH_NONE = 0,
    ELF_ARCH_X86_64,
    ELF_ARCH_I686,
    ELF_ARCH_AARCH64,
    ELF_ARCH_ARMV7L,
    ELF_ARCH_PPC64LE,
    ELF_ARCH_S390X,
    ELF_ARCH_RISCV64,
    ELF_ARCH_LOONGARCH64,
    ELF_ARCH_COUNT,
};

enum elf_libc { ELF_LIBC_UNKNOWN = 0, ELF_LIBC_GLIBC, ELF_LIBC_MUSL };

/* Oldest first; index order is age order within one libc. */
struct elf_policy {
    const char *name;  /* "manylinux_2_17" */
    const char *alias; /* "manylinux2014" or NULL */
    enum elf_libc libc;
    unsigned major, minor; /* of the libc */
    uint32_t archs;        /* bit 1u << enum elf_arch */
};

extern const struct elf_policy elf_policies[];
extern const size_t elf_policy_count;

const char *elf_policy_arch_name(enum elf_arch arch); /* "s390x"; "unknown" */
enum elf_arch elf_policy_arch_from(struct str name);  /* ELF_ARCH_NONE when unknown */
/* Architecture of a file: machine, class, byte order and ABI flags together. */
enum elf_arch elf_policy_arch_of(const struct elf_file *elf);

/*
 * The policy a platform tag names: "manylinux2014_s390x", "manylinux_2_17_s390x",
 * "musllinux_1_2_x86_64"; a glibc between two policies ("manylinux_2_30_s390x")
 * gives the next older one that has a policy. NULL: not such a tag.
 */
const struct elf_policy *elf_policy_from_tag(struct str platform_tag, enum elf_arch *arch);

/*
 * The index in elf_policies of the first policy that allows it; ELF_POLICY_NEVER when none does.
 * What the tables do not restrict gives elf_policy_first(libc).
 */
#define ELF_POLICY_NEVER ((size_t)-1)
size_t elf_policy_first(enum elf_libc libc); /* oldest of a libc */
size_t elf_policy_last(enum elf_libc libc);  /* newest */
size_t elf_policy_since_library(enum elf_libc libc, struct str soname);
size_t elf_policy_since_version(enum elf_libc libc, enum elf_arch arch, struct str version);
size_t elf_policy_since_symbol(enum elf_libc libc, struct str soname, struct str symbol);
/* Quick no for the many: false when no policy says anything about a symbol of this name. */
bool elf_policy_mentions_symbol(struct str symbol);

/* Whether the policy allows it. `soname` as in DT_NEEDED. The loader is always allowed. */
bool elf_policy_allows_library(const struct elf_policy *policy, enum elf_arch arch,
                               struct str soname);
/*
 * `version` like "GLIBC_2.17". Families the policies do not know ("OPENSSL_1.1.0") are allowed:
 * they belong to libraries that the whitelist rules out or that come along.
 */
bool elf_policy_allows_version(const struct elf_policy *policy, enum elf_arch arch,
                               struct str version);
/* True when a reference to `symbol` of the (allowed) library is forbidden. */
bool elf_policy_forbids_symbol(const struct elf_policy *policy, struct str soname,
                               struct str symbol);
bool elf_policy_is_loader(struct str soname); /* ld-linux*, ld64.so.* */

/* "manylinux_2_17_s390x.manylinux2014_s390x": the tags of one policy as a file name has them,
 * sorted. Without alias: the one. */
struct str elf_policy_tags(const struct elf_policy *policy, enum elf_arch arch,
                           struct arena *arena);

#endif
