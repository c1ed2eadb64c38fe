#include "hint/capability_path.h"

static const struct {
    const char *name;
    bool of_target;
} capability_kinds[CAPABILITY_KINDS] = {
    [CAPABILITY_HEADER] = {"header", true},    [CAPABILITY_PKGCONFIG] = {"pkgconfig", true},
    [CAPABILITY_LIBRARY] = {"library", true},  [CAPABILITY_CMAKE] = {"cmake", true},
    [CAPABILITY_PROGRAM] = {"program", false}, [CAPABILITY_PYTHON] = {"python", false},
    [CAPABILITY_SONAME] = {"soname", true},
};

const char *capability_path_kind_name(enum capability_kind kind)
{
    return capability_kinds[kind].name;
}

bool capability_path_kind(struct str name, enum capability_kind *kind)
{
    for (unsigned i = 0; i < CAPABILITY_KINDS; i++)
        if (str_eq(name, str_from(capability_kinds[i].name))) {
            *kind = (enum capability_kind)i;
            return true;
        }
    return false;
}

bool capability_path_is_of_target(enum capability_kind kind)
{
    return capability_kinds[kind].of_target;
}

static bool capability_has_ending(struct str name, const char *const *endings)
{
    for (; *endings; endings++)
        if (str_ends(name, str_from(*endings)))
            return true;
    return false;
}

static bool capability_has_part(struct str dir, struct str part)
{
    struct str word;
    while (str_next(&dir, '/', &word))
        if (str_eq(word, part))
            return true;
    return false;
}

/* "usr/lib", "usr/lib64", "lib/...": where the machine's own libraries are, or below it. */
static bool capability_is_lib(struct str dir)
{
    static const char *const roots[] = {"usr/lib", "usr/lib64", "lib", "lib64"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        struct str root = str_from(roots[i]);
        if (str_starts(dir, root) && (dir.len == root.len || dir.ptr[root.len] == '/'))
            return true;
    }
    return false;
}

static bool capability_of_other_machine(struct str dir)
{
    static const char *const places[] = {"usr/lib/gcc-cross/", "usr/lib/debug/",
                                         "usr/lib/arm-none-eabi", "usr/lib/modules/",
                                         "lib/modules/"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (str_starts(dir, str_from(places[i])))
            return true;
    return false;
}

/* Headers of C++ have no ending: <vector>, <Eigen/Dense>. */
static bool capability_is_header(const struct capability_file *file)
{
    static const char *const endings[] = {".h",   ".hh",  ".hpp", ".hxx", ".H", ".h++",
                                          ".inc", ".ipp", ".tcc", ".mod", NULL};
    bool named = capability_has_ending(file->key, endings) || !str_has_char(file->key, '.');
    return named &&
           (str_eq(file->dir, STR("usr/include")) || str_starts(file->dir, STR("usr/include/")) ||
            (capability_is_lib(file->dir) && capability_has_part(file->dir, STR("include"))));
}

static bool capability_is_pkgconfig(const struct capability_file *file)
{
    return str_ends(file->key, STR(".pc")) && str_ends(file->dir, STR("/pkgconfig"));
}

static bool capability_is_library(const struct capability_file *file)
{
    static const char *const endings[] = {".so", ".a", NULL};
    return str_starts(file->key, STR("lib")) && capability_has_ending(file->key, endings) &&
           capability_is_lib(file->dir);
}

static bool capability_is_soname(const struct capability_file *file)
{
    size_t at = str_find(file->key, STR(".so."));
    if (at == file->key.len || !capability_is_lib(file->dir))
        return false;
    for (size_t i = at + 4; i < file->key.len; i++)
        if (!char_is_digit(file->key.ptr[i]) && file->key.ptr[i] != '.')
            return false;
    return true;
}

static bool capability_is_cmake(const struct capability_file *file)
{
    static const char *const endings[] = {"Config.cmake", "-config.cmake", NULL};
    return capability_has_ending(file->key, endings) && str_starts(file->dir, STR("usr/"));
}

static bool capability_is_program(const struct capability_file *file)
{
    static const char *const dirs[] = {"usr/bin", "usr/sbin", "bin", "sbin"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (str_eq(file->dir, str_from(dirs[i])))
            return true;
    return false;
}

/* What follows Python's own folder: "usr/lib/python3/dist-packages/google" -> "google". */
static bool capability_python_below(struct str dir, struct str *below)
{
    static const char *const roots[] = {"usr/lib/python3", "usr/lib64/python3"};
    static const char *const sites[] = {"dist-packages", "site-packages", "lib-dynload"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        struct str root = str_from(roots[i]), version, rest, word, tail;
        if (!str_starts(dir, root))
            continue;
        str_cut(str_from_pos(dir, root.len), '/', &version, &rest);
        for (size_t at = 0; at < version.len; at++)
            if (!char_is_digit(version.ptr[at]) && version.ptr[at] != '.')
                return false;
        str_cut(rest, '/', &word, &tail);
        *below = rest;
        for (size_t at = 0; at < sizeof sites / sizeof *sites; at++)
            if (str_eq(word, str_from(sites[at])))
                *below = tail;
        return true;
    }
    return false;
}

/* "google/protobuf" -> "google.protobuf"; deeper ones come with what is above them. */
static struct str capability_python_module(struct str below, struct arena *arena)
{
    enum { DEEP = 2 };
    size_t deep = 0;
    char *text = arena_alloc(arena, below.len + 1);
    for (size_t i = 0; i < below.len; i++) {
        deep += below.ptr[i] == '/';
        text[i] = below.ptr[i] == '/' ? '.' : below.ptr[i];
    }
    return str_slice(str_of(text, below.len), 0, deep > DEEP ? 0 : below.len);
}

/* "yaml/__init__.py" and "_yaml.cpython-311-s390x-linux-gnu.so": a package or a module. */
static bool capability_read_python(struct capability_file *file, struct arena *arena)
{
    static const char *const endings[] = {".py", ".so", NULL};
    struct str below;
    if (!capability_has_ending(file->key, endings) || !capability_python_below(file->dir, &below))
        return false;
    bool package = str_eq(file->key, STR("__init__.py"));
    if (package == (below.len == 0))
        return false;
    struct str module = package ? capability_python_module(below, arena)
                                : str_slice(file->key, 0, str_find_char(file->key, '.'));
    if (module.len)
        file->key = module;
    return module.len > 0;
}

static bool capability_read_kind(struct capability_file *file)
{
    /* The first that fits has it. */
    static const struct {
        enum capability_kind kind;
        bool (*fits)(const struct capability_file *file);
    } readers[] = {
        {CAPABILITY_PROGRAM, capability_is_program},
        {CAPABILITY_PKGCONFIG, capability_is_pkgconfig},
        {CAPABILITY_CMAKE, capability_is_cmake},
        {CAPABILITY_SONAME, capability_is_soname},
        {CAPABILITY_LIBRARY, capability_is_library},
        {CAPABILITY_HEADER, capability_is_header},
    };
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i].fits(file)) {
            file->kind = readers[i].kind;
            return true;
        }
    return false;
}

/* Most of an index is data, which only settles one question: is it for pkg-config or CMake? */
static bool capability_is_data(struct str path)
{
    return str_starts(path, STR("usr/share/")) && !str_ends(path, STR(".pc")) &&
           !str_ends(path, STR(".cmake"));
}

bool capability_path_read(struct str path, struct arena *arena, struct capability_file *file)
{
    while (str_starts(path, STR("/")) || str_starts(path, STR("./")))
        path = str_from_pos(path, 1);
    if (capability_is_data(path))
        return false;
    size_t slash = str_rfind_char(path, '/');
    struct capability_file read = {.kind = CAPABILITY_PYTHON,
                                   .dir = str_slice(path, 0, slash),
                                   .key = str_from_pos(path, slash + 1)};
    if (path.len > CAPABILITY_PATH_MAX || slash == path.len || !read.key.len ||
        capability_of_other_machine(read.dir))
        return false;
    if (!capability_read_python(&read, arena) && !capability_read_kind(&read))
        return false;
    *file = read;
    return true;
}

/* "./foo//bar.h" -> "foo/bar.h"; a leading ".." says nothing about where it would be installed. */
static struct str capability_clean(struct str name, struct arena *arena)
{
    struct str word;
    size_t len = 0;
    char *text = arena_alloc(arena, name.len + 1);
    while (str_next(&name, '/', &word)) {
        if (!word.len || str_eq(word, STR(".")) || str_eq(word, STR("..")))
            continue;
        if (len)
            text[len++] = '/';
        for (size_t i = 0; i < word.len; i++)
            text[len++] = word.ptr[i];
    }
    return str_of(text, len);
}

static struct str capability_lower(struct str s, struct arena *arena)
{
    char *text = arena_alloc(arena, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        text[i] = char_lower(s.ptr[i]);
    return str_of(text, s.len);
}

/* The name without what some tools write around it. */
static struct str capability_bare(enum capability_kind kind, struct str name, struct arena *arena)
{
    if (kind == CAPABILITY_LIBRARY && str_starts(name, STR("-l")))
        return str_from_pos(name, 2);
    if (kind == CAPABILITY_PKGCONFIG && str_ends(name, STR(".pc")))
        return str_slice(name, 0, name.len - 3);
    if (kind == CAPABILITY_CMAKE && str_ends(name, STR("Config.cmake")))
        return str_slice(name, 0, name.len - STR("Config.cmake").len);
    if (kind == CAPABILITY_CMAKE && str_ends(name, STR("-config.cmake")))
        return str_slice(name, 0, name.len - STR("-config.cmake").len);
    return kind == CAPABILITY_PYTHON ? name : capability_clean(name, arena);
}

struct capability_keys capability_path_keys(enum capability_kind kind, struct str name,
                                            struct arena *arena)
{
    /* %: the name, %%: in lower case, as CMake searches for its packages. */
    static const char *const forms[CAPABILITY_KINDS][2] = {
        [CAPABILITY_PKGCONFIG] = {"%.pc"},
        [CAPABILITY_LIBRARY] = {"lib%.so", "lib%.a"},
        [CAPABILITY_CMAKE] = {"%Config.cmake", "%%-config.cmake"},
    };
    struct capability_keys keys = {.len = 0};
    if (!name.len || name.len > CAPABILITY_NAME_MAX)
        return keys;
    struct str bare = capability_bare(kind, name, arena);
    size_t slash = str_rfind_char(bare, '/');
    if (slash < bare.len) {
        keys.under = kind == CAPABILITY_HEADER ? str_slice(bare, 0, slash) : STR("");
        bare = str_from_pos(bare, slash + 1);
    }
    if (!bare.len)
        return keys;
    for (size_t i = 0; i < 2 && forms[kind][i]; i++) {
        struct str form = str_from(forms[kind][i]), before, after;
        str_cut(form, '%', &before, &after);
        bool lower = str_starts(after, STR("%"));
        struct str middle = lower ? capability_lower(bare, arena) : bare;
        after = str_from_pos(after, lower);
        keys.at[keys.len++] = arena_printf(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(before),
                                           STR_ARG(middle), STR_ARG(after));
    }
    if (!keys.len)
        keys.at[keys.len++] = bare;
    return keys;
}
