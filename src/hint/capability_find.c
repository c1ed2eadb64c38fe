/* Look-up and ranking (capability.h). */
#include <stdlib.h>

#include "base/map.h"
#include "base/vec.h"
#include "hint/capability.h"

enum {
    CAPABILITY_FILES_MAX = 20000, /* of one name; the most common of Debian 12 has 337 */
    CAPABILITY_PRIVATE = 8,       /* place of what no tool looks into by itself */
};

/* A file that has the name, with what it is ranked by. */
struct capability_match {
    struct capability_candidate candidate;
    unsigned fit; /* of the package's name: 0 the best */
    uint32_t dependants;
    size_t depth;
};

struct capability_search {
    const struct capability_map *map;
    struct arena *arena;
    enum capability_kind kind;
    struct str name; /* as it was asked for, without endings */
    struct str under;
    VEC(struct capability_match) matches;
};

static size_t capability_depth(struct str folder)
{
    size_t depth = folder.len > 0;
    for (size_t i = 0; i < folder.len; i++)
        depth += folder.ptr[i] == '/';
    return depth;
}

/* `folder` without `root` before it: "usr/include/a", "usr/include" -> "a". */
static bool capability_below(struct str folder, struct str root, struct str *rest)
{
    if (!str_starts(folder, root) || (folder.len > root.len && folder.ptr[root.len] != '/'))
        return false;
    *rest = str_from_pos(folder, root.len + 1);
    return true;
}

/* How far below the places that are looked into by themselves; CAPABILITY_PRIVATE: elsewhere. */
static unsigned capability_below_roots(const struct capability_search *search, struct str folder,
                                       const char *const *roots)
{
    struct str rest, triplet = search->map->facts.triplet;
    for (; *roots; roots++) {
        if (!capability_below(folder, str_from(*roots), &rest))
            continue;
        if (triplet.len && capability_below(rest, triplet, &folder))
            rest = folder;
        size_t deep = capability_depth(rest);
        return deep < CAPABILITY_PRIVATE ? (unsigned)deep : CAPABILITY_PRIVATE - 1;
    }
    return CAPABILITY_PRIVATE;
}

/* The compilers' own folders: "usr/include/c++/12", "usr/lib/gcc/s390x-linux-gnu/12/include". */
static bool capability_is_compilers(struct str folder)
{
    size_t depth = capability_depth(folder);
    return (str_starts(folder, STR("usr/include/c++/")) && depth == 4) ||
           (str_starts(folder, STR("usr/lib/gcc/")) && depth == 6 &&
            str_ends(folder, STR("/include")));
}

/* <openssl/ssl.h> asks for a folder whose end is "openssl"; what is before it is the place. */
static bool capability_header_place(const struct capability_search *search, struct str folder,
                                    unsigned *place)
{
    static const char *const roots[] = {"usr/include", NULL};
    struct str under = search->under;
    if (under.len) {
        if (!str_ends(folder, under) || folder.len < under.len + 1 ||
            folder.ptr[folder.len - under.len - 1] != '/')
            return false;
        folder = str_slice(folder, 0, folder.len - under.len - 1);
    }
    *place = capability_is_compilers(folder) ? 0 : capability_below_roots(search, folder, roots);
    return true;
}

static unsigned capability_library_place(const struct capability_search *search, struct str folder)
{
    static const char *const roots[] = {"usr/lib64", "usr/lib", "lib64", "lib", NULL};
    return capability_below_roots(search, folder, roots);
}

/* .pc files and CMake's are looked for in folders of their own below lib and share. */
static unsigned capability_config_place(const struct capability_search *search, struct str folder)
{
    static const char *const roots[] = {"usr/lib64", "usr/lib", "usr/share", NULL};
    unsigned deep = capability_below_roots(search, folder, roots);
    unsigned usual = search->kind == CAPABILITY_PKGCONFIG ? 1 : 2;
    return deep > usual ? deep - usual : 0;
}

static unsigned capability_program_place(struct str folder)
{
    return str_ends(folder, STR("sbin")) ? 1 : 0;
}

static bool capability_place(const struct capability_search *search, struct str folder,
                             unsigned *place)
{
    *place = 0;
    switch (search->kind) {
    case CAPABILITY_HEADER:
        return capability_header_place(search, folder, place);
    case CAPABILITY_LIBRARY:
    case CAPABILITY_SONAME:
        *place = capability_library_place(search, folder);
        return true;
    case CAPABILITY_PKGCONFIG:
    case CAPABILITY_CMAKE:
        *place = capability_config_place(search, folder);
        return true;
    case CAPABILITY_PROGRAM:
        *place = capability_program_place(folder);
        return true;
    case CAPABILITY_PYTHON:
    case CAPABILITY_KINDS:
        break;
    }
    return true;
}

/* ---- names ---- */

/* Letters and digits in lower case, without "lib" before them: "libssl-dev" and "SSL" are "ssl". */
static struct str capability_plain(struct str name, struct arena *arena)
{
    static const char *const endings[] = {"-dev", "-devel"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (str_ends(name, str_from(endings[i])))
            name = str_slice(name, 0, name.len - str_from(endings[i]).len);
    if (str_starts(name, STR("lib")) && name.len > 3)
        name = str_from_pos(name, 3);
    char *text = arena_alloc(arena, name.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++)
        if (char_is_alnum(name.ptr[i]))
            text[len++] = char_lower(name.ptr[i]);
    return str_of(text, len);
}

/* 0 the same, 1 the same but for a version or a flavour behind it, 2 within, 3 not. */
static unsigned capability_word_fit(struct str package, struct str word)
{
    if (word.len < 2)
        return 3;
    if (str_eq(package, word))
        return 0;
    if (str_starts(package, word) || (package.len > 2 && str_starts(word, package)))
        return 1;
    return str_find(package, word) < package.len ? 2 : 3;
}

/* The name's own words: the folder it is in and the name without its ending. */
static unsigned capability_fit(const struct capability_search *search, struct str package)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str plain = capability_plain(package, &scratch), word, rest = search->under;
    size_t slash = str_rfind_char(search->name, '/');
    struct str stem =
        slash < search->name.len ? str_from_pos(search->name, slash + 1) : search->name;
    if (search->kind == CAPABILITY_HEADER || search->kind == CAPABILITY_SONAME)
        stem = str_slice(stem, 0, str_find_char(stem, '.'));
    unsigned fit = capability_word_fit(plain, capability_plain(stem, &scratch));
    while (fit && str_next(&rest, '/', &word)) {
        unsigned other = capability_word_fit(plain, capability_plain(word, &scratch));
        fit = other < fit ? other : fit;
    }
    return fit;
}

/* ---- matches ---- */

static bool capability_take(struct capability_search *search, struct str file, uint32_t folder,
                            uint32_t package)
{
    struct capability_cursor at;
    struct capability_match match = {{.file = file}};
    uint32_t traits = 0;
    if (!capability_table_seek(&search->map->folders, folder, &at))
        return false;
    if (!capability_place(search, capability_table_key(&at), &match.candidate.place))
        return true;
    match.candidate.folder = arena_str(search->arena, capability_table_key(&at));
    match.depth = capability_depth(match.candidate.folder);
    if (!capability_table_seek(&search->map->packages, package, &at))
        return false;
    struct str extra = at.extra;
    match.candidate.package = arena_str(search->arena, capability_table_key(&at));
    if (!capability_table_number(&extra, &traits) ||
        !capability_table_number(&extra, &match.dependants))
        return false;
    match.candidate.development = traits & CAPABILITY_DEVELOPMENT;
    match.candidate.of_target = capability_path_is_of_target(search->kind);
    match.fit = capability_fit(search, match.candidate.package);
    *vec_push(&search->matches, search->arena) = match;
    return true;
}

static void capability_collect(struct capability_search *search, struct str name)
{
    struct capability_cursor at;
    struct str key =
        arena_printf(search->arena, "%c" STR_FMT, (char)('0' + (int)search->kind), STR_ARG(name));
    if (!capability_table_find(&search->map->keys, key, &at) ||
        !str_eq(capability_table_key(&at), key))
        return;
    uint32_t folder = 0, step, package;
    struct str pairs = at.extra;
    for (size_t i = 0; i < CAPABILITY_FILES_MAX && pairs.len; i++) {
        if (!capability_table_number(&pairs, &step) || !capability_table_number(&pairs, &package) ||
            step > UINT32_MAX - folder)
            return;
        folder += step;
        if (!capability_take(search, name, folder, package))
            return;
    }
}

static int capability_order(const void *a, const void *b)
{
    const struct capability_match *left = a, *right = b;
    const struct capability_candidate *one = &left->candidate, *other = &right->candidate;
    const struct {
        size_t left, right;
    } ranks[] = {{one->place, other->place},  {!one->development, !other->development},
                 {left->fit, right->fit},     {right->dependants, left->dependants},
                 {left->depth, right->depth}, {one->package.len, other->package.len}};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
        if (ranks[i].left != ranks[i].right)
            return ranks[i].left < ranks[i].right ? -1 : 1;
    int order = str_cmp(one->package, other->package);
    order = order ? order : str_cmp(one->folder, other->folder);
    return order ? order : str_cmp(one->file, other->file);
}

static void capability_look(struct capability_search *search, struct str name)
{
    struct capability_keys keys = capability_path_keys(search->kind, name, search->arena);
    search->under = keys.under;
    search->name = name;
    for (size_t i = 0; i < keys.len; i++)
        capability_collect(search, keys.at[i]);
}

/* "google.protobuf.message" comes with "google.protobuf". */
static void capability_look_above(struct capability_search *search, struct str name)
{
    while (!search->matches.len && str_has_char(name, '.')) {
        name = str_slice(name, 0, str_rfind_char(name, '.'));
        capability_look(search, name);
    }
}

/* What the FindX modules that CMake itself brings search for. */
static const struct {
    const char *module;
    enum capability_kind kind;
    const char *name;
} capability_modules[] = {
    {"alsa", CAPABILITY_HEADER, "alsa/asoundlib.h"},
    {"aspell", CAPABILITY_HEADER, "aspell.h"},
    {"bison", CAPABILITY_PROGRAM, "bison"},
    {"blas", CAPABILITY_LIBRARY, "blas"},
    {"boost", CAPABILITY_HEADER, "boost/version.hpp"},
    {"bzip2", CAPABILITY_HEADER, "bzlib.h"},
    {"cups", CAPABILITY_HEADER, "cups/cups.h"},
    {"curl", CAPABILITY_HEADER, "curl/curl.h"},
    {"curses", CAPABILITY_HEADER, "curses.h"},
    {"doxygen", CAPABILITY_PROGRAM, "doxygen"},
    {"expat", CAPABILITY_HEADER, "expat.h"},
    {"flex", CAPABILITY_PROGRAM, "flex"},
    {"fltk", CAPABILITY_HEADER, "FL/Fl.H"},
    {"fontconfig", CAPABILITY_HEADER, "fontconfig/fontconfig.h"},
    {"freetype", CAPABILITY_HEADER, "ft2build.h"},
    {"gdal", CAPABILITY_HEADER, "gdal.h"},
    {"gettext", CAPABILITY_PROGRAM, "msgmerge"},
    {"gif", CAPABILITY_HEADER, "gif_lib.h"},
    {"git", CAPABILITY_PROGRAM, "git"},
    {"glew", CAPABILITY_HEADER, "GL/glew.h"},
    {"glut", CAPABILITY_HEADER, "GL/glut.h"},
    {"gnutls", CAPABILITY_HEADER, "gnutls/gnutls.h"},
    {"gsl", CAPABILITY_HEADER, "gsl/gsl_version.h"},
    {"gtest", CAPABILITY_HEADER, "gtest/gtest.h"},
    {"hdf5", CAPABILITY_HEADER, "hdf5.h"},
    {"hspell", CAPABILITY_HEADER, "hspell.h"},
    {"icu", CAPABILITY_HEADER, "unicode/utypes.h"},
    {"imagemagick", CAPABILITY_PROGRAM, "convert"},
    {"jasper", CAPABILITY_HEADER, "jasper/jasper.h"},
    {"jpeg", CAPABILITY_HEADER, "jpeglib.h"},
    {"lapack", CAPABILITY_LIBRARY, "lapack"},
    {"libarchive", CAPABILITY_HEADER, "archive.h"},
    {"liblzma", CAPABILITY_HEADER, "lzma.h"},
    {"libxml2", CAPABILITY_HEADER, "libxml/parser.h"},
    {"libxslt", CAPABILITY_HEADER, "libxslt/xslt.h"},
    {"lua", CAPABILITY_HEADER, "lua.h"},
    {"mpi", CAPABILITY_HEADER, "mpi.h"},
    {"odbc", CAPABILITY_HEADER, "sql.h"},
    {"openal", CAPABILITY_HEADER, "AL/al.h"},
    {"opengl", CAPABILITY_HEADER, "GL/gl.h"},
    {"openssl", CAPABILITY_HEADER, "openssl/ssl.h"},
    {"patch", CAPABILITY_PROGRAM, "patch"},
    {"perl", CAPABILITY_PROGRAM, "perl"},
    {"pkgconfig", CAPABILITY_PROGRAM, "pkg-config"},
    {"png", CAPABILITY_HEADER, "png.h"},
    {"postgresql", CAPABILITY_HEADER, "libpq-fe.h"},
    {"protobuf", CAPABILITY_HEADER, "google/protobuf/message.h"},
    {"python3", CAPABILITY_HEADER, "Python.h"},
    {"sdl", CAPABILITY_HEADER, "SDL/SDL.h"},
    {"sqlite3", CAPABILITY_HEADER, "sqlite3.h"},
    {"swig", CAPABILITY_PROGRAM, "swig"},
    {"tcl", CAPABILITY_HEADER, "tcl.h"},
    {"threads", CAPABILITY_HEADER, "pthread.h"},
    {"tiff", CAPABILITY_HEADER, "tiffio.h"},
    {"x11", CAPABILITY_HEADER, "X11/Xlib.h"},
    {"zlib", CAPABILITY_HEADER, "zlib.h"},
};

static void capability_look_module(struct capability_search *search, struct str name)
{
    for (size_t i = 0; i < sizeof capability_modules / sizeof *capability_modules; i++)
        if (str_eq_nocase(name, str_from(capability_modules[i].module))) {
            search->kind = capability_modules[i].kind;
            capability_look(search, str_from(capability_modules[i].name));
        }
}

/* The matches in order, each package at its first place. */
static void capability_list_of(struct capability_search *search, struct capability_list *list)
{
    struct map seen = {0};
    if (search->matches.len)
        qsort(search->matches.at, search->matches.len, sizeof *search->matches.at,
              capability_order);
    for (size_t i = 0; i < search->matches.len; i++) {
        struct capability_candidate *candidate = &search->matches.at[i].candidate;
        void **place = map_at(&seen, search->arena, candidate->package);
        if (*place)
            continue;
        *place = candidate;
        *vec_push(list, search->arena) = *candidate;
    }
}

void capability_find(const struct capability_map *map, enum capability_kind kind, struct str name,
                     struct arena *arena, struct capability_list *list)
{
    struct capability_search search = {.map = map, .arena = arena, .kind = kind};
    struct capability_list found = {0};
    capability_look(&search, name);
    if (kind == CAPABILITY_PYTHON && name.len <= CAPABILITY_NAME_MAX)
        capability_look_above(&search, name);
    if (kind == CAPABILITY_CMAKE && !search.matches.len)
        capability_look_module(&search, name);
    capability_list_of(&search, &found);
    *list = found;
}
