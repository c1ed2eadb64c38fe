/*
 * What a build for another machine sees inside the jail: the fixed places, the
 * environment, compiler wrappers under every name that build scripts call them
 * by, the target's sysconfig data, meson and CMake files. Both strategies use the
 * same compiler with the same options; they differ in the Python that runs the
 * backend.
 *
 *   cross   the build image's Python is told that it is the target's
 *   hybrid  the target's Python runs under qemu-user, every answer about the
 *           machine is true, the compiler stays native
 */
#ifndef REFINERY_IMAGE_TOOLCHAIN_H
#define REFINERY_IMAGE_TOOLCHAIN_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "image/arch.h"
#include "jail/jail.h"

enum toolchain_strategy { TOOLCHAIN_CROSS, TOOLCHAIN_HYBRID };

/* Inside the jail. The build image is / (jail_spec.root). */
#define TOOLCHAIN_SYSROOT "/sysroot"
#define TOOLCHAIN_FLOOR "/floor"
#define TOOLCHAIN_DIR "/refinery"
#define TOOLCHAIN_PYTHON TOOLCHAIN_DIR "/bin/python3"

struct toolchain_spec {
    const struct arch *target;
    struct str python; /* "3.11" */
    enum toolchain_strategy strategy;
    struct str sysroot; /* host paths, NUL-terminated: image_root.path, floor_kit.path */
    struct str floor;   /* empty: no floor, links as the release does */
    struct str source;  /* where the source is inside the jail, for -ffile-prefix-map; empty: "/build" */
    int64_t epoch;      /* SOURCE_DATE_EPOCH, seconds */
};

struct toolchain {
    struct str path; /* host path, content-addressed below <cache>/toolchains */
    struct digest digest; /* over files, environment and mount targets: a part of the action key */
    const struct jail_mount *mounts; /* sysroot, floor, toolchain: add yours behind */
    size_t mount_count;
    const char *const *envp; /* complete but for PYTHONPATH, HOME and what recipes add; NULL-terminated */
    size_t env_count;
    const char *python;       /* TOOLCHAIN_PYTHON */
    const char *meson_cross;  /* for meson setup --cross-file; NULL in hybrid */
    const char *meson_native; /* for --native-file; NULL in cross */
    const char *cmake_file;   /* for -DCMAKE_TOOLCHAIN_FILE */
    struct jail_foreign foreign; /* for jail_spec.foreign */
};

CHECKED bool toolchain_make(const struct toolchain_spec *spec, const char *cache,
                            struct arena *arena, struct toolchain *toolchain, struct err *err);

#endif
