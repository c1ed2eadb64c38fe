/*
 * The pure ELF functions from a shell, for the stages that hold them against real
 * toolchains and loaders. Not installed.
 *   elftool stub FLOOR OUTDIR NONSHARED LIB...
 *   elftool read FILE
 *   elftool patch IN OUT [soname=S] [rpath=S] [runpath=S] [FROM>TO ...]
 *   elftool gate FLOOR ARCH MISSING FILE
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "elf/gate.h"
#include "elf/patch.h"
#include "elf/stub.h"
#include "os/file.h"

static bool load(const char *path, struct arena *arena, struct str *bytes, struct err *err)
{
    return file_read(AT_FDCWD, path, (size_t)1 << 31, arena, bytes, err);
}

static bool stub(char **argv, int argc, struct arena *arena, struct err *err)
{
    VEC(struct elf_stub_input) libs = {0};
    uint64_t floor = 0;
    (void)str_to_u64(str_from(argv[0]), &floor);
    for (int i = 3; i < argc; i++) {
        struct str path = str_from(argv[i]), bytes;
        if (!load(argv[i], arena, &bytes, err))
            return false;
        size_t slash = str_rfind_char(path, '/');
        *vec_push(&libs, arena) = (struct elf_stub_input){
            slash == path.len ? path : str_from_pos(path, slash + 1), bytes};
    }
    struct elf_stub_set set;
    struct elf_stub_options options = {.floor = (unsigned)floor, .nonshared = str_from(argv[2])};
    if (!elf_stub_make(libs.at, libs.len, &options, arena, &set, err))
        return false;
    for (size_t i = 0; i < set.file_count; i++) {
        struct str path = file_join(arena, str_from(argv[1]), set.files[i].name);
        if (!file_write(AT_FDCWD, path.ptr, 0644, set.files[i].bytes, err))
            return false;
    }
    struct str path = file_join(arena, str_from(argv[1]), STR("missing.txt"));
    return file_write(AT_FDCWD, path.ptr, 0644, set.missing_text, err);
}

static bool show(char **argv, struct arena *arena, struct err *err)
{
    struct str bytes;
    struct elf_file elf;
    if (!load(argv[0], arena, &bytes, err) || !elf_read(bytes, arena, &elf, err))
        return false;
    printf("machine %u type %u soname " STR_FMT " rpath " STR_FMT " runpath " STR_FMT "\n",
           elf.machine, elf.type, STR_ARG(elf.soname), STR_ARG(elf.rpath), STR_ARG(elf.runpath));
    for (size_t i = 0; i < elf.needed_count; i++)
        printf("needed " STR_FMT "\n", STR_ARG(elf.needed[i]));
    for (size_t i = 0; i < elf.need_count; i++)
        printf("version " STR_FMT " " STR_FMT "\n", STR_ARG(elf.needs[i].file),
               STR_ARG(elf.needs[i].version));
    for (size_t i = 1; i < elf.symbol_count; i++) {
        struct elf_symbol s;
        if (elf_read_symbol(&elf, i, &s))
            printf("symbol " STR_FMT "%s" STR_FMT " %s\n", STR_ARG(s.name),
                   s.version.len == 0                 ? ""
                   : s.hidden || s.shndx == SHN_UNDEF ? "@"
                                                      : "@@",
                   STR_ARG(s.version), s.shndx == SHN_UNDEF ? "UND" : "def");
    }
    return true;
}

static bool patch(char **argv, int argc, struct arena *arena, struct err *err)
{
    struct str bytes, patched, soname, rpath;
    struct elf_file elf;
    struct elf_patch_changes changes = {0};
    VEC(struct elf_patch_rename) renames = {0};
    for (int i = 2; i < argc; i++) {
        struct str arg = str_from(argv[i]);
        if (str_starts(arg, STR("soname="))) {
            soname = str_from_pos(arg, 7);
            changes.soname = &soname;
        } else if (str_starts(arg, STR("rpath=")) || str_starts(arg, STR("runpath="))) {
            rpath = str_from_pos(arg, str_find_char(arg, '=') + 1);
            changes.rpath = &rpath;
            changes.runpath = arg.ptr[1] == 'u';
        } else {
            struct elf_patch_rename *r = vec_push(&renames, arena);
            (void)str_cut(arg, '>', &r->from, &r->to);
        }
    }
    changes.renames = renames.at;
    changes.rename_count = renames.len;
    return load(argv[0], arena, &bytes, err) && elf_read(bytes, arena, &elf, err) &&
           elf_patch(&elf, &changes, arena, &patched, err) &&
           file_write(AT_FDCWD, argv[1], 0755, patched, err);
}

static bool gate(char **argv, struct arena *arena, int *found, struct err *err)
{
    struct str text, bytes, line;
    VEC(struct str) missing = {0};
    struct elf_file elf;
    uint64_t floor = 0;
    (void)str_to_u64(str_from(argv[0]), &floor);
    if (!load(argv[2], arena, &text, err) || !load(argv[3], arena, &bytes, err) ||
        !elf_read(bytes, arena, &elf, err))
        return false;
    while (str_next_line(&text, &line))
        *vec_push(&missing, arena) = line;
    enum elf_arch arch = elf_policy_arch_from(str_from(argv[1]));
    struct str tag = arena_printf(arena, "manylinux_2_%u_%s", (unsigned)floor, argv[1]);
    const struct elf_gate_finding *findings;
    size_t count;
    struct elf_gate_rules rules = {.arch = arch,
                                   .floor = (unsigned)floor,
                                   .policy = elf_policy_from_tag(tag, NULL),
                                   .missing = missing.at,
                                   .missing_count = missing.len};
    elf_gate_check(&elf, &rules, arena, &findings, &count);
    for (size_t i = 0; i < count; i++)
        printf(STR_FMT "\n", STR_ARG(elf_gate_describe(&findings[i], &rules, arena)));
    *found = count != 0;
    return true;
}

int main(int argc, char **argv)
{
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    bool ok = false;
    int found = 0;
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "stub") == 0 && argc > 5)
        ok = stub(argv + 2, argc - 2, &arena, &err);
    else if (strcmp(what, "read") == 0 && argc == 3)
        ok = show(argv + 2, &arena, &err);
    else if (strcmp(what, "patch") == 0 && argc > 3)
        ok = patch(argv + 2, argc - 2, &arena, &err);
    else if (strcmp(what, "gate") == 0 && argc == 6)
        ok = gate(argv + 2, &arena, &found, &err);
    else
        (void)err_set(&err, ERR_USAGE, "usage: elftool stub|read|patch|gate ...");
    if (!ok)
        fprintf(stderr, "elftool: %s\n", err.text);
    return ok ? found : 2;
}
