#include "pkg/filename.h"
#include "pkg/tags.h"

enum { FILENAME_LIMIT = 1024 };

static const struct {
    struct str ending;
    enum sdist_kind kind;
} sdist_endings[] = {
    {STR_INIT(".tar.gz"), SDIST_TAR_GZ},   {STR_INIT(".zip"), SDIST_ZIP},
    {STR_INIT(".tar.bz2"), SDIST_TAR_BZ2}, {STR_INIT(".tar.xz"), SDIST_TAR_XZ},
    {STR_INIT(".tgz"), SDIST_TGZ},         {STR_INIT(".tar"), SDIST_TAR},
};
enum { SDIST_ENDINGS = sizeof sdist_endings / sizeof *sdist_endings };

static bool cut_sdist_ending(struct str *filename, enum sdist_kind *kind)
{
    for (size_t i = 0; i < SDIST_ENDINGS; i++)
        if (str_ends(*filename, sdist_endings[i].ending)) {
            filename->len -= sdist_endings[i].ending.len;
            *kind = sdist_endings[i].kind;
            return true;
        }
    return false;
}

enum filename_kind filename_kind(struct str filename)
{
    enum sdist_kind kind;
    if (str_ends(filename, STR(".whl")))
        return FILENAME_WHEEL;
    return cut_sdist_ending(&filename, &kind) ? FILENAME_SDIST : FILENAME_OTHER;
}

static bool complain(struct err *err, struct str filename, const char *what)
{
    return err_set(err, ERR_FORMAT, "\"%.*s\": %s", STR_ARG(str_slice(filename, 0, 200)), what);
}

static bool check_bytes(struct str filename, struct err *err)
{
    if (filename.len > FILENAME_LIMIT)
        return err_set(err, ERR_LIMIT, "a file name of %zu bytes; at most %d are read",
                       filename.len, FILENAME_LIMIT);
    for (size_t i = 0; i < filename.len; i++) {
        char c = filename.ptr[i];
        if (c == '/' || c == '\\' || (unsigned char)c <= ' ' || c == 0x7f)
            return err_set(err, ERR_FORMAT, "file name, position %zu: byte 0x%02x is not allowed",
                           i + 1, (unsigned)(unsigned char)c);
    }
    return true;
}

/* Number, then the rest ("1", "2local"); PEP 427 wants a leading digit. */
static bool read_build(struct str text, struct wheel_name *wheel)
{
    size_t digits = 0;
    while (digits < text.len && char_is_digit(text.ptr[digits]))
        digits++;
    if (!digits || !str_to_u64(str_slice(text, 0, digits), &wheel->build))
        return false;
    wheel->build_suffix = str_from_pos(text, digits);
    wheel->has_build = true;
    return true;
}

bool filename_parse_wheel(struct str filename, struct arena *arena, struct wheel_name *wheel,
                          struct err *err)
{
    struct str parts[6], piece;
    size_t count = 0;
    struct wheel_name made = {0};
    if (!check_bytes(filename, err))
        return false;
    if (!str_ends(filename, STR(".whl")))
        return complain(err, filename, "a wheel's name ends with .whl");
    struct str rest = str_slice(filename, 0, filename.len - 4);
    while (str_next(&rest, '-', &piece)) {
        if (count == 6)
            return complain(err, filename, "more than six parts between \"-\" (PEP 427)");
        parts[count++] = piece;
    }
    if (count < 5)
        return complain(err, filename,
                        "a wheel is named NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl (PEP 427)");
    if (!name_is_valid(parts[0]) || str_find(parts[0], STR("__")) < parts[0].len)
        return complain(err, filename, "the first part is not the name of a project");
    if (!version_try(parts[1], &made.version))
        return complain(err, filename, "the second part is not a version (PEP 440)");
    if (count == 6 && !read_build(parts[2], &made))
        return complain(err, filename, "the build tag does not start with a digit");
    made.python = parts[count - 3];
    made.abi = parts[count - 2];
    made.platform = parts[count - 1];
    if (!tags_set_is_valid(made.python, true) || !tags_set_is_valid(made.abi, false) ||
        !tags_set_is_valid(made.platform, false))
        return complain(err, filename,
                        "one of the last three parts is not a set of tags (PEP 425)");
    made.name = name_normal(parts[0], arena);
    *wheel = made;
    return true;
}

/* Where the older form `some-name-1.0` is cut: at the known project, else at the last `-`. */
static size_t find_cut(struct str stem, struct str project)
{
    if (project.len)
        for (size_t i = 0; i < stem.len; i++)
            if (stem.ptr[i] == '-' && name_eq(str_slice(stem, 0, i), project))
                return i;
    struct version version;
    size_t last = str_rfind_char(stem, '-');
    if (last == stem.len || version_try(str_from_pos(stem, last + 1), &version))
        return last;
    /* "foo-1.0-1": the version itself holds a `-` (an implicit post-release). */
    size_t before = str_rfind_char(str_slice(stem, 0, last), '-');
    return before < last && version_try(str_from_pos(stem, before + 1), &version) ? before : last;
}

bool filename_parse_sdist(struct str filename, struct str project, struct arena *arena,
                          struct sdist_name *sdist, struct err *err)
{
    struct sdist_name made = {0};
    struct str stem = filename;
    if (!check_bytes(filename, err))
        return false;
    if (!cut_sdist_ending(&stem, &made.kind))
        return complain(err, filename, "not the ending of a source distribution");
    size_t cut = find_cut(stem, project);
    struct str name = str_slice(stem, 0, cut);
    if (cut == stem.len)
        return complain(err, filename, "a source distribution is named NAME-VERSION.tar.gz");
    if (!name_is_valid(name))
        return complain(err, filename, "what precedes the version is not the name of a project");
    if (project.len && !name_eq(name, project))
        return complain(err, filename, "the file belongs to another project");
    if (!version_try(str_from_pos(stem, cut + 1), &made.version))
        return complain(err, filename, "what follows the name is not a version (PEP 440)");
    made.name = name_normal(name, arena);
    *sdist = made;
    return true;
}

int filename_cmp_build(const struct wheel_name *a, const struct wheel_name *b)
{
    if (a->has_build != b->has_build)
        return a->has_build - b->has_build;
    if (a->build != b->build)
        return a->build < b->build ? -1 : 1;
    return str_cmp(a->build_suffix, b->build_suffix);
}
