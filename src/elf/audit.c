#include "elf/audit.h"

#include <stdlib.h>

#include "elf/resolve.h"

enum { ISA_BASELINE = 1 };

static struct str basename_of(struct str path)
{
    size_t slash = str_rfind_char(path, '/');
    return slash == path.len ? path : str_from_pos(path, slash + 1);
}

void elf_audit_open(struct elf_audit *audit, struct arena *arena, struct str platform_tags)
{
    struct elf_audit opened = {.arena = arena};
    struct str rest = platform_tags, tag;
    while (str_next(&rest, '.', &tag)) {
        opened.platform_wheel |= !str_eq(tag, STR("any"));
        if (str_starts(tag, STR("manylinux")))
            opened.libc = ELF_LIBC_GLIBC;
        else if (str_starts(tag, STR("musllinux")))
            opened.libc = ELF_LIBC_MUSL;
        /* The machine's name is the end of the tag; it may hold '_' itself. */
        for (int i = 1; i < ELF_ARCH_COUNT; i++) {
            struct str name = str_from(elf_policy_arch_name((enum elf_arch)i));
            if (str_ends(tag, name) && tag.len > name.len && tag.ptr[tag.len - name.len - 1] == '_')
                opened.arch = (enum elf_arch)i;
        }
    }
    *audit = opened;
}

static enum elf_libc libc_of(const struct elf_file *elf, struct str name)
{
    for (size_t i = 0; i < elf->needed_count; i++) {
        struct str needed = elf->needed[i];
        if (str_starts(needed, STR("libc.musl-")) || str_starts(needed, STR("ld-musl-")))
            return ELF_LIBC_MUSL;
        if (str_eq(needed, STR("libc.so.6")) || str_starts(needed, STR("ld-linux-")) ||
            str_starts(needed, STR("ld64.so.")))
            return ELF_LIBC_GLIBC;
    }
    if (elf->interp.len != 0)
        return str_starts(basename_of(elf->interp), STR("ld-musl-")) ? ELF_LIBC_MUSL
                                                                     : ELF_LIBC_GLIBC;
    if (str_ends(name, STR("-linux-musl.so")) || str_ends(name, STR("-linux-musleabihf.so")))
        return ELF_LIBC_MUSL;
    return str_ends(name, STR("-linux-gnu.so")) || str_ends(name, STR("-linux-gnueabihf.so"))
               ? ELF_LIBC_GLIBC
               : ELF_LIBC_UNKNOWN;
}

/* "PyInit_<module>" of this very file; Python 2's and PyPy's forms count too. */
static bool is_module_init(struct str symbol, struct str module, bool *python2)
{
    static const struct str prefixes[] = {STR_INIT("PyInit_"), STR_INIT("init"),
                                          STR_INIT("_cffi_pypyinit_")};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (symbol.len == prefixes[i].len + module.len && str_starts(symbol, prefixes[i]) &&
            str_ends(symbol, module)) {
            *python2 = i != 0;
            return true;
        }
    return false;
}

struct scan {
    bool extension, python2, ucs2, pyfpe;
    VEC(struct elf_need) forbidden;
};

/* What a single undefined reference says; `libc` is not known yet, so both tables are asked. */
static void scan_reference(const struct elf_file *elf, const struct elf_symbol *sym,
                           struct arena *arena, struct scan *scan)
{
    if (str_eq(sym->name, STR("PyFPE_jbuf")) || str_eq(sym->name, STR("PyFPE_dummy")) ||
        str_eq(sym->name, STR("PyFPE_counter")))
        scan->pyfpe = true;
    if (sym->type == STT_FUNC && str_find(sym->name, STR("PyUnicodeUCS2_")) < sym->name.len)
        scan->ucs2 = true;
    if (sym->bind == STB_WEAK || !elf_policy_mentions_symbol(sym->name))
        return;
    for (size_t i = 0; i < elf->needed_count; i++)
        for (int libc = ELF_LIBC_GLIBC; libc <= ELF_LIBC_MUSL; libc++)
            if (elf_policy_since_symbol((enum elf_libc)libc, elf->needed[i], sym->name) !=
                elf_policy_first((enum elf_libc)libc)) {
                *vec_push(&scan->forbidden, arena) =
                    (struct elf_need){.file = arena_str(arena, elf->needed[i]),
                                      .version = arena_str(arena, sym->name)};
                break;
            }
}

static void scan_symbols(const struct elf_file *elf, struct str name, struct arena *arena,
                         struct scan *scan)
{
    struct str module, rest;
    (void)str_cut(name, '.', &module, &rest);
    for (size_t i = 1; i < elf->symbol_count; i++) {
        struct elf_symbol sym;
        bool python2 = false;
        if (!elf_read_symbol(elf, i, &sym))
            continue;
        if (sym.shndx == SHN_UNDEF) {
            scan_reference(elf, &sym, arena, scan);
        } else if (!scan->extension && sym.type == STT_FUNC &&
                   is_module_init(sym.name, module, &python2)) {
            scan->extension = true;
            scan->python2 = python2;
        }
    }
}

static bool is_named_library(struct str name)
{
    return str_ends(name, STR(".so")) || str_find(name, STR(".so.")) < name.len;
}

static const struct elf_need *copy_needs(const struct elf_file *elf, struct arena *arena)
{
    struct elf_need *needs = ARENA_ARRAY(arena, struct elf_need, elf->need_count);
    for (size_t i = 0; i < elf->need_count; i++) {
        needs[i] = elf->needs[i];
        needs[i].version = arena_str(arena, needs[i].version);
        needs[i].file = i > 0 && str_eq(needs[i].file, needs[i - 1].file)
                            ? needs[i - 1].file
                            : arena_str(arena, needs[i].file);
    }
    return needs;
}

bool elf_audit_add(struct elf_audit *audit, struct str path, struct str bytes, struct err *err)
{
    struct arena *arena = audit->arena;
    struct elf_file elf;
    struct str name = basename_of(path);
    struct err broken = {0};
    if (!elf_read_is_elf(bytes))
        return true;
    if (!elf_read(bytes, arena, &elf, &broken)) {
        if (!is_named_library(name))
            return true;
        *err = broken;
        return err_wrap(err, STR_FMT, STR_ARG(path));
    }
    struct scan scan = {0};
    scan_symbols(&elf, name, arena, &scan);
    struct elf_audit_file file = {
        .path = arena_str(arena, path),
        .arch = elf_policy_arch_of(&elf),
        .machine = elf.machine,
        .libc = libc_of(&elf, name),
        .soname = arena_str(arena, elf.soname),
        .rpath = arena_str(arena, elf.has_runpath ? elf.runpath : elf.rpath),
        .textrel = elf.textrel,
        .needed_count = elf.needed_count,
        .needs = copy_needs(&elf, arena),
        .need_count = elf.need_count,
        .forbidden = scan.forbidden.at,
        .forbidden_count = scan.forbidden.len,
        .x86_isa = elf.machine == EM_X86_64 ? elf.x86_isa & ~(uint32_t)ISA_BASELINE : 0,
        .ucs2 = scan.ucs2 && scan.python2,
        .pyfpe = scan.pyfpe};
    elf_level_of(&elf, &file.level);
    file.kind = elf.type == ET_REL                           ? ELF_AUDIT_OBJECT
                : scan.extension                             ? ELF_AUDIT_EXTENSION
                : elf.type == ET_EXEC || elf.interp.len != 0 ? ELF_AUDIT_PROGRAM
                                                             : ELF_AUDIT_LIBRARY;
    struct str *needed = ARENA_ARRAY(arena, struct str, elf.needed_count);
    for (size_t i = 0; i < elf.needed_count; i++)
        needed[i] = arena_str(arena, elf.needed[i]);
    file.needed = needed;
    *vec_push(&audit->files, arena) = file;
    return true;
}

/* The verdict while it is made: `since` indices into elf_policies. */
struct judge {
    struct elf_audit *audit;
    size_t versions, others, externals;
    VEC(struct elf_audit_blocker) blockers;
};

static void block(struct judge *j, size_t since, struct str file, struct str what)
{
    size_t newest = since == ELF_POLICY_NEVER ? elf_policy_last(j->audit->libc) + 1 : since;
    /* The newest policy ruled out; older ones than the machine are no loss. */
    while (newest-- > elf_policy_first(j->audit->libc))
        if ((elf_policies[newest].archs & 1u << j->audit->arch) != 0) {
            *vec_push(&j->blockers, j->audit->arena) =
                (struct elf_audit_blocker){&elf_policies[newest], file, what};
            return;
        }
}

static void raise(size_t *limit, size_t since)
{
    if (since > *limit) /* NEVER is the largest of all */
        *limit = since;
}

static void judge_file(struct judge *j, const struct elf_audit_file *file, bool is_root)
{
    struct elf_audit *audit = j->audit;
    struct arena *arena = audit->arena;
    for (size_t i = 0; i < file->need_count; i++) {
        if (elf_policy_is_loader(file->needs[i].file))
            continue;
        size_t since = elf_policy_since_version(audit->libc, audit->arch, file->needs[i].version);
        raise(&j->versions, since);
        block(j, since, file->path,
              arena_printf(arena, "needs " STR_FMT " of " STR_FMT, STR_ARG(file->needs[i].version),
                           STR_ARG(file->needs[i].file)));
    }
    for (size_t i = 0; i < file->forbidden_count; i++) {
        size_t since = elf_policy_since_symbol(audit->libc, file->forbidden[i].file,
                                               file->forbidden[i].version);
        raise(&j->others, since);
        block(j, since, file->path,
              arena_printf(arena, "uses " STR_FMT ", which is private in " STR_FMT,
                           STR_ARG(file->forbidden[i].version), STR_ARG(file->forbidden[i].file)));
    }
    if (is_root && file->x86_isa != 0) {
        raise(&j->others, ELF_POLICY_NEVER);
        block(j, ELF_POLICY_NEVER, file->path,
              STR("is marked as needing newer processors (x86-64-v2 or later)"));
    }
    if (file->kind == ELF_AUDIT_EXTENSION && (file->pyfpe || file->ucs2)) {
        raise(&j->others, ELF_POLICY_NEVER);
        block(j, ELF_POLICY_NEVER, file->path,
              file->pyfpe ? STR("uses PyFPE_jbuf, which not every Python has")
                          : STR("is for a Python with narrow Unicode"));
    }
}

static void judge_externals(struct judge *j, const struct elf_audit_external *externals,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t since = externals[i].since == NULL ? ELF_POLICY_NEVER
                                                  : (size_t)(externals[i].since - elf_policies);
        raise(&j->externals, since);
        block(j, since, externals[i].wanted_by,
              arena_printf(j->audit->arena, "needs " STR_FMT "%s", STR_ARG(externals[i].soname),
                           since == ELF_POLICY_NEVER
                               ? ", which is neither in the wheel nor part of any policy"
                               : ""));
    }
}

static int by_policy(const void *left, const void *right)
{
    const struct elf_audit_blocker *a = left, *b = right;
    if (a->policy != b->policy)
        return a->policy > b->policy ? -1 : 1;
    int order = str_cmp(a->file, b->file);
    return order != 0 ? order : str_cmp(a->what, b->what);
}

/* The oldest policy from `since` on that knows the machine. */
static const struct elf_policy *policy_from(const struct elf_audit *audit, size_t since)
{
    for (size_t i = since; i < elf_policy_count && elf_policies[i].libc == audit->libc; i++)
        if ((elf_policies[i].archs & 1u << audit->arch) != 0)
            return &elf_policies[i];
    return NULL;
}

/* Machine and libc of the wheel where its name does not say them, then what does not belong. */
static void settle_target(struct elf_audit *audit)
{
    for (size_t i = 0; i < audit->files.len; i++) {
        struct elf_audit_file *file = &audit->files.at[i];
        if (file->kind == ELF_AUDIT_OBJECT)
            continue;
        if (audit->arch == ELF_ARCH_NONE)
            audit->arch = file->arch;
        file->foreign = file->arch != audit->arch || file->arch == ELF_ARCH_NONE;
        if (file->foreign || file->libc == ELF_LIBC_UNKNOWN)
            continue;
        if (audit->libc == ELF_LIBC_UNKNOWN)
            audit->libc = file->libc;
        file->foreign = file->libc != audit->libc;
    }
    if (audit->libc == ELF_LIBC_UNKNOWN)
        audit->libc = ELF_LIBC_GLIBC;
}

static bool in_purelib(struct str path)
{
    struct str marker = STR(".data/purelib/");
    return str_find(path, marker) < path.len;
}

static enum elf_audit_outcome outcome_of(const struct elf_audit *audit, struct str *problem)
{
    const struct elf_audit_file *target = NULL, *foreign = NULL, *pure = NULL;
    for (size_t i = 0; i < audit->files.len; i++) {
        const struct elf_audit_file *file = &audit->files.at[i];
        if (file->kind == ELF_AUDIT_OBJECT)
            continue;
        if (!file->foreign)
            target = file;
        else if (foreign == NULL || file->kind == ELF_AUDIT_EXTENSION)
            foreign = file;
        if (in_purelib(file->path))
            pure = file;
    }
    const char *machine = elf_policy_arch_name(audit->arch);
    if (target == NULL && foreign == NULL && !audit->platform_wheel)
        return ELF_AUDIT_PURE;
    if (!audit->platform_wheel || pure != NULL) {
        pure = pure != NULL ? pure : target != NULL ? target : foreign;
        *problem = arena_printf(
            audit->arena, "ELF files in a pure wheel: " STR_FMT " does not run on any machine",
            STR_ARG(pure->path));
        return ELF_AUDIT_ELF_IN_PURE;
    }
    if (target == NULL) {
        *problem =
            foreign == NULL
                ? arena_printf(audit->arena,
                               "silent fallback: named for %s, but there is no ELF file in it",
                               machine)
                : arena_printf(audit->arena,
                               "silent fallback: named for %s, but its ELF files are for "
                               "another system (" STR_FMT ": %s)",
                               machine, STR_ARG(foreign->path),
                               elf_policy_arch_name(foreign->arch));
        return ELF_AUDIT_SILENT_FALLBACK;
    }
    if (foreign != NULL && foreign->kind == ELF_AUDIT_EXTENSION) {
        *problem = arena_printf(
            audit->arena, "ELF file of another machine: " STR_FMT " is for %s, the wheel for %s",
            STR_ARG(foreign->path), elf_policy_arch_name(foreign->arch), machine);
        return ELF_AUDIT_FOREIGN;
    }
    return ELF_AUDIT_PLATFORM;
}

static void judge_all(struct judge *j, const struct elf_audit_lookup *lookup,
                      struct elf_audit_verdict *verdict)
{
    struct elf_audit *audit = j->audit;
    struct elf_resolve resolve;
    size_t with_grafts;
    j->versions = j->others = j->externals = elf_policy_first(audit->libc);
    /* musl has no symbol versions: nothing proves that an older one has all that is used. */
    if (audit->libc == ELF_LIBC_MUSL)
        raise(&j->versions, elf_policy_last(ELF_LIBC_MUSL));
    elf_resolve(audit->files.at, audit->files.len, audit->libc, lookup, audit->arena, &resolve);
    for (size_t i = 0; i < audit->files.len; i++)
        if (!audit->files.at[i].foreign && audit->files.at[i].kind != ELF_AUDIT_OBJECT)
            judge_file(j, &audit->files.at[i], resolve.is_root[i]);
    judge_externals(j, resolve.externals, resolve.external_count);
    with_grafts = j->versions;
    for (size_t i = 0; i < resolve.need_count; i++)
        if (!elf_policy_is_loader(resolve.needs[i].file))
            raise(&with_grafts,
                  elf_policy_since_version(audit->libc, audit->arch, resolve.needs[i].version));
    verdict->versions_policy = policy_from(audit, j->versions);
    raise(&with_grafts, j->others);
    verdict->repairable_policy = policy_from(audit, with_grafts);
    raise(&j->versions, j->others);
    raise(&j->versions, j->externals);
    verdict->policy = policy_from(audit, j->versions);
    verdict->externals = resolve.externals;
    verdict->external_count = resolve.external_count;
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct elf_audit_file *)a)->path,
                   ((const struct elf_audit_file *)b)->path);
}

void elf_audit_finish(struct elf_audit *audit, const struct elf_audit_lookup *lookup,
                      struct elf_audit_verdict *verdict)
{
    struct elf_audit_verdict v = {0};
    struct judge j = {.audit = audit};
    if (audit->files.len > 1)
        qsort(audit->files.at, audit->files.len, sizeof *audit->files.at, by_path);
    settle_target(audit);
    v.outcome = outcome_of(audit, &v.problem);
    v.arch = audit->arch;
    v.libc = audit->libc;
    v.files = audit->files.at;
    v.file_count = audit->files.len;
    v.tag = STR("any");
    if (v.outcome != ELF_AUDIT_PURE) {
        judge_all(&j, lookup, &v);
        if (v.outcome == ELF_AUDIT_SILENT_FALLBACK) /* nothing was judged */
            v.policy = v.versions_policy = v.repairable_policy = NULL;
        v.tag = arena_printf(audit->arena, "%s_%s", v.policy == NULL ? "linux" : v.policy->name,
                             elf_policy_arch_name(v.arch));
    }
    if (j.blockers.len > 1)
        qsort(j.blockers.at, j.blockers.len, sizeof *j.blockers.at, by_policy);
    v.blockers = j.blockers.at;
    v.blocker_count = j.blockers.len;
    *verdict = v;
}
