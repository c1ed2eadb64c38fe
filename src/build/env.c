#include "build/env.h"
#include "build/unpack.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { ENV_TEXT_MAX = 1 << 20 };

/* "name = package.module:object" of a [console_scripts] section. */
static bool env_split_entry(struct str line, struct str *name, struct str *module,
                            struct str *object)
{
    struct str target, extras;
    if (!str_cut(line, '=', name, &target))
        return false;
    str_cut(target, '[', &target, &extras);
    str_cut(target, ':', module, object);
    *name = str_trim(*name);
    *module = str_trim(*module);
    *object = str_trim(*object);
    return name->len && module->len && object->len && file_path_is_safe(*name) &&
           !str_has_char(*name, '/');
}

static bool env_write_script(int bin, struct str line, struct arena *arena, struct err *err)
{
    struct str name, module, object, first, more;
    if (!env_split_entry(line, &name, &module, &object))
        return true;
    str_cut(object, '.', &first, &more);
    struct str text = arena_printf(arena,
                                   "#!" ENV_PYTHON "\nimport sys\nfrom " STR_FMT " import " STR_FMT
                                   "\nsys.exit(" STR_FMT "())\n",
                                   STR_ARG(module), STR_ARG(first), STR_ARG(object));
    return file_write(bin, arena_cstr(arena, name), 0755, text, err);
}

struct env_scripts {
    int bin;
};

/* One name in <env>/site: the console scripts of a *.dist-info. */
static bool env_entry_points(void *state, int site, struct str name, struct err *err)
{
    struct env_scripts *scripts = state;
    ARENA_AUTO struct arena scratch = {0};
    struct err absent = {0};
    struct str text, line;
    if (!str_ends(name, STR(".dist-info")))
        return true;
    const char *path = arena_printf(&scratch, STR_FMT "/entry_points.txt", STR_ARG(name)).ptr;
    if (!file_read(site, path, ENV_TEXT_MAX, &scratch, &text, &absent))
        return absent.code == ERR_NOT_FOUND || err_set(err, absent.code, "%s", absent.text);
    bool console = false;
    while (str_next_line(&text, &line)) {
        line = str_trim(line);
        if (str_starts(line, STR("[")))
            console = str_eq(line, STR("[console_scripts]"));
        else if (console && !env_write_script(scripts->bin, line, &scratch, err))
            return false;
    }
    return true;
}

/* Scripts inside wheels begin with "#!python", to be replaced by the interpreter (PEP 427). */
static bool env_fix_shebang(void *state, int bin, struct str name, struct err *err)
{
    (void)state;
    ARENA_AUTO struct arena scratch = {0};
    struct str text, first, rest;
    struct stat info;
    if (fstatat(bin, name.ptr, &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(info.st_mode) ||
        info.st_size > ENV_TEXT_MAX)
        return true;
    if (!file_read(bin, name.ptr, ENV_TEXT_MAX, &scratch, &text, err))
        return false;
    str_cut(text, '\n', &first, &rest);
    if (!str_starts(first, STR("#!python")))
        return true;
    struct str fixed = arena_printf(&scratch, "#!" ENV_PYTHON "\n" STR_FMT, STR_ARG(rest));
    return file_write(bin, name.ptr, 0755, fixed, err);
}

/* ---- what is linked against ---- */

struct env_overlay {
    const char *from, *to;
    unsigned depth;
};

enum { ENV_DEPTH_MAX = 32 };

static bool env_is_compiled_against(struct str name)
{
    static const char *const ends[] = {".h", ".hpp", ".a", ".pc", ".ini", ".cmake"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (str_ends(name, str_from(ends[i])))
            return true;
    return false;
}

/* Both trees are our own, unpacked without links. */
static bool env_overlay_one(void *state, int dirfd, struct str name, struct err *err)
{
    const struct env_overlay *over = state;
    ARENA_AUTO struct arena scratch = {0};
    struct stat info;
    (void)dirfd;
    struct env_overlay below = {
        .from = arena_printf(&scratch, "%s/" STR_FMT, over->from, STR_ARG(name)).ptr,
        .to = arena_printf(&scratch, "%s/" STR_FMT, over->to, STR_ARG(name)).ptr,
        .depth = over->depth + 1};
    if (lstat(below.from, &info) < 0)
        return err_errno(err, "looking at %s", below.from);
    if (S_ISDIR(info.st_mode))
        return below.depth > ENV_DEPTH_MAX || access(below.to, F_OK) != 0 ||
               file_each(AT_FDCWD, below.from, env_overlay_one, &below, err);
    if (!S_ISREG(info.st_mode) || !env_is_compiled_against(name))
        return true;
    return rename(below.from, below.to) == 0 || err_errno(err, "replacing %s", below.to);
}

static bool env_link_against(const char *dir, struct env_wheels linked, struct arena *arena,
                             struct err *err)
{
    const char *apart = arena_printf(arena, "%s/linked", dir).ptr;
    const char *site = arena_printf(arena, "%s/site", dir).ptr;
    for (size_t i = 0; i < linked.len; i++) {
        struct env_overlay over = {.from = apart, .to = site};
        if (!file_mkdirs(AT_FDCWD, apart, 0755, err) ||
            !unpack_wheel(linked.at[i].path, apart, NULL, &unpack_default_limits, err) ||
            !file_each(AT_FDCWD, apart, env_overlay_one, &over, err) ||
            !file_remove_tree(AT_FDCWD, apart, err))
            return false;
    }
    return true;
}

/* ---- the directory ---- */

static bool env_fill(const char *dir, struct env_wheels wheels, struct env_wheels linked,
                     struct arena *arena, struct err *err)
{
    const char *site = arena_printf(arena, "%s/site", dir).ptr;
    const char *bin = arena_printf(arena, "%s/bin", dir).ptr;
    if (!file_mkdirs(AT_FDCWD, site, 0755, err) || !file_mkdirs(AT_FDCWD, bin, 0755, err))
        return false;
    for (size_t i = 0; i < wheels.len; i++)
        if (!unpack_wheel(wheels.at[i].path, site, bin, &unpack_default_limits, err))
            return false;
    FD_AUTO int bin_fd = open(bin, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (bin_fd < 0)
        return err_errno(err, "opening %s", bin);
    struct env_scripts scripts = {bin_fd};
    return file_each(AT_FDCWD, bin, env_fix_shebang, NULL, err) &&
           file_each(AT_FDCWD, site, env_entry_points, &scripts, err) &&
           env_link_against(dir, linked, arena, err);
}

static struct digest env_key(struct env_wheels wheels, struct env_wheels linked)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR("env 1"));
    for (size_t i = 0; i < wheels.len; i++)
        digest_add_field(stream, str_of(wheels.at[i].digest.bytes, DIGEST_SIZE));
    for (size_t i = 0; i < linked.len; i++) {
        digest_add_field(stream, STR("linked"));
        digest_add_field(stream, str_of(linked.at[i].digest.bytes, DIGEST_SIZE));
    }
    return digest_finish(stream);
}

bool env_compose(const char *cache, struct env_wheels wheels, struct env_wheels linked,
                 struct arena *arena, struct str *dir, struct digest *key, struct err *err)
{
    struct digest digest = env_key(wheels, linked);
    struct digest_hex hex = digest_to_hex(&digest);
    const char *parent = arena_printf(arena, "%s/env", cache).ptr;
    struct str made, ready = arena_printf(arena, "%s/%.32s", parent, hex.text);
    if (access(ready.ptr, F_OK) != 0) {
        if (!file_mkdirs(AT_FDCWD, parent, 0755, err) ||
            !file_make_temp_dir(parent, "new-", arena, &made, err))
            return false;
        bool ok = env_fill(made.ptr, wheels, linked, arena, err);
        if (ok && chmod(made.ptr, 0755) < 0)
            ok = err_errno(err, "opening %s to the build", made.ptr);
        /* Whoever renames first wins; the other's copy is the same. */
        if (ok && rename(made.ptr, ready.ptr) < 0 && errno != EEXIST && errno != ENOTEMPTY)
            ok = err_errno(err, "putting %s in place", ready.ptr);
        struct err ignored = {0};
        (void)!file_remove_tree(AT_FDCWD, made.ptr, &ignored);
        if (!ok)
            return err_wrap(err, "making the build environment");
    }
    *dir = ready;
    *key = digest;
    return true;
}
