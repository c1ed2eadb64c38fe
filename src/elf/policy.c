#include "elf/policy.h"

#define GLIBC ELF_LIBC_GLIBC
#define MUSL ELF_LIBC_MUSL
#define ARCH(name) (1u << ELF_ARCH_##name)

const struct elf_policy elf_policies[] = {
#define POLICY(name, alias, libc, major, minor, archs) {name, alias, libc, major, minor, archs},
#include "policies/policies.inc"
#undef POLICY
};

const size_t elf_policy_count = sizeof elf_policies / sizeof *elf_policies;

static const struct {
    enum elf_libc libc;
    struct str soname;
    size_t since;
} libraries[] = {
#define LIBRARY(libc, soname, since) {libc, STR_INIT(soname), since},
#include "policies/policies.inc"
#undef LIBRARY
};

static const struct {
    enum elf_arch arch;
    struct str family, version;
    size_t since;
} versions[] = {
#define VERSION(arch, family, version, since)                                                      \
    {ELF_ARCH_##arch, STR_INIT(family), STR_INIT(version), since},
#include "policies/policies.inc"
#undef VERSION
};

static const struct {
    enum elf_libc libc;
    struct str soname, symbol;
    size_t until;
} forbidden[] = {
#define FORBIDDEN(libc, soname, symbol, until) {libc, STR_INIT(soname), STR_INIT(symbol), until},
#include "policies/policies.inc"
#undef FORBIDDEN
};

static const struct {
    const char *name;
    uint16_t machine;
    bool is64, big;
} archs[ELF_ARCH_COUNT] = {
    [ELF_ARCH_NONE] = {"unknown", EM_NONE, false, false},
    [ELF_ARCH_X86_64] = {"x86_64", EM_X86_64, true, false},
    [ELF_ARCH_I686] = {"i686", EM_386, false, false},
    [ELF_ARCH_AARCH64] = {"aarch64", EM_AARCH64, true, false},
    [ELF_ARCH_ARMV7L] = {"armv7l", EM_ARM, false, false},
    [ELF_ARCH_PPC64LE] = {"ppc64le", EM_PPC64, true, false},
    [ELF_ARCH_S390X] = {"s390x", EM_S390, true, true},
    [ELF_ARCH_RISCV64] = {"riscv64", EM_RISCV, true, false},
    [ELF_ARCH_LOONGARCH64] = {"loongarch64", 258 /* EM_LOONGARCH, newer than some <elf.h> */, true,
                              false},
};

const char *elf_policy_arch_name(enum elf_arch arch)
{
    return archs[arch < ELF_ARCH_COUNT ? arch : ELF_ARCH_NONE].name;
}

enum elf_arch elf_policy_arch_from(struct str name)
{
    for (int i = 1; i < ELF_ARCH_COUNT; i++)
        if (str_eq(name, str_from(archs[i].name)))
            return (enum elf_arch)i;
    return ELF_ARCH_NONE;
}

enum elf_arch elf_policy_arch_of(const struct elf_file *elf)
{
    for (int i = 1; i < ELF_ARCH_COUNT; i++) {
        if (archs[i].machine != elf->machine || archs[i].is64 != elf->is64 ||
            archs[i].big != elf->big)
            continue;
        /* armv7l is version 5 of the EABI with floating point in registers. */
        if (i == ELF_ARCH_ARMV7L && ((elf->flags & EF_ARM_EABIMASK) != EF_ARM_EABI_VER5 ||
                                     (elf->flags & EF_ARM_ABI_FLOAT_HARD) == 0))
            return ELF_ARCH_NONE;
        return (enum elf_arch)i;
    }
    return ELF_ARCH_NONE;
}

size_t elf_policy_first(enum elf_libc libc)
{
    size_t i = 0;
    while (i < elf_policy_count && elf_policies[i].libc != libc)
        i++;
    return i;
}

size_t elf_policy_last(enum elf_libc libc)
{
    size_t i = elf_policy_count - 1;
    while (i > 0 && elf_policies[i].libc != libc)
        i--;
    return i;
}

/* "<major>_<minor>_<arch>" behind "manylinux_" or "musllinux_". */
static const struct elf_policy *by_version(enum elf_libc libc, struct str rest, struct str *arch)
{
    struct str major_text, minor_text;
    uint64_t major, minor;
    if (!str_cut(rest, '_', &major_text, &rest) || !str_cut(rest, '_', &minor_text, arch) ||
        !str_to_u64(major_text, &major) || !str_to_u64(minor_text, &minor))
        return NULL;
    const struct elf_policy *best = NULL;
    for (size_t i = 0; i < elf_policy_count; i++)
        if (elf_policies[i].libc == libc && elf_policies[i].major == major &&
            elf_policies[i].minor <= minor)
            best = &elf_policies[i];
    return best;
}

const struct elf_policy *elf_policy_from_tag(struct str platform_tag, enum elf_arch *arch)
{
    const struct elf_policy *policy = NULL;
    struct str head, arch_name = {0};
    if (str_starts(platform_tag, STR("manylinux_")))
        policy = by_version(ELF_LIBC_GLIBC, str_from_pos(platform_tag, 10), &arch_name);
    else if (str_starts(platform_tag, STR("musllinux_")))
        policy = by_version(ELF_LIBC_MUSL, str_from_pos(platform_tag, 10), &arch_name);
    else if (str_cut(platform_tag, '_', &head, &arch_name))
        for (size_t i = 0; i < elf_policy_count; i++)
            if (elf_policies[i].alias != NULL && str_eq(head, str_from(elf_policies[i].alias)))
                policy = &elf_policies[i];
    enum elf_arch found = elf_policy_arch_from(arch_name);
    if (policy == NULL || found == ELF_ARCH_NONE || (policy->archs & 1u << found) == 0)
        return NULL;
    if (arch != NULL)
        *arch = found;
    return policy;
}

bool elf_policy_is_loader(struct str soname)
{
    return str_find(soname, STR("ld-linux")) < soname.len || str_eq(soname, STR("ld64.so.1")) ||
           str_eq(soname, STR("ld64.so.2"));
}

size_t elf_policy_since_library(enum elf_libc libc, struct str soname)
{
    if (elf_policy_is_loader(soname))
        return elf_policy_first(libc);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (libraries[i].libc == libc && str_eq(libraries[i].soname, soname))
            return libraries[i].since;
    return ELF_POLICY_NEVER;
}

size_t elf_policy_since_version(enum elf_libc libc, enum elf_arch arch, struct str version)
{
    struct str family, number;
    bool known = false;
    if (libc != ELF_LIBC_GLIBC)
        return elf_policy_first(libc);
    (void)str_cut(version, '_', &family, &number);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        if (versions[i].arch != arch || !str_eq(versions[i].family, family))
            continue;
        known = true;
        if (str_eq(versions[i].version, number))
            return versions[i].since;
    }
    return known ? ELF_POLICY_NEVER : elf_policy_first(libc);
}

size_t elf_policy_since_symbol(enum elf_libc libc, struct str soname, struct str symbol)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        if (forbidden[i].libc == libc && str_eq(forbidden[i].symbol, symbol) &&
            str_eq(forbidden[i].soname, soname)) {
            size_t next = forbidden[i].until + 1;
            return next < elf_policy_count && elf_policies[next].libc == libc ? next
                                                                              : ELF_POLICY_NEVER;
        }
    return elf_policy_first(libc);
}

bool elf_policy_mentions_symbol(struct str symbol)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        if (forbidden[i].symbol.len == symbol.len && str_eq(forbidden[i].symbol, symbol))
            return true;
    return false;
}

static size_t index_of(const struct elf_policy *policy)
{
    return (size_t)(policy - elf_policies);
}

bool elf_policy_allows_library(const struct elf_policy *policy, enum elf_arch arch,
                               struct str soname)
{
    size_t since = elf_policy_since_library(policy->libc, soname);
    return (policy->archs & 1u << arch) != 0 && since != ELF_POLICY_NEVER &&
           since <= index_of(policy);
}

bool elf_policy_allows_version(const struct elf_policy *policy, enum elf_arch arch,
                               struct str version)
{
    size_t since = elf_policy_since_version(policy->libc, arch, version);
    return since != ELF_POLICY_NEVER && since <= index_of(policy);
}

bool elf_policy_forbids_symbol(const struct elf_policy *policy, struct str soname,
                               struct str symbol)
{
    size_t since = elf_policy_since_symbol(policy->libc, soname, symbol);
    return since == ELF_POLICY_NEVER || since > index_of(policy);
}

struct str elf_policy_tags(const struct elf_policy *policy, enum elf_arch arch, struct arena *arena)
{
    const char *machine = elf_policy_arch_name(arch);
    if (policy->alias == NULL)
        return arena_printf(arena, "%s_%s", policy->name, machine);
    struct str a = arena_printf(arena, "%s_%s", policy->name, machine);
    struct str b = arena_printf(arena, "%s_%s", policy->alias, machine);
    bool swapped = str_cmp(b, a) < 0;
    return arena_printf(arena, STR_FMT "." STR_FMT, STR_ARG(swapped ? b : a),
                        STR_ARG(swapped ? a : b));
}
