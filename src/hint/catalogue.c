#define PCRE2_CODE_UNIT_WIDTH 8
#include "hint/catalogue.h"

#include <pcre2.h>

#include "base/map.h"
#include "base/vec.h"
#include "hint/catalogue_read.h"
#include "hint/clean.h"
#include "hint/contradict.h"
#include "hint/literal.h"
#include "hint/prefilter.h"

enum {
    MATCH_LIMIT = 20000, /* steps of one pattern on one line */
    LINE_LIMIT = 8192,
};

struct loader {
    struct arena *arena;
    VEC(struct hint) hints;
    VEC(struct prefilter_literal) literals;
    VEC(struct str) complaints;
    struct map ids;
    struct map rules; /* pattern or class -> chain of struct contradict_link */
    const struct hint_source *source;
};

/* Lines that every log is full of: a pattern that matches one of them says nothing. */
static const char *const catalogue_ordinary[] = {
    "",
    "running build_ext",
    "copying src/pkg/__init__.py -> build/lib.linux-s390x-cpython-311/pkg",
    "gcc -pthread -Wall -O2 -fPIC -I/usr/include -c src/a.c -o build/a.o",
    "[12/345] Compiling C object src/libfoo.a.p/foo.c.o",
    "checking for gcc... gcc",
    "-- Found PythonInterp: /usr/bin/python3",
    "Successfully built foo-1.0-cp311-cp311-linux_s390x.whl",
    "   Compiling libc v0.2.139",
    "src/a.c:12:5: warning: unused variable 'x' [-Wunused-variable]",
};

static void catalogue_complain(struct loader *loader, struct str id, const char *what)
{
    *vec_push(&loader->complaints, loader->arena) =
        id.len ? arena_printf(loader->arena, STR_FMT ": hint " STR_FMT ": %s",
                              STR_ARG(loader->source->name), STR_ARG(id), what)
               : arena_printf(loader->arena, STR_FMT ": %s", STR_ARG(loader->source->name), what);
}

static bool catalogue_id_is_valid(struct str id)
{
    if (!id.len || id.len > 100 || !char_is_alnum(id.ptr[0]))
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!char_is_alnum(id.ptr[i]) && !str_has_char(STR("-_."), id.ptr[i]))
            return false;
    return true;
}

static pcre2_code *catalogue_compile(struct str pattern, struct err *err)
{
    PCRE2_UCHAR words[128];
    int problem;
    size_t at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
                                     PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
                                         PCRE2_DOLLAR_ENDONLY,
                                     &problem, &at, NULL);
    if (code)
        return code;
    (void)pcre2_get_error_message(problem, words, sizeof words);
    (void)err_set(err, ERR_FORMAT, "pattern, position %zu: %s", at + 1, (const char *)words);
    return NULL;
}

/* "{name}" without a group that catches it. */
static bool catalogue_check_groups(const struct hint *hint, struct err *err)
{
    static const char *const groups[] = {"name", "version"};
    for (size_t g = 0; g < 2; g++) {
        char word[16] = "{";
        bool used = hint->need != NEED_NONE && g == 0;
        bool caught =
            hint->code && pcre2_substring_number_from_name(hint->code, (PCRE2_SPTR)groups[g]) > 0;
        for (size_t i = 0; groups[g][i]; i++)
            word[i + 1] = groups[g][i], word[i + 2] = '}';
        for (size_t i = 0; i < hint->recipes.len; i++)
            used |=
                str_find(hint->recipes.at[i].value, str_from(word)) < hint->recipes.at[i].value.len;
        if (used && !caught)
            return err_set(err, ERR_FORMAT, "the pattern has no group (?<%s>...) to take it from",
                           groups[g]);
    }
    return true;
}

static bool catalogue_check_pattern(struct loader *loader, struct hint *hint,
                                    struct literals *literals, struct err *err)
{
    if (hint->pattern.len > CATALOGUE_PATTERN_LIMIT)
        return err_set(err, ERR_LIMIT, "the pattern is longer than %d bytes",
                       CATALOGUE_PATTERN_LIMIT);
    if (!literal_extract(hint->pattern, loader->arena, literals, err))
        return false;
    hint->code = catalogue_compile(hint->pattern, err);
    if (!hint->code)
        return false;
    for (size_t i = 0; i < sizeof catalogue_ordinary / sizeof *catalogue_ordinary; i++)
        if (catalogue_matches(hint, str_from(catalogue_ordinary[i]), NULL))
            return err_set(err, ERR_FORMAT, "the pattern matches ordinary lines: \"%s\"",
                           catalogue_ordinary[i]);
    return true;
}

static void catalogue_complete(struct hint *hint)
{
    static const enum hint_class of_need[HINT_NEED_COUNT] = {
        [NEED_HEADER] = HINT_MISSING_HEADER,
        [NEED_PKGCONFIG] = HINT_MISSING_LIBRARY,
        [NEED_LIBRARY] = HINT_MISSING_LIBRARY,
        [NEED_CMAKE] = HINT_MISSING_LIBRARY,
        [NEED_PROGRAM] = HINT_MISSING_TOOL,
        [NEED_COMMAND] = HINT_MISSING_TOOL,
        [NEED_PYTHON] = HINT_MISSING_MODULE,
        [NEED_SONAME] = HINT_MISSING_LIBRARY,
        [NEED_SYMBOL] = HINT_LINK,
        [NEED_VERSION] = HINT_VERSION,
    };
    static const char *const changing[] = {"pip", "env", "patch", "setting"};
    if (hint->class == HINT_UNKNOWN)
        hint->class = of_need[hint->need];
    for (size_t i = 0; !hint->has_impact && i < hint->recipes.len; i++)
        for (size_t j = 0; j < sizeof changing / sizeof *changing; j++)
            if (str_eq(hint->recipes.at[i].kind, str_from(changing[j])))
                hint->impact = IMPACT_HIGH;
}

/* Judged and kept, or complained of. */
static bool catalogue_keep(struct loader *loader, struct hint *hint, struct err *err)
{
    struct literals literals = {0};
    void **same_id;
    if (!catalogue_id_is_valid(hint->id))
        return err_set(err, ERR_FORMAT,
                       "line %zu: an id of letters, digits, \"-\", \"_\" and \".\" is expected",
                       hint->line);
    if (!hint->pattern.len && hint->class == HINT_UNKNOWN)
        return err_set(err, ERR_FORMAT, "neither a pattern nor a class");
    same_id = map_at(&loader->ids, loader->arena, hint->id);
    if (*same_id)
        return err_set(err, ERR_CONFLICT, "this id is taken by an earlier hint");
    if (loader->hints.len >= CATALOGUE_HINT_LIMIT)
        return err_set(err, ERR_LIMIT, "more than %d hints", CATALOGUE_HINT_LIMIT);
    catalogue_complete(hint);
    if ((hint->pattern.len && !catalogue_check_pattern(loader, hint, &literals, err)) ||
        !catalogue_check_groups(hint, err))
        return false;
    struct str note = {0};
    bool good = contradict_check(&loader->rules, hint, loader->arena, &note, err);
    if (note.len)
        catalogue_complain(loader, hint->id, note.ptr);
    if (!good)
        return false;
    *same_id = ARENA_NEW(loader->arena, char);
    for (size_t i = 0; i < literals.len; i++)
        *vec_push(&loader->literals, loader->arena) =
            (struct prefilter_literal){literals.at[i], (uint32_t)loader->hints.len};
    *vec_push(&loader->hints, loader->arena) = *hint;
    return true;
}

static void catalogue_item(void *state, const struct yamltree *item, const struct err *why)
{
    struct loader *loader = state;
    struct hint hint = {0};
    struct err err = {0};
    if (!item || !catalogue_read(item, loader->source->origin != ORIGIN_SHIPPED, loader->arena,
                                 &hint, &err)) {
        *vec_push(&loader->complaints, loader->arena) =
            arena_str(loader->arena, str_from(item ? err.text : why->text));
        return;
    }
    hint.file = loader->source->name;
    hint.origin = loader->source->origin;
    if (!catalogue_keep(loader, &hint, &err)) {
        catalogue_complain(loader, hint.id, err.text);
        if (hint.code)
            pcre2_code_free(hint.code);
    }
}

static void catalogue_read_source(struct loader *loader, const struct hint_source *source)
{
    loader->source = source;
    document_each(source->text, source->name, loader->arena, catalogue_item, loader);
}

void catalogue_open(const struct hint_source *sources, size_t len, bool shipped,
                    struct arena *arena, struct hint_catalogue *catalogue,
                    struct hint_complaints *complaints)
{
    struct loader loader = {.arena = arena};
    for (const struct embedded_file *file = catalogue_shipped; shipped && file->name; file++) {
        struct hint_source source = {str_from(file->name), str_of(file->bytes, file->len),
                                     ORIGIN_SHIPPED};
        catalogue_read_source(&loader, &source);
    }
    for (size_t i = 0; i < len; i++)
        catalogue_read_source(&loader, &sources[i]);
    *catalogue =
        (struct hint_catalogue){loader.hints.at, loader.hints.len,
                                prefilter_new(loader.literals.at, loader.literals.len, arena)};
    *complaints = (struct hint_complaints){loader.complaints.at, loader.complaints.len};
}

void catalogue_close(struct hint_catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->len; i++)
        if (catalogue->at[i].code)
            pcre2_code_free(catalogue->at[i].code);
    *catalogue = (struct hint_catalogue){0};
}

const struct hint *catalogue_find(const struct hint_catalogue *catalogue, struct str id)
{
    for (size_t i = 0; i < catalogue->len; i++)
        if (str_eq(catalogue->at[i].id, id))
            return &catalogue->at[i];
    return NULL;
}

static struct str catalogue_group(pcre2_match_data *data, struct str line, const char *group,
                                  const pcre2_code *code)
{
    const size_t *ends = pcre2_get_ovector_pointer(data);
    int number = pcre2_substring_number_from_name(code, (PCRE2_SPTR)group);
    if (number <= 0 || (uint32_t)number >= pcre2_get_ovector_count(data) ||
        ends[2 * number] == PCRE2_UNSET)
        return STR("");
    return str_slice(line, ends[2 * number], ends[2 * number + 1]);
}

bool catalogue_matches(const struct hint *hint, struct str line, struct hint_match *match)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *data =
        hint->code ? pcre2_match_data_create_from_pattern(hint->code, NULL) : NULL;
    bool matches = false;
    if (limits && data && line.len <= LINE_LIMIT) {
        char scratch[LINE_LIMIT];
        struct str plain = clean_quotes(line, scratch);
        (void)pcre2_set_match_limit(limits, MATCH_LIMIT);
        matches = pcre2_match(hint->code, (PCRE2_SPTR)(plain.len ? plain.ptr : ""), plain.len, 0, 0,
                              data, limits) > 0;
        if (matches && match) {
            /* Names hold no quotation marks, so that they stand in the line itself. */
            struct str name = catalogue_group(data, plain, "name", hint->code);
            struct str version = catalogue_group(data, plain, "version", hint->code);
            match->name = str_slice(line, str_find(line, name), str_find(line, name) + name.len);
            match->version =
                str_slice(line, str_find(line, version), str_find(line, version) + version.len);
        }
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    return matches;
}
