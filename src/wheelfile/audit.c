#include "wheelfile/audit.h"

#include "base/json.h"
#include "wheelfile/elf_members.h"

bool wheelfile_audit_open(struct wheelfile *wheel, const struct elf_audit_lookup *lookup,
                          struct arena *arena, struct elf_audit_verdict *verdict, struct err *err)
{
    struct elf_audit audit;
    elf_audit_open(&audit, arena, wheelfile_get_name(wheel)->platform);
    if (!elf_members_add(wheel, &audit, err))
        return false;
    elf_audit_finish(&audit, lookup, verdict);
    return true;
}

bool wheelfile_audit(const char *path, const struct elf_audit_lookup *lookup, struct arena *arena,
                     struct elf_audit_verdict *verdict, struct err *err)
{
    struct wheelfile *wheel WHEELFILE_AUTO = NULL;
    if (!wheelfile_open(path, &wheel, err))
        return false;
    /* The message of a broken ELF file names the member; the wheel's name is put in front. */
    if (!wheelfile_audit_open(wheel, lookup, arena, verdict, err))
        return str_starts(str_from(err->text), str_from(path)) ? false : err_wrap(err, "%s", path);
    return true;
}

static const char *const outcomes[] = {
    [ELF_AUDIT_PURE] = "pure",
    [ELF_AUDIT_PLATFORM] = "platform",
    [ELF_AUDIT_SILENT_FALLBACK] = "silent-fallback",
    [ELF_AUDIT_ELF_IN_PURE] = "elf-in-pure",
    [ELF_AUDIT_FOREIGN] = "foreign",
};

static const char *const kinds[] = {
    [ELF_AUDIT_EXTENSION] = "extension",
    [ELF_AUDIT_LIBRARY] = "library",
    [ELF_AUDIT_PROGRAM] = "program",
    [ELF_AUDIT_OBJECT] = "object",
};

const char *wheelfile_audit_outcome(enum elf_audit_outcome outcome)
{
    return outcomes[outcome];
}

void wheelfile_audit_text(const char *path, const struct elf_audit_verdict *verdict, bool verbose,
                          struct buf *out)
{
    const struct elf_audit_verdict *v = verdict;
    buf_printf(out, "%s: " STR_FMT "\n", path, STR_ARG(v->tag));
    if (v->problem.len != 0)
        buf_printf(out, "  failure: " STR_FMT "\n", STR_ARG(v->problem));
    for (size_t i = 0; i < v->external_count; i++)
        buf_printf(out, "  external: " STR_FMT " (for " STR_FMT ")%s" STR_FMT "\n",
                   STR_ARG(v->externals[i].soname), STR_ARG(v->externals[i].wanted_by),
                   v->externals[i].found.len != 0 ? ", found " : "",
                   STR_ARG(v->externals[i].found));
    if (v->external_count != 0 && v->repairable_policy != NULL)
        buf_printf(out, "  with these grafted: %s_%s\n", v->repairable_policy->name,
                   elf_policy_arch_name(v->arch));
    /* Only what stands directly in the way, unless everything is asked for. */
    for (size_t i = 0; i < v->blocker_count; i++)
        if (verbose || v->blockers[i].policy == v->blockers[0].policy)
            buf_printf(out, "  not %s: " STR_FMT " " STR_FMT "\n", v->blockers[i].policy->name,
                       STR_ARG(v->blockers[i].file), STR_ARG(v->blockers[i].what));
    for (size_t i = 0; i < v->file_count; i++) {
        const struct elf_audit_file *f = &v->files[i];
        ARENA_AUTO struct arena scratch = {0};
        if (!f->level.level || (f->level.asks && !verbose))
            continue;
        struct str what = elf_level_describe(&f->level, &scratch);
        buf_printf(out, "  needs %s: " STR_FMT " has " STR_FMT "%s\n", f->level.level->name,
                   STR_ARG(f->path), STR_ARG(what),
                   f->level.asks ? ", and asks which machine it is on" : "");
    }
    for (size_t i = 0; verbose && i < v->file_count; i++) {
        const struct elf_audit_file *f = &v->files[i];
        buf_printf(out, "  %s " STR_FMT " %s%s%s\n", kinds[f->kind], STR_ARG(f->path),
                   elf_policy_arch_name(f->arch), f->foreign ? ", of another system" : "",
                   f->textrel ? ", has text relocations" : "");
    }
}

static yyjson_mut_val *files_json(yyjson_mut_doc *doc, const struct elf_audit_verdict *v)
{
    yyjson_mut_val *files = yyjson_mut_arr(doc);
    for (size_t i = 0; i < v->file_count; i++) {
        const struct elf_audit_file *f = &v->files[i];
        yyjson_mut_val *file = yyjson_mut_arr_add_obj(doc, files);
        json_add_str(doc, file, "path", f->path);
        json_add_str(doc, file, "kind", str_from(kinds[f->kind]));
        json_add_str(doc, file, "machine", str_from(elf_policy_arch_name(f->arch)));
        json_add_str(doc, file, "soname", f->soname);
        json_add_str(doc, file, "rpath", f->rpath);
        yyjson_mut_val *needed = yyjson_mut_obj_add_arr(doc, file, "needed");
        for (size_t j = 0; j < f->needed_count; j++)
            json_append_str(doc, needed, f->needed[j]);
        yyjson_mut_val *versions = yyjson_mut_obj_add_arr(doc, file, "versions");
        for (size_t j = 0; j < f->need_count; j++) {
            yyjson_mut_val *need = yyjson_mut_arr_add_obj(doc, versions);
            json_add_str(doc, need, "library", f->needs[j].file);
            json_add_str(doc, need, "version", f->needs[j].version);
        }
        if (f->level.level) {
            json_add_str(doc, file, "level", str_from(f->level.level->name));
            yyjson_mut_obj_add_bool(doc, file, "asks_machine", f->level.asks);
        }
        yyjson_mut_obj_add_bool(doc, file, "foreign", f->foreign);
        yyjson_mut_obj_add_bool(doc, file, "textrel", f->textrel);
    }
    return files;
}

static void add_policy(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
                       const struct elf_policy *policy)
{
    if (policy == NULL)
        yyjson_mut_obj_add_null(doc, root, key);
    else
        json_add_str(doc, root, key, str_from(policy->name));
}

void wheelfile_audit_json(const char *path, const struct elf_audit_verdict *verdict,
                          struct buf *out)
{
    const struct elf_audit_verdict *v = verdict;
    yyjson_mut_doc *doc JSON_MUT_AUTO = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "wheel", str_from(path));
    json_add_str(doc, root, "outcome", str_from(outcomes[v->outcome]));
    json_add_str(doc, root, "tag", v->tag);
    json_add_str(doc, root, "problem", v->problem);
    add_policy(doc, root, "policy", v->policy);
    add_policy(doc, root, "versions_policy", v->versions_policy);
    add_policy(doc, root, "repairable_policy", v->repairable_policy);
    yyjson_mut_val *externals = yyjson_mut_obj_add_arr(doc, root, "externals");
    for (size_t i = 0; i < v->external_count; i++) {
        yyjson_mut_val *external = yyjson_mut_arr_add_obj(doc, externals);
        json_add_str(doc, external, "soname", v->externals[i].soname);
        json_add_str(doc, external, "wanted_by", v->externals[i].wanted_by);
        json_add_str(doc, external, "found", v->externals[i].found);
    }
    yyjson_mut_val *blockers = yyjson_mut_obj_add_arr(doc, root, "blockers");
    for (size_t i = 0; i < v->blocker_count; i++) {
        yyjson_mut_val *blocker = yyjson_mut_arr_add_obj(doc, blockers);
        json_add_str(doc, blocker, "not", str_from(v->blockers[i].policy->name));
        json_add_str(doc, blocker, "file", v->blockers[i].file);
        json_add_str(doc, blocker, "what", v->blockers[i].what);
    }
    yyjson_mut_obj_add_val(doc, root, "files", files_json(doc, v));
    json_write(doc, false, out);
}
