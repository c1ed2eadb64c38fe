#include "wheelfile/repair.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/map.h"
#include "base/vec.h"
#include "elf/patch.h"
#include "elf/resolve.h"
#include "wheelfile/audit.h"
#include "wheelfile/retag.h"
#include "wheelfile/rewrite.h"

/* A library to graft: what the lookup found, and what becomes of it. */
struct graft {
    struct wheelfile_graft out;
    struct str name; /* new SONAME and file name */
    struct str bytes;
};

struct repair {
    const struct wheelfile_repair_options *options;
    struct arena *arena;
    struct wheelfile *wheel;
    const struct elf_policy *floor; /* NULL: none asked for */
    enum elf_arch floor_arch;
    struct str libs_dir; /* "<name>.libs" */
    struct map found;    /* soname -> struct graft: what the lookup gave */
    VEC(struct graft) grafts;
    VEC(struct wheelfile_change) changes;
    VEC(struct elf_patch_rename) renames;
    struct wheelfile_repair_result result;
    struct err *err;
};

/* The refusal of a wheel is a result: the caller's status says that our own part worked. */
static bool refuse(struct repair *r, struct str why)
{
    r->result.outcome = WHEELFILE_REFUSED;
    r->result.why = why;
    return true;
}

/* "libpython3.11.so.1.0": extension modules find its symbols in the program that loads them. */
static bool is_libpython(struct str soname)
{
    return str_starts(soname, STR("libpython3.")) && str_find(soname, STR(".so")) < soname.len;
}

/* Keeps what the lookup found, so that the same bytes are audited and grafted. */
static bool remember(void *state, const struct elf_audit_file *wanting, struct str soname,
                     struct str *path, struct str *bytes)
{
    struct repair *r = state;
    const struct elf_audit_lookup *lookup = r->options->lookup;
    if (is_libpython(soname) || lookup == NULL || lookup->find == NULL ||
        !lookup->find(lookup->state, wanting, soname, path, bytes))
        return false;
    struct graft *g = ARENA_NEW(r->arena, struct graft);
    g->out.soname = arena_str(r->arena, soname);
    g->out.origin = arena_str(r->arena, *path);
    g->bytes = *bytes;
    *map_at(&r->found, r->arena, g->out.soname) = g;
    return true;
}

/* "libfoo.so.1" and the digest of the file: "libfoo-1a2b3c4d.so.1". */
static void name_graft(struct repair *r, struct graft *g)
{
    struct digest digest = digest_of(g->bytes);
    struct digest_hex hex = digest_to_hex(&digest);
    struct str base, rest;
    bool dotted = str_cut(g->out.soname, '.', &base, &rest);
    for (size_t i = 0; i < sizeof hex.text; i++)
        g->out.sha256[i] = hex.text[i];
    g->name = arena_printf(r->arena, STR_FMT "-%.8s%s" STR_FMT, STR_ARG(base), hex.text,
                           dotted ? "." : "", STR_ARG(rest));
    g->out.path =
        arena_printf(r->arena, STR_FMT "/" STR_FMT, STR_ARG(r->libs_dir), STR_ARG(g->name));
}

/* False with a refusal when a library is nowhere. */
static bool choose_grafts(struct repair *r)
{
    const struct elf_audit_verdict *v = &r->result.before;
    for (size_t i = 0; i < v->external_count; i++) {
        const struct elf_audit_external *e = &v->externals[i];
        if (e->since != NULL || is_libpython(e->soname))
            continue;
        struct graft *g = map_get(&r->found, e->soname);
        if (g == NULL) {
            (void)refuse(r,
                         arena_printf(r->arena,
                                      STR_FMT " needs " STR_FMT ", which was not found: give its "
                                              "directory with --library-path, or leave it out with "
                                              "--exclude",
                                      STR_ARG(e->wanted_by), STR_ARG(e->soname)));
            return false;
        }
        name_graft(r, g);
        *vec_push(&r->grafts, r->arena) = *g;
        *vec_push(&r->renames, r->arena) = (struct elf_patch_rename){e->soname, g->name};
    }
    return true;
}

/* Where the member lies once installed: "x.data/platlib/a/b.so" is "a/b.so". */
static struct str installed_path(struct str path)
{
    static const char *const marks[] = {".data/platlib/", ".data/purelib/"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct str mark = str_from(marks[i]);
        size_t at = str_find(path, mark);
        if (at < path.len && at < str_find_char(path, '/'))
            return str_from_pos(path, at + mark.len);
    }
    return path;
}

static struct str libs_rpath(struct repair *r, struct str path)
{
    struct buf up BUF_AUTO = {0};
    buf_add(&up, STR("$ORIGIN"));
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '/')
            buf_add(&up, STR("/.."));
    buf_printf(&up, "/" STR_FMT, STR_ARG(r->libs_dir));
    return arena_str(r->arena, buf_str(&up));
}

/* The old search path without what leads out of the wheel, and with the grafted libraries. */
static struct str new_rpath(struct repair *r, const struct elf_audit_file *file, bool grafts)
{
    struct buf path BUF_AUTO = {0};
    struct str rest = file->rpath, entry, dir, own = installed_path(file->path);
    struct str libs = grafts ? libs_rpath(r, own) : (struct str){0};
    while (str_next(&rest, ':', &entry))
        if (elf_resolve_directory(own, entry, r->arena, &dir) && !str_eq(entry, libs))
            buf_printf(&path, "%s" STR_FMT, path.len == 0 ? "" : ":", STR_ARG(entry));
    if (grafts)
        buf_printf(&path, "%s" STR_FMT, path.len == 0 ? "" : ":", STR_ARG(libs));
    return arena_str(r->arena, buf_str(&path));
}

/* The renames that concern one file: the patcher refuses names that the file does not need. */
static size_t renames_for(struct repair *r, const struct str *needed, size_t needed_count,
                          struct elf_patch_rename *out)
{
    size_t count = 0;
    for (size_t i = 0; i < needed_count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen |= str_eq(needed[j], needed[i]);
        for (size_t j = 0; j < r->renames.len && !seen; j++)
            if (str_eq(needed[i], r->renames.at[j].from))
                out[count++] = r->renames.at[j];
    }
    return count;
}

static bool patch_bytes(struct repair *r, struct str path, struct str bytes,
                        struct elf_patch_changes *changes, bool drops_libpython,
                        struct str *patched)
{
    struct elf_file elf;
    if (!elf_read(bytes, r->arena, &elf, r->err))
        return err_wrap(r->err, STR_FMT, STR_ARG(path));
    struct elf_patch_rename *renames =
        ARENA_ARRAY(r->arena, struct elf_patch_rename, elf.needed_count * 2);
    changes->renames = renames;
    changes->rename_count = renames_for(r, elf.needed, elf.needed_count, renames);
    for (size_t i = 0; drops_libpython && i < elf.needed_count; i++)
        if (is_libpython(elf.needed[i]))
            renames[changes->rename_count++] = (struct elf_patch_rename){.from = elf.needed[i]};
    if (!elf_patch(&elf, changes, r->arena, patched, r->err))
        return err_wrap(r->err, STR_FMT, STR_ARG(path));
    return true;
}

static bool needs_grafts(const struct repair *r, const struct elf_audit_file *file)
{
    for (size_t i = 0; i < file->needed_count; i++)
        for (size_t j = 0; j < r->renames.len; j++)
            if (str_eq(file->needed[i], r->renames.at[j].from))
                return true;
    return false;
}

static bool needs_libpython(const struct elf_audit_file *file)
{
    for (size_t i = 0; i < file->needed_count; i++)
        if (is_libpython(file->needed[i]))
            return true;
    return false;
}

static bool is_script(struct str path)
{
    return str_find(path, STR(".data/scripts/")) < path.len;
}

/* One ELF file of the wheel into the audit of the outcome, patched where it has to be. */
static bool patch_member(struct repair *r, struct elf_audit *after,
                         const struct elf_audit_file *file)
{
    bool grafts = needs_grafts(r, file), libpython = needs_libpython(file);
    struct str rpath = new_rpath(r, file, grafts), bytes, patched;
    if (file->foreign || file->kind == ELF_AUDIT_OBJECT ||
        (!grafts && !libpython && str_eq(rpath, file->rpath))) {
        *vec_push(&after->files, r->arena) = *file;
        return true;
    }
    struct elf_patch_changes changes = {.rpath = &rpath};
    if (!wheelfile_read(r->wheel, wheelfile_find(r->wheel, file->path), r->arena, &bytes, r->err) ||
        !patch_bytes(r, file->path, bytes, &changes, libpython, &patched))
        return false;
    *vec_push(&r->changes, r->arena) =
        (struct wheelfile_change){.path = file->path, .bytes = patched};
    return elf_audit_add(after, file->path, patched, r->err);
}

static bool patch_graft(struct repair *r, struct elf_audit *after, const struct graft *g)
{
    struct str rpath = STR("$ORIGIN"), patched;
    struct elf_patch_changes changes = {.soname = &g->name, .rpath = &rpath};
    if (!patch_bytes(r, g->out.origin, g->bytes, &changes, true, &patched))
        return false;
    *vec_push(&r->changes, r->arena) =
        (struct wheelfile_change){.path = g->out.path, .bytes = patched, .executable = true};
    return elf_audit_add(after, g->out.path, patched, r->err);
}

static bool patch_all(struct repair *r)
{
    struct elf_audit after;
    const struct elf_audit_verdict *v = &r->result.before;
    elf_audit_open(&after, r->arena, wheelfile_get_name(r->wheel)->platform);
    after.arch = v->arch;
    after.libc = v->libc;
    for (size_t i = 0; i < v->file_count; i++)
        if (!patch_member(r, &after, &v->files[i]))
            return false;
    for (size_t i = 0; i < r->grafts.len; i++)
        if (!patch_graft(r, &after, &r->grafts.at[i]))
            return false;
    struct elf_audit_lookup stays = {0};
    if (r->options->lookup != NULL) {
        stays.stays = r->options->lookup->stays;
        stays.stay_count = r->options->lookup->stay_count;
    }
    elf_audit_finish(&after, &stays, &r->result.after);
    return true;
}

static struct str first_blocker(const struct elf_audit_verdict *v, struct arena *arena)
{
    return v->blocker_count == 0
               ? (struct str){0}
               : arena_printf(arena, ": " STR_FMT " " STR_FMT, STR_ARG(v->blockers[0].file),
                              STR_ARG(v->blockers[0].what));
}

/* What tag the result has, and whether that is good enough. */
static void decide(struct repair *r)
{
    const struct elf_audit_verdict *after = &r->result.after;
    struct wheelfile_repair_result *out = &r->result;
    struct str reason = first_blocker(after, r->arena);
    if (after->policy == NULL) {
        (void)refuse(
            r, arena_printf(r->arena, "no policy covers this wheel" STR_FMT, STR_ARG(reason)));
        return;
    }
    out->tags = elf_policy_tags(after->policy, after->arch, r->arena);
    out->outcome = WHEELFILE_REPAIRED;
    out->why = r->grafts.len
                   ? arena_printf(r->arena, "%zu %s grafted, runs on " STR_FMT, r->grafts.len,
                                  r->grafts.len == 1 ? "library" : "libraries", STR_ARG(after->tag))
                   : arena_printf(r->arena, "runs on " STR_FMT, STR_ARG(after->tag));
    if (r->floor == NULL || (r->floor->libc == after->policy->libc && after->policy <= r->floor))
        return;
    out->outcome = WHEELFILE_ABOVE_FLOOR;
    out->why =
        arena_printf(r->arena, "above the floor " STR_FMT ", its true tag is " STR_FMT STR_FMT,
                     STR_ARG(r->options->floor), STR_ARG(after->tag), STR_ARG(reason));
}

static bool write(struct repair *r)
{
    struct wheelfile_repair_result *out = &r->result;
    const struct wheelfile_name *name = wheelfile_get_name(r->wheel);
    struct str wheel_path =
        arena_printf(r->arena, STR_FMT "/WHEEL", STR_ARG(wheelfile_dist_info(r->wheel)));
    const struct wheelfile_member *member = wheelfile_find(r->wheel, wheel_path);
    struct str text = {0};
    struct buf retagged BUF_AUTO = {0};
    if (member == NULL)
        return err_set(r->err, ERR_FORMAT, STR_FMT " is missing", STR_ARG(wheel_path));
    if (out->outcome != WHEELFILE_PURE) {
        if (!wheelfile_read(r->wheel, member, r->arena, &text, r->err))
            return false;
        wheelfile_retag(text, name, out->tags, r->arena, &retagged);
        *vec_push(&r->changes, r->arena) = (struct wheelfile_change){
            .path = wheel_path, .bytes = arena_str(r->arena, buf_str(&retagged))};
    }
    out->file_name = wheelfile_retag_name(name, out->tags, r->arena);
    out->path = arena_printf(r->arena, "%s/" STR_FMT, r->options->out_dir, STR_ARG(out->file_name));
    if (!wheelfile_rewrite(r->wheel, r->changes.at, r->changes.len, r->options->out_dir,
                           out->file_name, r->options->source_epoch, r->err))
        return false;
    out->written = true;
    return true;
}

/* False: our own failure. Refusals are in the result. */
static bool repair_platform(struct repair *r)
{
    const struct elf_audit_verdict *v = &r->result.before;
    r->result.outcome = WHEELFILE_REPAIRED;
    if (r->floor != NULL && r->floor_arch != v->arch)
        return refuse(r, arena_printf(r->arena, "the wheel is for %s, asked for was " STR_FMT,
                                      elf_policy_arch_name(v->arch), STR_ARG(r->options->floor)));
    if (!choose_grafts(r))
        return true;
    for (size_t i = 0; i < v->file_count; i++) {
        const struct elf_audit_file *file = &v->files[i];
        if (is_script(file->path) && needs_grafts(r, file))
            return refuse(r,
                          arena_printf(r->arena,
                                       "the program " STR_FMT " needs a library from outside, and "
                                       "nothing leads from where programs are installed to the "
                                       "wheel's libraries",
                                       STR_ARG(file->path)));
    }
    /* A member of this name would be overwritten: the wheel was repaired already, with this. */
    for (size_t i = 0; i < r->grafts.len; i++)
        if (wheelfile_find(r->wheel, r->grafts.at[i].out.path) != NULL)
            return refuse(r, arena_printf(r->arena, STR_FMT " is in the wheel already",
                                          STR_ARG(r->grafts.at[i].out.path)));
    if (!patch_all(r))
        return false;
    decide(r);
    if (r->result.outcome == WHEELFILE_REFUSED ||
        (r->result.outcome == WHEELFILE_ABOVE_FLOOR && r->options->strict))
        return true;
    return write(r);
}

static bool run(struct repair *r, const char *path)
{
    if (!wheelfile_open(path, &r->wheel, r->err))
        return false;
    struct elf_audit_lookup lookup = {.find = remember, .state = r};
    if (r->options->lookup != NULL) {
        lookup.stays = r->options->lookup->stays;
        lookup.stay_count = r->options->lookup->stay_count;
    }
    r->libs_dir =
        arena_printf(r->arena, STR_FMT ".libs", STR_ARG(wheelfile_get_name(r->wheel)->name));
    if (!wheelfile_audit_open(r->wheel, &lookup, r->arena, &r->result.before, r->err))
        return false;
    if (r->result.before.problem.len != 0)
        return refuse(r, r->result.before.problem);
    if (r->result.before.outcome == ELF_AUDIT_PURE) {
        r->result.outcome = WHEELFILE_PURE;
        r->result.after = r->result.before;
        r->result.tags = arena_str(r->arena, wheelfile_get_name(r->wheel)->platform);
        r->result.why = STR("pure: runs on every machine");
        return write(r);
    }
    return repair_platform(r);
}

bool wheelfile_repair(const char *path, const struct wheelfile_repair_options *options,
                      struct arena *arena, struct wheelfile_repair_result *result, struct err *err)
{
    struct repair r = {.options = options, .arena = arena, .err = err};
    if (options->floor.len != 0) {
        r.floor = elf_policy_from_tag(options->floor, &r.floor_arch);
        if (r.floor == NULL)
            return err_set(err, ERR_USAGE, "\"" STR_FMT "\" names no manylinux or musllinux policy",
                           STR_ARG(options->floor));
    }
    bool ok = run(&r, path);
    if (ok) {
        struct wheelfile_graft *grafts = ARENA_ARRAY(arena, struct wheelfile_graft, r.grafts.len);
        for (size_t i = 0; i < r.grafts.len; i++)
            grafts[i] = r.grafts.at[i].out;
        r.result.grafts = grafts;
        r.result.graft_count = r.grafts.len;
        *result = r.result;
    }
    wheelfile_close(&r.wheel);
    return ok;
}
