#include "image/layout.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/fd.h"

/* "*" is the multiarch folder, "#" the Python version. The first row that holds counts. */
static const struct {
    const char *libdir;
    bool is_multiarch;
} layout_libdirs[] = {
    {"usr/lib64", false},
    {"usr/lib/*", true},
};

struct layout_python {
    const char *python, *stdlib, *include, *sysconfig;
};

enum { LAYOUT_DEBIAN = 1 }; /* its row */

static const struct layout_python layout_pythons[] = {
    {"usr/bin/python#", "usr/lib64/python#", "usr/include/python#", "_sysconfigdata__linux_*"},
    {"usr/bin/python#", "usr/lib/python#", "usr/include/python#", "_sysconfigdata__*"},
    {"usr/local/bin/python#", "usr/local/lib/python#", "usr/local/include/python#",
     "_sysconfigdata__linux_*"},
};

static struct str layout_expand(const char *text, const struct arch *arch, struct str python,
                                struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    for (; *text; text++)
        if (*text == '*')
            buf_add(&out, str_from(arch->triplet));
        else if (*text == '#')
            buf_add(&out, python);
        else
            buf_add_char(&out, *text);
    return arena_str(arena, buf_str(&out));
}

static void layout_set_python(struct layout *layout, const struct layout_python *row,
                              const struct arch *arch, struct str python, struct arena *arena)
{
    layout->python = layout_expand(row->python, arch, python, arena);
    layout->stdlib = layout_expand(row->stdlib, arch, python, arena);
    layout->include = layout_expand(row->include, arch, python, arena);
    layout->sysconfig = layout_expand(row->sysconfig, arch, python, arena);
}

void layout_of_debian(const struct arch *arch, struct str python, struct arena *arena,
                      struct layout *layout)
{
    layout->libdir = layout_expand("usr/lib/*", arch, python, arena);
    layout->is_multiarch = true;
    layout_set_python(layout, &layout_pythons[LAYOUT_DEBIAN], arch, python, arena);
}

/* Links in the root are relative and stay in it, so the host's own look-up sees what is inside. */
static bool layout_has(int root, struct str path)
{
    struct stat info;
    return fstatat(root, path.ptr, &info, 0) == 0;
}

static bool layout_has_below(int root, struct str dir, const char *name, struct arena *arena)
{
    return layout_has(root, arena_printf(arena, STR_FMT "/%s", STR_ARG(dir), name));
}

static bool layout_find_libdir(int root, const char *what, const struct arch *arch,
                               struct arena *arena, struct layout *layout, struct err *err)
{
    for (size_t i = 0; i < sizeof layout_libdirs / sizeof *layout_libdirs; i++) {
        struct str dir = layout_expand(layout_libdirs[i].libdir, arch, STR(""), arena);
        if (!layout_has_below(root, dir, "libc.so.6", arena))
            continue;
        layout->libdir = dir;
        layout->is_multiarch = layout_libdirs[i].is_multiarch;
        return true;
    }
    return err_set(err, ERR_USAGE,
                   "%s has no glibc (no libc.so.6 in usr/lib64 or usr/lib/%s): wheels for "
                   "manylinux are built and tested on glibc only",
                   what, arch->triplet);
}

static bool layout_find_python(int root, const char *what, const struct arch *arch,
                               struct str python, struct arena *arena, struct layout *layout,
                               struct err *err)
{
    for (size_t i = 0; i < sizeof layout_pythons / sizeof *layout_pythons; i++) {
        layout_set_python(layout, &layout_pythons[i], arch, python, arena);
        if (layout_has(root, layout->python) &&
            layout_has_below(root, layout->stdlib, "os.py", arena))
            return true;
    }
    return err_set(err, ERR_USAGE,
                   "%s has no Python " STR_FMT " (looked for usr/bin/python" STR_FMT
                   " and usr/local/bin/python" STR_FMT "): give an image that has it, or --python "
                   "with the version that it has",
                   what, STR_ARG(python), STR_ARG(python), STR_ARG(python));
}

static bool layout_check_build(int root, const char *what, struct arena *arena,
                               const struct layout *layout, struct err *err)
{
    struct str data = arena_printf(arena, STR_FMT ".py", STR_ARG(layout->sysconfig));
    const struct {
        struct str dir;
        const char *name, *brings;
    } needed[] = {
        {STR("usr/include"), "stdio.h", "libc6-dev or glibc-devel"},
        {layout->libdir, "libc_nonshared.a", "libc6-dev or glibc-devel"},
        {layout->include, "Python.h", "Python's -dev or -devel package"},
        {layout->stdlib, data.ptr, "Python's -dev or -devel package"},
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!layout_has_below(root, needed[i].dir, needed[i].name, arena))
            return err_set(err, ERR_USAGE,
                           "%s cannot be built against: it has no " STR_FMT "/%s; give an image "
                           "with %s",
                           what, STR_ARG(needed[i].dir), needed[i].name, needed[i].brings);
    return true;
}

bool layout_find(const char *root, const char *what, const struct arch *arch, struct str python,
                 enum layout_use use, struct arena *arena, struct layout *layout, struct err *err)
{
    struct layout found = {0};
    int FD_AUTO fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open %s", root);
    if (!layout_find_libdir(fd, what, arch, arena, &found, err) ||
        !layout_find_python(fd, what, arch, python, arena, &found, err) ||
        (use == LAYOUT_BUILD && !layout_check_build(fd, what, arena, &found, err)))
        return false;
    *layout = found;
    return true;
}
