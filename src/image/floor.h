/*
 * The floor kit: a directory that, put before the sysroot's own libraries, makes
 * a link against a new glibc come out right for an old one. It holds the stub
 * libraries (elf/stub.h), libfloor_nonshared.a (hidden C replacements for what
 * newer headers turned into new symbols; sources in data/floor/), the libc.so
 * linker script, and links to the static C++ runtime. Kits live in
 * <cache>/floors/<digest>/, complete or absent.
 */
#ifndef REFINERY_IMAGE_FLOOR_H
#define REFINERY_IMAGE_FLOOR_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "image/arch.h"

struct floor_spec {
    const struct arch *target;
    unsigned glibc;         /* 2.<glibc>, 17 or newer */
    const char *build_root; /* host path of the build image: its cross gcc compiles the archive */
    const char *sysroot;    /* host path of the target's root */
    struct str libdir;      /* below it: layout.libdir */
    struct digest build_digest, sysroot_digest;
};

struct floor_kit {
    struct str path; /* mount it at TOOLCHAIN_FLOOR */
    struct digest digest;
    bool made; /* false: it was there already */
};

/* "2.17" or "manylinux_2_17_s390x" or "manylinux2014_s390x" -> 17; 0 when it names no glibc. */
unsigned floor_glibc(struct str text);

CHECKED bool floor_make(const struct floor_spec *spec, const char *cache, struct arena *arena,
                        struct floor_kit *kit, struct err *err);

/* The names whose strong undefined reference in a finished file fails on the floor; for the gate.
 */
CHECKED bool floor_missing(const struct floor_kit *kit, struct arena *arena, struct str *lines,
                           struct err *err);

#endif
