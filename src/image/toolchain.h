/*
 * What a build for another machine sees inside the jail: the fixed places, the
 * environment, compiler wrappers under every name that build scripts call them
 * by, the target's sysconfig data, meson and CMake files. All strategies call the
 * compiler with the same options; they differ in the Python that runs the backend,
 * and in whose compiler it is.
 *
 *   cross   the build image's Python is told that it is the target's
 *   hybrid  the target's Python runs under qemu-user, every answer about the
 *           machine is true, the compiler stays native
 *   own     the root is the target's, compiler and all: under qemu-user, or on the
 *           target itself. The root is its own sysroot
 */
#ifndef REFINERY_IMAGE_TOOLCHAIN_H
#define REFINERY_IMAGE_TOOLCHAIN_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "elf/level.h"
#include "image/arch.h"
#include "image/layout.h"
#include "jail/jail.h"

enum toolchain_strategy { TOOLCHAIN_CROSS, TOOLCHAIN_HYBRID, TOOLCHAIN_OWN };

/* Inside the jail. The build image is / (jail_spec.root). */
#define TOOLCHAIN_SYSROOT "/sysroot"
#define TOOLCHAIN_FLOOR "/floor"
#define TOOLCHAIN_DIR "/refinery"
#define TOOLCHAIN_CRATES "/crates" /* cargo's home, mounted where a package is of Rust */
#define TOOLCHAIN_PYTHON TOOLCHAIN_DIR "/bin/python3"

struct toolchain_spec {
    const struct arch *target;
    struct str python; /* "3.11" */
    enum toolchain_strategy strategy;
    struct str sysroot;            /* host paths, NUL-terminated: image_root.path, floor_kit.path */
    struct str floor;              /* empty: no floor, links as the release does */
    struct layout layout;          /* of the sysroot */
    const struct elf_level *level; /* compilers use nothing newer; NULL: what they do anyway */
    const char *build_root;        /* host path; NULL where the sysroot's layout is Debian's */
    struct str
        source;    /* where the source is inside the jail, for -ffile-prefix-map; empty: "/build" */
    int64_t epoch; /* SOURCE_DATE_EPOCH, seconds */
};

struct toolchain {
    struct str path;      /* host path, content-addressed below <cache>/toolchains */
    struct digest digest; /* over files, environment and mount targets: a part of the action key */
    /* Sysroot, floor, toolchain: jail_spec.mounts, with the caller's own behind them. */
    const struct jail_mount *mounts;
    size_t mount_count;
    /*
     * "KEY=value", complete but for HOME, TMPDIR, PYTHONPATH and what recipes add;
     * PATH begins with TOOLCHAIN_DIR/bin. Not NULL-terminated.
     */
    const char *const *env;
    size_t env_count;
    const char *python;       /* inside: TOOLCHAIN_PYTHON */
    const char *meson_option; /* "--cross-file=..." or "--native-file=..." for meson setup */
    const char *cmake_file;   /* inside; the environment names it too (CMAKE_TOOLCHAIN_FILE) */
    struct jail_foreign
        foreign; /* for jail_spec.foreign: every strategy may run the target's programs */
};

CHECKED bool toolchain_make(const struct toolchain_spec *spec, const char *cache,
                            struct arena *arena, struct toolchain *toolchain, struct err *err);

#endif
