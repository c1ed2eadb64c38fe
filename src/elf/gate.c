#include "elf/gate.h"

#include "base/vec.h"

struct gate {
    const struct elf_file *elf;
    const struct elf_gate_rules *rules;
    struct arena *arena;
    VEC(struct elf_gate_finding) findings;
};

static void found(struct gate *g, enum elf_gate_reason reason, struct str name, struct str library)
{
    *vec_push(&g->findings, g->arena) = (struct elf_gate_finding){reason, name, library};
}

/* "GLIBC_2.17" against the floor. GLIBC_PRIVATE and the like are of one glibc only. */
static bool above_floor(struct str version, unsigned floor)
{
    struct str rest = str_from_pos(version, 6), piece;
    uint64_t major, minor;
    return !str_next(&rest, '.', &piece) || !str_to_u64(piece, &major) || major != 2 ||
           !str_next(&rest, '.', &piece) || !str_to_u64(piece, &minor) || minor > floor;
}

static void check_version(struct gate *g, struct str version, struct str library)
{
    const struct elf_gate_rules *rules = g->rules;
    if (str_starts(version, STR("GLIBC_"))) {
        if (above_floor(version, rules->floor))
            found(g, ELF_GATE_GLIBC_VERSION, version, library);
    } else if (rules->policy != NULL &&
               !elf_policy_allows_version(rules->policy, rules->arch, version)) {
        found(g, ELF_GATE_POLICY_VERSION, version, library);
    }
}

static bool is_missing(const struct elf_gate_rules *rules, struct str name)
{
    size_t low = 0, high = rules->missing_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(rules->missing[mid], name);
        if (order == 0)
            return true;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

/* Names that the interpreter, which has loaded the module, is known to bring. */
static bool is_python(struct str name)
{
    return str_starts(name, STR("Py")) || str_starts(name, STR("_Py"));
}

static bool is_glibc(struct str soname)
{
    static const char *const names[] = {"libc.so.",      "libm.so.",   "libpthread.so.",
                                        "libdl.so.",     "librt.so.",  "libutil.so.",
                                        "libresolv.so.", "libanl.so.", "libmvec.so."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_starts(soname, str_from(names[i])))
            return true;
    return elf_policy_is_loader(soname);
}

static bool is_exported(const struct gate *g, struct str name)
{
    for (size_t i = 0; i < g->elf->needed_count; i++)
        if (!is_glibc(g->elf->needed[i]) &&
            g->rules->exports(g->rules->state, g->elf->needed[i], name))
            return true;
    return false;
}

static void check_symbol(struct gate *g, const struct elf_symbol *symbol)
{
    if (symbol->shndx != SHN_UNDEF || symbol->bind == STB_WEAK || symbol->version.len != 0 ||
        symbol->name.len == 0 || is_python(symbol->name))
        return;
    bool missing = is_missing(g->rules, symbol->name);
    if (g->rules->exports == NULL) {
        if (missing)
            found(g, ELF_GATE_UNVERSIONED, symbol->name, (struct str){0});
    } else if (!is_exported(g, symbol->name)) {
        found(g, missing ? ELF_GATE_UNVERSIONED : ELF_GATE_UNRESOLVED, symbol->name,
              (struct str){0});
    }
}

void elf_gate_check(const struct elf_file *elf, const struct elf_gate_rules *rules,
                    struct arena *arena, const struct elf_gate_finding **findings, size_t *count)
{
    struct gate g = {.elf = elf, .rules = rules, .arena = arena};
    if (elf_policy_arch_of(elf) != rules->arch)
        found(&g, ELF_GATE_MACHINE, str_from(elf_policy_arch_name(elf_policy_arch_of(elf))),
              (struct str){0});
    for (size_t i = 0; i < elf->need_count; i++)
        check_version(&g, elf->needs[i].version, elf->needs[i].file);
    for (size_t i = 1; i < elf->symbol_count; i++) {
        struct elf_symbol symbol;
        if (elf_read_symbol(elf, i, &symbol))
            check_symbol(&g, &symbol);
    }
    *findings = g.findings.at;
    *count = g.findings.len;
}

struct str elf_gate_describe(const struct elf_gate_finding *finding,
                             const struct elf_gate_rules *rules, struct arena *arena)
{
    struct str name = finding->name, library = finding->library;
    switch (finding->reason) {
    case ELF_GATE_GLIBC_VERSION:
        return arena_printf(arena, "needs " STR_FMT " of " STR_FMT "; the floor is GLIBC_2.%u",
                            STR_ARG(name), STR_ARG(library), rules->floor);
    case ELF_GATE_POLICY_VERSION:
        return arena_printf(arena, "needs " STR_FMT " of " STR_FMT ", which %s does not allow",
                            STR_ARG(name), STR_ARG(library), rules->policy->name);
    case ELF_GATE_UNVERSIONED:
        return arena_printf(arena,
                            "refers to " STR_FMT ", which glibc 2.%u does not have: it would fail "
                            "when it is loaded there",
                            STR_ARG(name), rules->floor);
    case ELF_GATE_UNRESOLVED:
        return arena_printf(arena, "refers to " STR_FMT ", which no library that it needs exports",
                            STR_ARG(name));
    case ELF_GATE_MACHINE:
        return arena_printf(arena, "is for " STR_FMT ", not for %s", STR_ARG(name),
                            elf_policy_arch_name(rules->arch));
    }
    return (struct str){0};
}
