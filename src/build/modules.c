#include "build/modules.h"

#define MODULES_INIT "/__init__.py"

/* Directories of a wheel that are not meant to be imported by its users. */
static bool modules_is_aside(struct str part)
{
    static const char *const aside[] = {"tests",    "test",       "testing",     "docs",
                                        "examples", "benchmarks", "conftest.py", "setup.py"};
    for (size_t i = 0; i < sizeof aside / sizeof *aside; i++)
        if (str_eq(part, str_from(aside[i])))
            return true;
    return str_ends(part, STR(".libs")) || str_ends(part, STR(".dist-info")) ||
           str_ends(part, STR(".data")) || str_starts(part, STR("__"));
}

static bool modules_path_is_aside(struct str path)
{
    struct str rest = path, part;
    while (str_next(&rest, '/', &part))
        if (modules_is_aside(part) && !str_eq(part, STR("__init__.py")))
            return true;
    return false;
}

/* "a/b/c" as "a.b.c". */
static struct str modules_dotted(struct arena *arena, struct str path)
{
    char *name = arena_alloc(arena, path.len + 1);
    for (size_t i = 0; i < path.len; i++)
        name[i] = path.ptr[i] == '/' ? '.' : path.ptr[i];
    return str_of(name, path.len);
}

static bool modules_has(const struct wheelfile *wheel, struct arena *arena, struct str dir)
{
    return wheelfile_find(wheel, arena_printf(arena, STR_FMT "/__init__.py", STR_ARG(dir))) != NULL;
}

/* A package is imported by its topmost directory that has an __init__.py. */
static bool modules_is_topmost(const struct wheelfile *wheel, struct arena *arena, struct str dir)
{
    size_t slash;
    while ((slash = str_rfind_char(dir, '/')) < dir.len) {
        dir = str_slice(dir, 0, slash);
        if (modules_has(wheel, arena, dir))
            return false;
    }
    return true;
}

/* "libfoo.so" beside a package is opened by ctypes or by others: it is no extension module. */
static bool modules_is_plain_library(struct str stem, struct str suffix)
{
    return str_eq(suffix, STR("so")) && str_starts(stem, STR("lib"));
}

static void modules_add_member(const struct wheelfile *wheel, struct str path, struct arena *arena,
                               struct modules *found)
{
    size_t slash = str_rfind_char(path, '/');
    struct str base = slash < path.len ? str_from_pos(path, slash + 1) : path;
    struct str stem, suffix;
    if (modules_path_is_aside(path))
        return;
    str_cut(base, '.', &stem, &suffix);
    if (str_ends(path, STR(MODULES_INIT))) {
        struct str dir = str_slice(path, 0, path.len - (sizeof MODULES_INIT - 1));
        if (modules_is_topmost(wheel, arena, dir))
            *vec_push(&found->modules, arena) = modules_dotted(arena, dir);
    } else if (str_ends(base, STR(".so")) && !modules_is_plain_library(stem, suffix)) {
        struct str whole = str_slice(path, 0, path.len - base.len + stem.len);
        *vec_push(&found->extensions, arena) = modules_dotted(arena, whole);
    } else if (slash == path.len && str_eq(suffix, STR("py")) && !str_eq(stem, STR("__init__"))) {
        *vec_push(&found->modules, arena) = arena_str(arena, stem);
    }
}

void modules_find(const struct wheelfile *wheel, struct arena *arena, struct modules *found)
{
    size_t count;
    const struct wheelfile_member *members = wheelfile_members(wheel, &count);
    for (size_t i = 0; i < count; i++)
        if (!members[i].directory)
            modules_add_member(wheel, members[i].path, arena, found);
}
