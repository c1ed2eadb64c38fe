#include "elf/resolve.h"

#include <string.h>

#include "base/buf.h"

/* One library name as one of the walks saw it: a file of the wheel, or outside. */
struct hit {
    struct str soname;
    size_t file; /* OUTSIDE or index */
};

enum { OUTSIDE_LIMIT = 1000 }; /* also the depth of the recursion below */
#define OUTSIDE ((size_t)-1)

struct walk {
    struct map seen;      /* soname -> hit + 1 of this walk */
    VEC(struct hit) hits; /* in the order seen */
    VEC(struct str) dirs; /* of the file the walk began with */
    size_t root;
};

struct resolver {
    const struct elf_audit_file *files;
    size_t count;
    enum elf_libc libc;
    const struct elf_audit_lookup *lookup;
    struct arena *arena;
    struct map by_path; /* member -> file */
    struct map outside; /* soname -> external seen already */
    VEC(struct elf_audit_external) externals;
    VEC(struct elf_need) needs;
    VEC(struct walk) walks;
};

static struct str dirname_of(struct str path)
{
    size_t slash = str_rfind_char(path, '/');
    return slash == path.len ? (struct str){0} : str_slice(path, 0, slash);
}

static struct str basename_of(struct str path)
{
    size_t slash = str_rfind_char(path, '/');
    return slash == path.len ? path : str_from_pos(path, slash + 1);
}

bool elf_resolve_directory(struct str file, struct str entry, struct arena *arena,
                           struct str *directory)
{
    struct str rest;
    if (str_starts(entry, STR("$ORIGIN")))
        rest = str_from_pos(entry, 7);
    else if (str_starts(entry, STR("${ORIGIN}")))
        rest = str_from_pos(entry, 9);
    else
        return false;
    if (rest.len != 0 && rest.ptr[0] != '/')
        return false;
    struct str base = dirname_of(file), piece;
    struct str whole = arena_printf(arena, STR_FMT STR_FMT, STR_ARG(base), STR_ARG(rest));
    char *out = arena_alloc(arena, whole.len + 1);
    size_t len = 0;
    while (str_next(&whole, '/', &piece)) {
        if (piece.len == 0 || str_eq(piece, STR(".")))
            continue;
        if (str_eq(piece, STR(".."))) {
            if (len == 0)
                return false;
            struct str parent = dirname_of(str_of(out, len));
            len = parent.len;
            continue;
        }
        if (len != 0)
            out[len++] = '/';
        memcpy(out + len, piece.ptr, piece.len);
        len += piece.len;
    }
    *directory = str_of(out, len);
    return true;
}

static void add_directories(struct resolver *r, const struct elf_audit_file *file,
                            struct walk *walk)
{
    struct str rest = file->rpath, entry, directory;
    while (str_next(&rest, ':', &entry))
        if (elf_resolve_directory(file->path, entry, r->arena, &directory))
            *vec_push(&walk->dirs, r->arena) = directory;
}

/* The member that one of the directories has under this name. */
static size_t find_inside(struct resolver *r, const struct walk *walk, struct str soname)
{
    for (size_t i = 0; i < walk->dirs.len; i++) {
        struct str dir = walk->dirs.at[i];
        struct str path = dir.len == 0 ? soname
                                       : arena_printf(r->arena, STR_FMT "/" STR_FMT, STR_ARG(dir),
                                                      STR_ARG(soname));
        const struct elf_audit_file *file = map_get(&r->by_path, path);
        if (file != NULL)
            return (size_t)(file - r->files);
    }
    return OUTSIDE;
}

static void follow(struct resolver *r, struct walk *walk, size_t index)
{
    const struct elf_audit_file *file = &r->files[index];
    size_t own = walk->dirs.len;
    if (index != walk->root)
        add_directories(r, file, walk);
    for (size_t i = 0; i < file->needed_count; i++) {
        struct str soname = file->needed[i];
        void **seen = map_at(&walk->seen, r->arena, soname);
        if (*seen != NULL)
            continue;
        *seen = walk;
        struct hit *hit = vec_push(&walk->hits, r->arena);
        hit->soname = soname;
        hit->file = find_inside(r, walk, soname);
    }
    walk->dirs.len = own; /* another file's RUNPATH is not for the next one */
}

/* All that is loaded with a file, as far as the wheel goes. A loop over what it grows, so that no
 * chain of libraries is deeper than the stack. */
static void walk_from(struct resolver *r, size_t root)
{
    struct walk *walk = vec_push(&r->walks, r->arena);
    walk->root = root;
    add_directories(r, &r->files[root], walk);
    follow(r, walk, root);
    for (size_t i = 0; i < walk->hits.len; i++)
        if (walk->hits.at[i].file != OUTSIDE)
            follow(r, walk, walk->hits.at[i].file);
}

/*
 * A library inside a wheel is often loaded by an extension whose RPATH finds its dependencies too,
 * although its own does not: it counts as resolved where another walk that loads it resolves it.
 */
static bool resolved_elsewhere(const struct resolver *r, size_t index, struct str soname)
{
    for (size_t i = 0; i < r->walks.len; i++) {
        bool loads = false, finds = false;
        for (size_t j = 0; j < r->walks.at[i].hits.len && !(loads && finds); j++) {
            const struct hit *hit = &r->walks.at[i].hits.at[j];
            loads |= hit->file == index;
            finds |= hit->file != OUTSIDE && str_eq(hit->soname, soname);
        }
        if (loads && finds)
            return true;
    }
    return false;
}

static void add_external(struct resolver *r, const struct elf_audit_file *wanting,
                         struct str soname);

/* What an external library needs comes along with it. */
static void follow_external(struct resolver *r, struct str soname, struct str path,
                            struct str bytes)
{
    struct err ignored;
    struct elf_file elf;
    if (!elf_read(bytes, r->arena, &elf, &ignored))
        return;
    for (size_t i = 0; i < elf.need_count; i++)
        *vec_push(&r->needs, r->arena) = elf.needs[i];
    struct elf_audit_file as_file = {.path = path,
                                     .arch = elf_policy_arch_of(&elf),
                                     .machine = elf.machine,
                                     .soname = soname,
                                     .rpath = elf.has_runpath ? elf.runpath : elf.rpath};
    struct elf_audit_file *file = ARENA_NEW(r->arena, struct elf_audit_file);
    *file = as_file;
    for (size_t i = 0; i < elf.needed_count; i++)
        if (elf_policy_since_library(r->libc, elf.needed[i]) == ELF_POLICY_NEVER)
            add_external(r, file, elf.needed[i]);
}

static bool stays(const struct resolver *r, struct str soname)
{
    for (size_t i = 0; r->lookup != NULL && i < r->lookup->stay_count; i++)
        if (str_eq(r->lookup->stays[i], soname))
            return true;
    return false;
}

static void add_external(struct resolver *r, const struct elf_audit_file *wanting,
                         struct str soname)
{
    if (stays(r, soname))
        return;
    void **seen = map_at(&r->outside, r->arena, soname);
    if (*seen != NULL || r->externals.len >= OUTSIDE_LIMIT)
        return;
    *seen = r;
    size_t since = elf_policy_since_library(r->libc, soname);
    struct elf_audit_external external = {
        .soname = soname,
        .wanted_by = wanting->path,
        .since = since == ELF_POLICY_NEVER ? NULL : &elf_policies[since]};
    struct str path, bytes;
    bool found = since == ELF_POLICY_NEVER && r->lookup != NULL && r->lookup->find != NULL &&
                 r->lookup->find(r->lookup->state, wanting, soname, &path, &bytes);
    if (found)
        external.found = path;
    *vec_push(&r->externals, r->arena) = external;
    if (found)
        follow_external(r, soname, path, bytes);
}

static void collect_externals(struct resolver *r)
{
    for (size_t i = 0; i < r->walks.len; i++) {
        struct walk *walk = &r->walks.at[i];
        const struct elf_audit_file *root = &r->files[walk->root];
        for (size_t j = 0; j < walk->hits.len; j++) {
            struct str soname = walk->hits.at[j].soname;
            if (walk->hits.at[j].file != OUTSIDE ||
                elf_policy_since_library(r->libc, soname) == elf_policy_first(r->libc) ||
                (root->kind != ELF_AUDIT_EXTENSION && resolved_elsewhere(r, walk->root, soname)))
                continue;
            add_external(r, root, soname);
        }
    }
}

void elf_resolve(const struct elf_audit_file *files, size_t count, enum elf_libc libc,
                 const struct elf_audit_lookup *lookup, struct arena *arena,
                 struct elf_resolve *result)
{
    struct resolver r = {
        .files = files, .count = count, .libc = libc, .lookup = lookup, .arena = arena};
    struct map needed = {0};
    bool *is_root = ARENA_ARRAY(arena, bool, count);
    for (size_t i = 0; i < count; i++) {
        *map_at(&r.by_path, arena, files[i].path) = (void *)(uintptr_t)&files[i];
        for (size_t j = 0; j < files[i].needed_count && !files[i].foreign; j++)
            *map_at(&needed, arena, files[i].needed[j]) = &r;
    }
    for (size_t i = 0; i < count; i++) {
        if (files[i].foreign || files[i].kind == ELF_AUDIT_OBJECT)
            continue;
        is_root[i] = files[i].kind == ELF_AUDIT_EXTENSION ||
                     map_get(&needed, basename_of(files[i].path)) == NULL;
        walk_from(&r, i);
    }
    collect_externals(&r);
    *result =
        (struct elf_resolve){r.externals.at, r.externals.len, r.needs.at, r.needs.len, is_root};
}
