#include "image/toolchain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/vec.h"
#include "image/toolchain_text.h"
#include "os/fd.h"
#include "os/file.h"

/* The environment, one row each; text as in toolchain_text.h. */
struct toolchain_variable {
    unsigned strategies; /* bits: 1 << strategy */
    const char *text;
};

enum {
    CROSS_ONLY = 1 << TOOLCHAIN_CROSS,
    ALL = 1 << TOOLCHAIN_CROSS | 1 << TOOLCHAIN_HYBRID | 1 << TOOLCHAIN_OWN,
};

struct toolchain_mounts {
    struct jail_mount *at;
    size_t len, cap;
};

static const struct toolchain_variable toolchain_variables[] = {
    {ALL, "PATH=/refinery/bin:/pack/bin:/usr/bin:/bin:/usr/sbin:/sbin:/refinery/config"},
    {ALL, "LC_ALL=C.UTF-8"},
    {ALL, "TZ=UTC"},
    {ALL, "PYTHONHASHSEED=0"},
    {ALL, "PYTHONNOUSERSITE=1"},
    {ALL, "SOURCE_DATE_EPOCH=%epoch%"},
    {CROSS_ONLY, "_PYTHON_HOST_PLATFORM=linux-%machine%"},
    {CROSS_ONLY, "_PYTHON_SYSCONFIGDATA_NAME=%sysconfig%"},
    {ALL, "CC=%triplet%-gcc"},
    {ALL, "CXX=%triplet%-g++"},
    {ALL, "FC=%triplet%-gfortran"},
    {ALL, "CPP=%triplet%-gcc -E"},
    {ALL, "AR=%triplet%-ar"},
    {ALL, "RANLIB=%triplet%-ranlib"},
    {ALL, "NM=%triplet%-nm"},
    {ALL, "STRIP=%triplet%-strip"},
    {ALL, "PKG_CONFIG=/refinery/bin/pkg-config"},
    {ALL, "PKG_CONFIG_LIBDIR=/sysroot/pack/lib/pkgconfig:/sysroot/%libdir%/pkgconfig:"
          "/sysroot/usr/share/pkgconfig"},
    {ALL, "PKG_CONFIG_SYSROOT_DIR=/sysroot"},
    {ALL, "CMAKE_TOOLCHAIN_FILE=/refinery/toolchain.cmake"},
    {ALL, "HOST_CC=/refinery/bin/build-cc"}, /* the cc crate's word for the build machine's */
    {ALL, "CARGO_HOME=" TOOLCHAIN_CRATES},
    {ALL, "CARGO_NET_OFFLINE=true"},
    {ALL, "CARGO_BUILD_TARGET=%rust%"},
    {ALL, "CARGO_TARGET_%RUST%_LINKER=/refinery/bin/%triplet%-gcc"},
    {ALL, "CARGO_TARGET_%RUST%_RUSTFLAGS=--remap-path-prefix=%source%=. "
          "--remap-path-prefix=" TOOLCHAIN_CRATES "=crates%rust_level%"},
    {ALL, "CARGO_TARGET_%BUILD_RUST%_LINKER=/refinery/bin/build-cc"},
    {ALL, "PKG_CONFIG_ALLOW_CROSS=1"}, /* the pkg-config crate asks for leave */
    {ALL, "PYO3_CROSS_LIB_DIR=/sysroot/%stdlib%"},
    {ALL, "QEMU_CPU=%qemu_cpu%"}, /* its programs that ask find the level's machine */
    {ALL, "PYO3_CROSS_PYTHON_VERSION=%python%"},
};

static struct digest toolchain_digest(const struct toolchain_text *text,
                                      const struct toolchain *made)
{
    struct digest_stream *stream = digest_open();
    for (size_t i = 0; i < text->len; i++) {
        digest_add_field(stream, text->at[i].name);
        digest_add_field(stream, text->at[i].bytes);
        digest_add_field(stream, text->at[i].target);
    }
    for (size_t i = 0; i < made->env_count; i++)
        digest_add_field(stream, str_from(made->env[i]));
    for (size_t i = 0; i < made->mount_count; i++)
        digest_add_field(stream, str_from(made->mounts[i].target));
    return digest_finish(stream);
}

static void toolchain_environment(const struct toolchain_spec *spec, struct arena *arena,
                                  struct toolchain *made)
{
    VEC(const char *) env = {0};
    for (size_t i = 0; i < sizeof toolchain_variables / sizeof *toolchain_variables; i++) {
        struct str text = toolchain_text_expand(spec, str_from(toolchain_variables[i].text), arena);
        if (toolchain_variables[i].strategies & 1u << spec->strategy && !str_ends(text, STR("=")))
            *vec_push(&env, arena) = text.ptr;
    }
    made->env = env.at;
    made->env_count = env.len;
}

static bool toolchain_write_one(const char *dir, const struct toolchain_text_file *file,
                                struct arena *arena, struct err *err)
{
    struct str path = arena_printf(arena, "%s/" STR_FMT, dir, STR_ARG(file->name));
    if (file->target.len)
        return symlink(arena_cstr(arena, file->target), path.ptr) == 0 ||
               err_errno(err, "cannot link %s", path.ptr);
    int FD_AUTO fd = open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    mode_t mode = file->executable ? 0755 : 0644;
    if (fd < 0 || fchmod(fd, mode))
        return err_errno(err, "cannot make %s", path.ptr);
    return file_write_all(fd, path.ptr, file->bytes, err);
}

/* Two at once both write their own and one rename wins: the content is the same. */
static bool toolchain_write(const struct toolchain_text *text, const char *cache,
                            const struct toolchain *made, struct arena *arena, struct err *err)
{
    struct str dir, parent = arena_printf(arena, "%s/toolchains", cache);
    if (access(made->path.ptr, F_OK) == 0)
        return true;
    if (!file_mkdirs(AT_FDCWD, parent.ptr, 0755, err) ||
        !file_make_temp_dir(parent.ptr, "new-", arena, &dir, err))
        return false;
    struct str bin = arena_printf(arena, "%s/bin", dir.ptr);
    struct str archives = arena_printf(arena, "%s/static", dir.ptr);
    struct str config = arena_printf(arena, "%s/config", dir.ptr);
    bool ok = file_mkdirs(AT_FDCWD, bin.ptr, 0755, err) &&
              file_mkdirs(AT_FDCWD, archives.ptr, 0755, err) &&
              file_mkdirs(AT_FDCWD, config.ptr, 0755, err);
    for (size_t i = 0; ok && i < text->len; i++)
        ok = toolchain_write_one(dir.ptr, &text->at[i], arena, err);
    if (ok && (chmod(dir.ptr, 0755) || chmod(bin.ptr, 0755) || chmod(archives.ptr, 0755)))
        ok = err_errno(err, "cannot open up %s", dir.ptr);
    bool lost = false;
    if (ok && rename(dir.ptr, made->path.ptr)) {
        lost = errno == EEXIST || errno == ENOTEMPTY;
        ok = lost || err_errno(err, "cannot name %s", made->path.ptr);
    }
    struct err ignored;
    if (!ok || lost)
        (void)!file_remove_tree(AT_FDCWD, dir.ptr, &ignored);
    return ok;
}

/*
 * The build image has links to the target's libraries where Debian's loader and compiler look for
 * them. A sysroot with lib64 is mounted there instead, for its loader; the build machine's own
 * programs then need theirs back, which lives in the same folder.
 */
static void toolchain_mount_libdir(const struct toolchain_spec *spec, struct arena *arena,
                                   struct toolchain_mounts *mounts)
{
    const struct arch *host = arch_host();
    struct str inside = arena_printf(arena, "/" STR_FMT, STR_ARG(spec->layout.libdir));
    struct str from = arena_printf(arena, "%s%s", spec->sysroot.ptr, inside.ptr);
    struct str folder =
        arena_printf(arena, "/%.*s/", STR_ARG(str_from_pos(spec->layout.libdir, 4)));
    if (spec->layout.is_multiarch)
        return;
    *vec_push(mounts, arena) =
        (struct jail_mount){.kind = JAIL_RO, .source = from.ptr, .target = inside.ptr};
    if (!host || !str_starts(str_from(host->loader), folder))
        return;
    *vec_push(mounts, arena) = (struct jail_mount){
        .kind = JAIL_RO,
        .source = arena_printf(arena, "%s/usr/lib/%s/%s", spec->build_root, host->triplet,
                               host->loader_name)
                      .ptr,
        .target = arena_printf(arena, "%s/%s", inside.ptr, host->loader_name).ptr};
}

bool toolchain_make(const struct toolchain_spec *spec, const char *cache, struct arena *arena,
                    struct toolchain *toolchain, struct err *err)
{
    struct toolchain made = {
        .python = TOOLCHAIN_PYTHON,
        .cmake_file = TOOLCHAIN_DIR "/toolchain.cmake",
        .foreign = {.machine = spec->target == arch_host() ? NULL : spec->target->machine}};
    struct toolchain_text text;
    struct toolchain_mounts mounts = {0};
    made.meson_option = spec->strategy == TOOLCHAIN_CROSS
                            ? "--cross-file=" TOOLCHAIN_DIR "/meson.ini"
                            : "--native-file=" TOOLCHAIN_DIR "/meson.ini";
    toolchain_text_make(spec, arena, &text);
    toolchain_environment(spec, arena, &made);
    *vec_push(&mounts, arena) = (struct jail_mount){
        .kind = JAIL_RO, .source = spec->sysroot.ptr, .target = TOOLCHAIN_SYSROOT};
    if (spec->floor.len)
        *vec_push(&mounts, arena) = (struct jail_mount){
            .kind = JAIL_RO, .source = spec->floor.ptr, .target = TOOLCHAIN_FLOOR};
    toolchain_mount_libdir(spec, arena, &mounts);
    struct jail_mount *own = vec_push(&mounts, arena);
    *own = (struct jail_mount){.kind = JAIL_RO, .target = TOOLCHAIN_DIR};
    made.mounts = mounts.at;
    made.mount_count = mounts.len;
    made.digest = toolchain_digest(&text, &made);
    made.path = arena_printf(arena, "%s/toolchains/%s", cache, digest_to_hex(&made.digest).text);
    own->source = made.path.ptr;
    if (!toolchain_write(&text, cache, &made, arena, err))
        return err_wrap(err, "toolchain for %s", spec->target->machine);
    *toolchain = made;
    return true;
}
