#include "plan/candidate.h"
#include "base/vec.h"
#include "pkg/filename.h"

#include <stdlib.h>

/* A file with its name read. */
struct candidate_own {
    const struct provider_file *file;
    size_t place; /* in the provider's order: what else is equal keeps it */
    struct version version;
    struct wheel_name wheel;
    bool is_wheel;
};

typedef VEC(struct candidate_own) entry_list;

static int entry_order(const void *a, const void *b)
{
    const struct candidate_own *x = a, *y = b;
    int order = version_cmp(&x->version, &y->version);
    return order ? order : x->place < y->place ? -1 : 1;
}

static bool read_entry(struct str project, const struct provider_file *file, struct arena *arena,
                       struct candidate_own *entry)
{
    struct err ignored;
    struct sdist_name sdist;
    entry->file = file;
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

static long wheel_rank(const struct solve_env *env, const struct wheel_name *wheel)
{
    return tags_rank(env->tags, wheel->python, wheel->abi, wheel->platform);
}

struct choice {
    const struct candidate_own *wheel, *sdist;
    long rank;
};

static bool better_wheel(const struct candidate_own *entry, long rank, const struct choice *choice)
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

static bool better_sdist(const struct candidate_own *entry, const struct choice *choice)
{
    if (!choice->sdist)
        return true;
    if (entry->file->yanked != choice->sdist->file->yanked)
        return !entry->file->yanked;
    return entry->file->origin < choice->sdist->file->origin;
}

static void consider(const struct candidate_own *entry, const struct candidate_list *list,
                     struct choice *choice)
{
    if (!python_accepts(entry->file->requires_python, list->env) ||
        !hash_accepts(entry->file, list->rule))
        return;
    if (!entry->is_wheel) {
        if (!list->rule->wheels_only && better_sdist(entry, choice))
            choice->sdist = entry;
        return;
    }
    long rank = wheel_rank(list->env, &entry->wheel);
    if (rank >= 0 && better_wheel(entry, rank, choice)) {
        choice->wheel = entry;
        choice->rank = rank;
    }
}

bool candidate_look(const struct candidate_list *list, struct candidate *candidate, struct err *err)
{
    const struct provider *provider = list->provider;
    struct provider_files listed = {0};
    if (candidate->release)
        return true;
    if (candidate->listed && !provider->listed_files(provider->state, list->name,
                                                     &candidate->version, list->kept, &listed, err))
        return false;
    ARENA_AUTO struct arena scratch = {0};
    size_t own = candidate->own_to - candidate->own_from, len = 0;
    struct provider_release *release = ARENA_NEW(list->kept, struct provider_release);
    const struct provider_file **files =
        ARENA_ARRAY(list->kept, const struct provider_file *, own + listed.len);
    struct choice choice = {0};
    for (size_t i = 0; i < own + listed.len; i++) {
        struct candidate_own *entry = ARENA_NEW(&scratch, struct candidate_own);
        if (i < own)
            *entry = list->own[candidate->own_from + i];
        else if (!read_entry(list->name, &listed.at[i - own], &scratch, entry))
            continue;
        files[len++] = entry->file;
        consider(entry, list, &choice);
    }
    *release = (struct provider_release){
        .name = list->name,
        .version = candidate->version,
        .files = files,
        .files_len = len,
        .wheel = choice.wheel ? choice.wheel->file : NULL,
        .sdist = choice.sdist ? choice.sdist->file : NULL,
    };
    /* A yanked wheel gives way to an sdist that is not. */
    if (release->wheel && release->wheel->yanked && release->sdist && !release->sdist->yanked)
        release->wheel = NULL;
    candidate->release = release;
    return true;
}

/* ---- judged without being looked at ---- */

/* What a version's files say, taken together. */
struct verdict {
    bool usable, not_yanked; /* some file is; and one of these is not yanked */
    bool python_refused, hash_refused;
    int64_t newest_ms;
};

static void judge(struct verdict *verdict, bool python, bool hash, bool fits, bool yanked,
                  int64_t uploaded_ms)
{
    if (uploaded_ms > verdict->newest_ms)
        verdict->newest_ms = uploaded_ms;
    if (!python)
        verdict->python_refused = true;
    else if (!hash)
        verdict->hash_refused = true;
    else if (fits) {
        verdict->usable = true;
        verdict->not_yanked = verdict->not_yanked || !yanked;
    }
}

static bool fits(const struct candidate_list *list, const struct candidate_own *entry)
{
    return entry->is_wheel ? wheel_rank(list->env, &entry->wheel) >= 0 : !list->rule->wheels_only;
}

static void judge_own(const struct candidate_list *list, const struct candidate_own *entry,
                      struct verdict *verdict)
{
    judge(verdict, python_accepts(entry->file->requires_python, list->env),
          hash_accepts(entry->file, list->rule), fits(list, entry), entry->file->yanked,
          entry->file->uploaded_ms);
}

/* What the tag sets and the Requires-Python of a listing come to here, each read once. */
struct judge {
    const struct provider_files *files;
    bool *set_fits, *python_accepts;
};

static void judge_start(const struct candidate_list *list, const struct provider_files *files,
                        struct arena *arena, struct judge *judge)
{
    const struct listing *listing = files->listing;
    *judge = (struct judge){.files = files};
    if (!listing)
        return;
    judge->set_fits = ARENA_ARRAY(arena, bool, listing->sets);
    judge->python_accepts = ARENA_ARRAY(arena, bool, listing->pythons);
    for (uint32_t i = 0; i < listing->sets; i++) {
        struct tag set = listing_set(listing, i);
        judge->set_fits[i] = tags_rank(list->env->tags, set.python, set.abi, set.platform) >= 0;
    }
    for (uint32_t i = 0; i < listing->pythons; i++)
        judge->python_accepts[i] = python_accepts(listing_python(listing, i), list->env);
}

/* False: of the release nothing is there yet. */
static bool judge_listed(const struct candidate_list *list, const struct judge *by,
                         uint32_t release, struct verdict *verdict)
{
    uint32_t from, to;
    bool any = false;
    listing_release(by->files->listing, release, &from, &to);
    for (uint32_t i = from; i < to; i++) {
        struct listing_file file = listing_file(by->files->listing, i);
        if (by->files->latest_ms &&
            (file.uploaded_ms < 0 || file.uploaded_ms > by->files->latest_ms))
            continue;
        any = true;
        judge(verdict, by->python_accepts[file.python], true,
              file.set == LISTING_SDIST ? !list->rule->wheels_only : by->set_fits[file.set],
              file.yanked, file.uploaded_ms);
    }
    return any;
}

/* With hashes asked for the listed files have to be told in full. */
static bool judge_hashed(const struct candidate_list *list, struct candidate *candidate,
                         struct verdict *verdict, struct err *err)
{
    struct candidate_own entry;
    ARENA_AUTO struct arena scratch = {0};
    if (!candidate_look(list, candidate, err))
        return false;
    *verdict = (struct verdict){0};
    for (size_t i = 0; i < candidate->release->files_len; i++)
        if (read_entry(list->name, candidate->release->files[i], &scratch, &entry))
            judge_own(list, &entry, verdict);
    return true;
}

static bool pinned_here(const struct candidate_rule *rule, const struct version *version)
{
    for (size_t i = 0; i < rule->pins_len; i++)
        if (version_cmp(&rule->pins[i]->version, version) == 0)
            return true;
    return false;
}

static const struct solve_require *excluded_by(const struct candidate_rule *rule,
                                               const struct version *version)
{
    for (size_t i = 0; i < rule->constraints_len; i++)
        if (!specifier_set_match(&rule->constraints[i]->req.specifiers, version))
            return rule->constraints[i];
    return NULL;
}

static enum candidate_out out_of(const struct candidate *c, const struct verdict *verdict,
                                 const struct candidate_rule *rule)
{
    if (rule->pins_len && !pinned_here(rule, &c->version))
        return CANDIDATE_PIN;
    if (rule->never_pre && version_is_pre(&c->version) && !rule->pins_len)
        return CANDIDATE_PRE;
    if (excluded_by(rule, &c->version))
        return CANDIDATE_CONSTRAINT;
    if (verdict->usable || c->awaited)
        return CANDIDATE_IN;
    return verdict->hash_refused     ? CANDIDATE_HASH
           : verdict->python_refused ? CANDIDATE_PYTHON
                                     : CANDIDATE_NO_FILE;
}

static void conclude(const struct candidate_rule *rule, const struct verdict *verdict,
                     struct candidate *c)
{
    /* Its makers may still be uploading: wheels of it are there, and the last is new. */
    c->awaited = !verdict->usable && !verdict->hash_refused && !verdict->python_refused &&
                 rule->awaited_from_ms && !rule->wheels_only &&
                 verdict->newest_ms >= rule->awaited_from_ms;
    c->yanked = verdict->usable && !verdict->not_yanked;
    c->out = (uint8_t)out_of(c, verdict, rule);
}

/* ---- the list ---- */

static void read_own(struct str name, const struct provider_files *files,
                     const struct candidate_rule *rule, struct arena *arena, entry_list *entries)
{
    for (size_t i = 0; i < files->len + rule->pins_len; i++) {
        const struct provider_file *file =
            i < rule->pins_len ? &rule->pins[i]->file : &files->at[i - rule->pins_len];
        struct candidate_own entry = {.place = i};
        if (read_entry(name, file, arena, &entry))
            *vec_push(entries, arena) = entry;
    }
    if (entries->len)
        qsort(entries->at, entries->len, sizeof *entries->at, entry_order);
}

/* The next release of the listing that has a version, going up; `left` are those not yet seen. */
static bool next_listed(const struct listing *listing, uint32_t *left, struct version *version)
{
    for (; *left; --*left)
        if (version_try(listing_version(listing, *left - 1), version))
            return true;
    return false;
}

/* The smallest version that is left, of both kinds of files: which of them it is, and its own. */
static bool next_candidate(const struct listing *listing, const entry_list *own, size_t *at,
                           uint32_t *left, struct candidate *c)
{
    struct version version;
    bool listed = next_listed(listing, left, &version);
    int order = *at == own->len ? 1 : !listed ? -1 : version_cmp(&own->at[*at].version, &version);
    if (!listed && *at == own->len)
        return false;
    *c = (struct candidate){.version = order > 0 ? version : own->at[*at].version,
                            .listed = order >= 0,
                            .own_from = (uint32_t)*at};
    while (order <= 0 && *at < own->len && version_cmp(&own->at[*at].version, &c->version) == 0)
        ++*at;
    c->own_to = (uint32_t)*at;
    return true;
}

bool candidate_list_make(struct str name, const struct provider_files *files,
                         const struct candidate_rule *rule, const struct solve_env *env,
                         const struct provider *provider, struct arena *arena, struct arena *kept,
                         struct candidate_list *list, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    entry_list own = {0};
    struct judge judge;
    struct candidate c;
    *list = (struct candidate_list){
        .name = name, .rule = rule, .env = env, .provider = provider, .kept = kept};
    read_own(name, files, rule, arena, &own);
    judge_start(list, files, &scratch, &judge);
    list->own = own.at;
    uint32_t left = files->listing ? files->listing->releases : 0;
    list->at = ARENA_ARRAY(arena, struct candidate, own.len + left);
    for (size_t at = 0; next_candidate(files->listing, &own, &at, &left, &c);) {
        struct verdict verdict = {0};
        for (uint32_t i = c.own_from; i < c.own_to; i++)
            judge_own(list, &own.at[i], &verdict);
        if (c.listed)
            c.listed = judge_listed(list, &judge, --left, &verdict);
        if (!c.listed && c.own_from == c.own_to)
            continue;
        if (c.listed && rule->hashes_len && !judge_hashed(list, &c, &verdict, err))
            return false;
        conclude(rule, &verdict, &c);
        list->at[list->len++] = c;
    }
    return true;
}

/* ---- in words ---- */

static struct str require_text(const struct solve_require *require, struct arena *arena)
{
    return arena_printf(arena, "%.*s (%.*s)", STR_ARG(require->origin), STR_ARG(require->req.text));
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
    const struct provider_release *release = candidate->release;
    VEC(struct solve_file_refused) found = {0};
    for (size_t i = 0; i < release->files_len; i++) {
        const struct provider_file *file = release->files[i];
        struct str why = file == release->wheel || file == release->sdist
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

struct str candidate_why_out(const struct candidate_list *list, struct candidate *candidate,
                             struct arena *arena)
{
    struct err err = {0};
    switch ((enum candidate_out)candidate->out) {
    case CANDIDATE_IN:
        return STR("");
    case CANDIDATE_NO_FILE:
        if (!candidate_look(list, candidate, &err))
            break;
        return no_file(candidate, list->env, arena);
    case CANDIDATE_PYTHON:
        if (!candidate_look(list, candidate, &err))
            break;
        return arena_printf(arena, "needs Python %.*s, the target has %.*s",
                            STR_ARG(candidate->release->files[0]->requires_python),
                            STR_ARG(list->env->python.text));
    case CANDIDATE_HASH:
        return STR("no file has a SHA-256 that the requirements ask for");
    case CANDIDATE_CONSTRAINT:
        return arena_printf(
            arena, "excluded by %.*s",
            STR_ARG(require_text(excluded_by(list->rule, &candidate->version), arena)));
    case CANDIDATE_PIN:
        return arena_printf(arena, "%.*s pins another version",
                            STR_ARG(list->rule->pins[0]->origin));
    case CANDIDATE_PRE:
        return STR("a pre-release, and none is wanted");
    }
    return arena_printf(arena, "its files cannot be told: %s", err.text);
}
