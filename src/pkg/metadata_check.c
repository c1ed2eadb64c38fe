#include "pkg/metadata_check.h"
#include "base/vec.h"
#include "pkg/license.h"
#include "pkg/name.h"
#include "pkg/requirement.h"

#include <stddef.h>

struct checker {
    struct arena *arena;
    VEC(struct metadata_problem) problems;
    const struct metadata_entry *entries, *entry; /* all, and the one that is checked */
    size_t len;
    unsigned major, minor; /* declared */
};

static void complain(struct checker *c, const char *what)
{
    const struct metadata_entry *entry = c->entry;
    *vec_push(&c->problems, c->arena) =
        (struct metadata_problem){entry->spec ? entry->spec->name : entry->name, entry->line,
                                  arena_str(c->arena, str_from(what))};
}

static void check_metadata_version(struct checker *c, struct str value)
{
    static const char *const known[] = {"1.0", "1.1", "1.2", "2.1", "2.2",
                                        "2.3", "2.4", "2.5", "2.6"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(value, str_from(known[i]))) {
            c->major = (unsigned)(known[i][0] - '0');
            c->minor = (unsigned)(known[i][2] - '0');
            return;
        }
    complain(c, "not one of the versions 1.0 to 1.2 and 2.1 to 2.6");
}

static void check_name(struct checker *c, struct str value)
{
    if (!name_is_valid(value))
        complain(c, "not the name of a project");
}

static void check_version(struct checker *c, struct str value)
{
    struct version version;
    struct err err = {0};
    if (!version_parse(value, &version, &err))
        complain(c, err.text);
}

static void check_summary(struct checker *c, struct str value)
{
    (void)value;
    if (str_has_char(c->entry->raw, '\n'))
        complain(c, "more than one line");
}

static void check_requires_python(struct checker *c, struct str value)
{
    struct specifier_set set;
    struct err err = {0};
    if (!specifier_set_parse(value, c->arena, &set, &err))
        complain(c, err.text);
}

static void check_requires_dist(struct checker *c, struct str value)
{
    struct requirement requirement;
    struct err err = {0};
    if (!requirement_parse(value, c->arena, &requirement, &err))
        complain(c, err.text);
}

static void check_extra(struct checker *c, struct str value)
{
    if (!name_is_valid(value))
        complain(c, "not the name of an extra");
}

static void check_dynamic(struct checker *c, struct str value)
{
    const struct metadata_spec *spec = metadata_find_spec(value);
    if (!spec)
        complain(c, "not the name of a field");
    else if (str_eq(spec->name, STR("Name")) || str_eq(spec->name, STR("Version")) ||
             str_eq(spec->name, STR("Metadata-Version")))
        complain(c, "this field cannot be dynamic");
}

static void check_license_expression(struct checker *c, struct str value)
{
    struct str normal;
    struct err err = {0};
    if (!license_parse(value, c->arena, &normal, &err))
        complain(c, err.text);
}

static void check_license_file(struct checker *c, struct str value)
{
    struct str piece;
    if (str_has_char(value, '\\') || str_has_char(value, '*')) {
        complain(c, "a path has \"/\" between its parts, and no pattern");
        return;
    }
    if (!value.len || (value.len > 2 && value.ptr[1] == ':' && value.ptr[2] == '/') ||
        str_ends(value, STR("/"))) {
        complain(c, "not a relative path of a file");
        return;
    }
    while (str_next(&value, '/', &piece))
        if (!piece.len || str_eq(piece, STR(".")) || str_eq(piece, STR(".."))) {
            complain(c, "not a relative path of a file without \".\" and \"..\"");
            return;
        }
}

static bool is_keyword(struct str word)
{
    static const char *const words[] = {
        "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
        "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
        "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
        "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(word, str_from(words[i])))
            return true;
    return false;
}

/* Bytes above ASCII are taken for letters: Python's identifiers follow tables of Unicode. */
static bool is_identifier(struct str word)
{
    if (!word.len || char_is_digit(word.ptr[0]) || is_keyword(word))
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (!char_is_alnum(word.ptr[i]) && word.ptr[i] != '_' && !(word.ptr[i] & 0x80))
            return false;
    return true;
}

static size_t count(const struct checker *c, const struct metadata_spec *spec)
{
    size_t found = 0;
    for (size_t i = 0; i < c->len; i++)
        found += c->entries[i].spec == spec;
    return found;
}

static void check_import_name(struct checker *c, struct str value)
{
    struct str name, option, piece;
    bool has_option = str_cut(value, ';', &name, &option);
    name = str_trim(name);
    if (!name.len && !has_option && str_eq(c->entry->spec->name, STR("Import-Name"))) {
        if (count(c, c->entry->spec) > 1) /* a project without modules says so, and no more */
            complain(c, "an empty one excludes others");
        return;
    }
    bool good = name.len && name.ptr[name.len - 1] != '.';
    while (good && str_next(&name, '.', &piece))
        good = is_identifier(piece);
    if (!good)
        complain(c, "not identifiers with \".\" between them");
    else if (has_option && !str_eq(str_trim(option), STR("private")))
        complain(c, "only \"private\" may stand behind \";\"");
}

/* Parameters that the specification knows; others mean nothing. */
static const char *parameter_problem(struct str type, struct str name, struct str value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = str_slice(value, 1, value.len - 1);
    if (!name.len || !value.len)
        return "a parameter is NAME=VALUE";
    if (str_eq_nocase(name, STR("charset")) && !str_eq_nocase(value, STR("UTF-8")))
        return "the only charset is UTF-8";
    if (str_eq_nocase(name, STR("variant")) && str_eq_nocase(type, STR("text/markdown")) &&
        !str_eq(value, STR("GFM")) && !str_eq(value, STR("CommonMark")))
        return "the variants of Markdown are GFM and CommonMark";
    return NULL;
}

static void check_content_type(struct checker *c, struct str value)
{
    struct str type, rest, parameter, name, text;
    str_cut(value, ';', &type, &rest);
    type = str_trim(type);
    if (!str_eq_nocase(type, STR("text/plain")) && !str_eq_nocase(type, STR("text/x-rst")) &&
        !str_eq_nocase(type, STR("text/markdown"))) {
        complain(c, "not text/plain, text/x-rst or text/markdown");
        return;
    }
    while (rest.len && str_next(&rest, ';', &parameter)) {
        str_cut(parameter, '=', &name, &text);
        const char *problem = parameter_problem(type, str_trim(name), str_trim(text));
        if (problem) {
            complain(c, problem);
            return;
        }
    }
}

static const struct {
    const char *field;
    void (*check)(struct checker *c, struct str value);
} checks[] = {
    {"Metadata-Version", check_metadata_version},
    {"Name", check_name},
    {"Version", check_version},
    {"Summary", check_summary},
    {"Requires-Python", check_requires_python},
    {"Requires-Dist", check_requires_dist},
    {"Provides-Extra", check_extra},
    {"Dynamic", check_dynamic},
    {"License-Expression", check_license_expression},
    {"License-File", check_license_file},
    {"Import-Name", check_import_name},
    {"Import-Namespace", check_import_name},
    {"Description-Content-Type", check_content_type},
};

static bool is_repeated(const struct metadata_entry *entries, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (entries[i].spec == entries[at].spec)
            return true;
    return false;
}

static void check_entry(struct checker *c, const struct metadata_entry *entries, size_t at)
{
    const struct metadata_spec *spec = entries[at].spec;
    c->entry = &entries[at];
    if (!spec) {
        complain(c, "no field of the specification");
        return;
    }
    if (c->major && (spec->major > c->major || (spec->major == c->major && spec->minor > c->minor)))
        complain(c, arena_printf(c->arena, "came with Metadata-Version %u.%u, not yet %u.%u",
                                 spec->major, spec->minor, c->major, c->minor)
                        .ptr);
    else if (!spec->many && is_repeated(entries, at))
        complain(c, "may be there once");
    else if (!str_eq(spec->name, STR("Metadata-Version")))
        for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
            if (str_eq(spec->name, str_from(checks[i].field)))
                checks[i].check(c, entries[at].value);
}

static const struct metadata_entry *find(const struct metadata_entry *entries, size_t len,
                                         const char *field)
{
    for (size_t i = 0; i < len; i++)
        if (entries[i].spec && str_eq(entries[i].spec->name, str_from(field)))
            return &entries[i];
    return NULL;
}

void metadata_check(const struct metadata_entry *entries, size_t len, struct arena *arena,
                    const struct metadata_problem **problems, size_t *problems_len)
{
    static const char *const required[] = {"Metadata-Version", "Name", "Version"};
    struct checker c = {.arena = arena, .entries = entries, .len = len};
    /* What the version declared is decides about all the others. */
    if ((c.entry = find(entries, len, "Metadata-Version")))
        check_metadata_version(&c, c.entry->value);
    for (size_t i = 0; i < len; i++)
        check_entry(&c, entries, i);
    for (size_t i = 0; i < 3; i++)
        if (!find(entries, len, required[i]))
            *vec_push(&c.problems, arena) =
                (struct metadata_problem){str_from(required[i]), 0, STR("is missing")};
    c.entry = find(entries, len, "License");
    if (c.entry && find(entries, len, "License-Expression"))
        complain(&c, "excludes License-Expression (PEP 639)");
    *problems = c.problems.at;
    *problems_len = c.problems.len;
}
