#include "plan/candidate.h"
#include "base/vec.h"
#include "pkg/filename.h"

#include <stdlib.h>

/* A file with its name read. */
struct entry {
    const struct provider_file *file;
    size_t place; /* in the provider's order: what else is equal keeps it */
    struct version version;
    struct wheel_name wheel;
    bool is_wheel;
};

typedef VEC(struct entry) entry_list;

static int entry_order(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = version_cmp(&x->version, &y->version);
    return order ? order : x->place < y->place ? -1 : 1;
}

static bool read_entry(struct str project, const struct provider_file *file, struct arena *arena,
                       struct entry *entry)
{
    struct err ignored;
    struct sdist_name sdist;
    entry->is_wheel = filename_kind(file->filename) == FILENAME_WHEEL;
    if (entry->is_wheel) {
        if (!filename_parse_wheel(file->filename, arena, &entry->wheel, &ignored) ||
            !name_eq(entry->wheel.name, project))
            return false;
        entry->version = entry->wheel.version;
        return true;
    }
    if (filename_kind(file->filename) != FILENAME_SDIST ||
        !filename_parse_sdist(file->filename, project, arena, &sdist, &ignored))
        return false;
    entry->version = sdist.version;
    return true;
}

static bool python_accepts(struct str requires_python, const struct solve_env *env)
{
    struct arena arena ARENA_AUTO = {0};
    struct specifier_set set;
    struct err ignored;
    /* What cannot be read refuses nothing, as in every installer. */
    return !requires_python.len || !specifier_set_parse(requires_python, &arena, &set, &ignored) ||
           specifier_set_match(&set, &env->python);
}

static bool hash_accepts(const struct provider_file *file, const struct candidate_rule *rule)
{
    if (!rule->hashes_len || !file->sha256.len)
        return true; /* an unknown digest is checked when the file is fetched */
    for (size_t i = 0; i < rule->hashes_len; i++)
        if (str_eq_nocase(rule->hashes[i], file->sha256))
            return true;
    return false;
}

/* The same text stands at most files of a project: remembered, it is read once per change. */
struct python_memo {
    struct str text;
    bool accepts;
};

struct choice {
    const struct entry *wheel, *sdist;
    long rank;
    bool python_refused, hash_refused;
};

static bool better_wheel(const struct entry *entry, long rank, const struct choice *choice)
{
    if (!choice->wheel)
        return true;
    if (entry->file->yanked != choice->wheel->file->yanked)
        return !entry->file->yanked;
    if (entry->file->origin != choice->wheel->file->origin)
        return entry->file->origin < choice->wheel->file->origin;
    if (rank != choice->rank)
        return rank < choice->rank;
    return filename_cmp_build(&entry->wheel, &choice->wheel->wheel) > 0;
}

static bool better_sdist(const struct entry *entry, const struct choice *choice)
{
    if (!choice->sdist)
        return true;
    if (entry->file->yanked != choice->sdist->file->yanked)
        return !entry->file->yanked;
    return entry->file->origin < choice->sdist->file->origin;
}

static void consider(const struct entry *entry, const struct candidate_rule *rule,
                     const struct solve_env *env, struct python_memo *memo, struct choice *choice)
{
    if (!str_eq(entry->file->requires_python, memo->text)) {
        memo->text = entry->file->requires_python;
        memo->accepts = python_accepts(memo->text, env);
    }
    if (!memo->accepts) {
        choice->python_refused = true;
        return;
    }
    if (!hash_accepts(entry->file, rule)) {
        choice->hash_refused = true;
        return;
    }
    if (!entry->is_wheel) {
        if (!rule->wheels_only && better_sdist(entry, choice))
            choice->sdist = entry;
        return;
    }
    long rank = tags_rank(env->tags, entry->wheel.python, entry->wheel.abi, entry->wheel.platform);
    if (rank >= 0 && better_wheel(entry, rank, choice)) {
        choice->wheel = entry;
        choice->rank = rank;
    }
}

/* A release that its makers may still be uploading: wheels of it are there, and the last is new. */
static bool is_awaited(const struct candidate_rule *rule, const struct entry *entries, size_t count)
{
    int64_t newest = 0;
    for (size_t i = 0; i < count; i++)
        if (entries[i].file->uploaded_ms > newest)
            newest = entries[i].file->uploaded_ms;
    return rule->awaited_from_ms && !rule->wheels_only && newest >= rule->awaited_from_ms;
}

static bool pinned_here(const struct candidate_rule *rule, const struct version *version)
{
    for (size_t i = 0; i < rule->pins_len; i++)
        if (version_cmp(&rule->pins[i]->version, version) == 0)
            return true;
    return false;
}

static struct str require_text(const struct solve_require *require, struct arena *arena)
{
    return arena_printf(arena, "%.*s (%.*s)", STR_ARG(require->origin), STR_ARG(require->req.text));
}

static void apply_rule(struct candidate *c, const struct candidate_rule *rule, struct arena *arena)
{
    if (rule->pins_len && !pinned_here(rule, &c->release.version)) {
        c->out = CANDIDATE_PIN;
        c->out_by = rule->pins[0]->origin;
        return;
    }
    if (rule->never_pre && version_is_pre(&c->release.version) && !rule->pins_len) {
        c->out = CANDIDATE_PRE;
        return;
    }
    for (size_t i = 0; i < rule->constraints_len; i++)
        if (!specifier_set_match(&rule->constraints[i]->req.specifiers, &c->release.version)) {
            c->out = CANDIDATE_CONSTRAINT;
            c->out_by = require_text(rule->constraints[i], arena);
            return;
        }
}

/* entries[0..count) are the files of one version. */
static void make_candidate(struct str name, const struct entry *entries, size_t count,
                           const struct candidate_rule *rule, const struct solve_env *env,
                           struct python_memo *memo, struct arena *arena, struct candidate *c)
{
    const struct provider_file **files = ARENA_ARRAY(arena, const struct provider_file *, count);
    struct choice choice = {0};
    for (size_t i = 0; i < count; i++) {
        files[i] = entries[i].file;
        consider(&entries[i], rule, env, memo, &choice);
    }
    c->release = (struct provider_release){
        .name = name,
        .version = entries[0].version,
        .files = files,
        .files_len = count,
        .wheel = choice.wheel ? choice.wheel->file : NULL,
        .sdist = choice.sdist ? choice.sdist->file : NULL,
    };
    const struct provider_file *used = c->release.wheel ? c->release.wheel : c->release.sdist;
    if (!used && !choice.hash_refused && !choice.python_refused)
        c->awaited = is_awaited(rule, entries, count);
    if (!used && !c->awaited)
        c->out = choice.hash_refused     ? CANDIDATE_HASH
                 : choice.python_refused ? CANDIDATE_PYTHON
                                         : CANDIDATE_NO_FILE;
    /* A yanked wheel gives way to an sdist that is not. */
    if (c->release.wheel && c->release.wheel->yanked && c->release.sdist &&
        !c->release.sdist->yanked) {
        c->release.wheel = NULL;
        used = c->release.sdist;
    }
    c->yanked = used && used->yanked;
    c->yanked_reason = used ? used->yanked_reason : STR("");
    apply_rule(c, rule, arena);
}

void candidate_list_make(struct str name, const struct provider_files *files,
                         const struct candidate_rule *rule, const struct solve_env *env,
                         struct arena *arena, struct candidate_list *list)
{
    ARENA_AUTO struct arena scratch = {0};
    entry_list entries = {0};
    VEC(struct candidate) made = {0};
    struct python_memo memo = {.text = STR(""), .accepts = true};
    size_t total = files->len + rule->pins_len;
    for (size_t i = 0; i < total; i++) {
        struct entry entry = {.place = i};
        entry.file = i < rule->pins_len ? &rule->pins[i]->file : &files->at[i - rule->pins_len];
        if (read_entry(name, entry.file, &scratch, &entry))
            *vec_push(&entries, &scratch) = entry;
    }
    if (entries.len)
        qsort(entries.at, entries.len, sizeof *entries.at, entry_order);
    for (size_t from = 0, to; from < entries.len; from = to) {
        to = from + 1;
        while (to < entries.len &&
               version_cmp(&entries.at[from].version, &entries.at[to].version) == 0)
            to++;
        make_candidate(name, &entries.at[from], to - from, rule, env, &memo, arena,
                       vec_push(&made, arena));
    }
    *list = (struct candidate_list){.name = name, .at = made.at, .len = made.len};
}

static struct str file_refusal(const struct provider_file *file, const struct candidate_rule *rule,
                               const struct solve_env *env, struct arena *arena)
{
    struct wheel_name wheel;
    struct err ignored;
    if (!python_accepts(file->requires_python, env))
        return arena_printf(arena, "needs Python %.*s", STR_ARG(file->requires_python));
    if (rule && !hash_accepts(file, rule))
        return STR("its SHA-256 is none of those the requirements ask for");
    if (filename_kind(file->filename) != FILENAME_WHEEL)
        return rule && rule->wheels_only ? STR("a source distribution, and only wheels are wanted")
                                         : STR("");
    if (!filename_parse_wheel(file->filename, arena, &wheel, &ignored))
        return STR("");
    BUF_AUTO struct buf why = {0};
    tags_refusal(env->tags, wheel.python, wheel.abi, wheel.platform, &why);
    if (!why.len && file->yanked)
        return arena_printf(arena, "yanked%s%.*s", file->yanked_reason.len ? ": " : "",
                            STR_ARG(file->yanked_reason));
    return arena_str(arena, buf_str(&why));
}

size_t candidate_refusals(const struct candidate *candidate, const struct candidate_rule *rule,
                          const struct solve_env *env, struct arena *arena,
                          const struct solve_file_refused **refused)
{
    VEC(struct solve_file_refused) found = {0};
    for (size_t i = 0; i < candidate->release.files_len; i++) {
        const struct provider_file *file = candidate->release.files[i];
        struct str why = file == candidate->release.wheel || file == candidate->release.sdist
                             ? STR("")
                             : file_refusal(file, rule, env, arena);
        if (why.len)
            *vec_push(&found, arena) = (struct solve_file_refused){file, why};
    }
    *refused = found.at;
    return found.len;
}

static struct str no_file(const struct candidate *c, const struct solve_env *env,
                          struct arena *arena)
{
    enum { SHOWN = 3 };
    const struct solve_file_refused *refused;
    size_t count = candidate_refusals(c, NULL, env, arena, &refused);
    BUF_AUTO struct buf text = {0};
    buf_printf(&text, "neither a wheel for %.*s nor a source distribution",
               STR_ARG(env->tags->name));
    for (size_t i = 0; i < count && i < SHOWN; i++)
        buf_printf(&text, "%s%.*s is %.*s", i ? "; " : " (", STR_ARG(refused[i].file->filename),
                   STR_ARG(refused[i].why));
    if (count > SHOWN)
        buf_printf(&text, "; and %zu more", count - SHOWN);
    if (count)
        buf_add_char(&text, ')');
    return arena_str(arena, buf_str(&text));
}

struct str candidate_why_out(const struct candidate *candidate, const struct solve_env *env,
                             struct arena *arena)
{
    switch (candidate->out) {
    case CANDIDATE_IN:
        return STR("");
    case CANDIDATE_NO_FILE:
        return no_file(candidate, env, arena);
    case CANDIDATE_PYTHON:
        return arena_printf(arena, "needs Python %.*s, the target has %.*s",
                            STR_ARG(candidate->release.files[0]->requires_python),
                            STR_ARG(env->python.text));
    case CANDIDATE_HASH:
        return STR("no file has a SHA-256 that the requirements ask for");
    case CANDIDATE_CONSTRAINT:
        return arena_printf(arena, "excluded by %.*s", STR_ARG(candidate->out_by));
    case CANDIDATE_PIN:
        return arena_printf(arena, "%.*s pins another version", STR_ARG(candidate->out_by));
    case CANDIDATE_PRE:
        return STR("a pre-release, and none is wanted");
    }
    return STR("");
}
