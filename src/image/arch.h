/*
 * The machines that can be a target, one table row each: the names that Debian,
 * GNU, the kernel, meson and glibc give them. Constant data, any thread.
 */
#ifndef REFINERY_IMAGE_ARCH_H
#define REFINERY_IMAGE_ARCH_H

#include <stdbool.h>

#include "base/arena.h"

struct arch {
    const char *machine;      /* uname -m and wheel tags: "s390x", "x86_64", "aarch64" */
    const char *debian;       /* dpkg --print-architecture: "s390x", "amd64", "arm64" */
    const char *triplet;      /* multiarch folder and GNU prefix: "s390x-linux-gnu" */
    const char *cross_suffix; /* end of Debian's cross compiler packages: "s390x-linux-gnu" */
    const char *qemu;         /* "qemu-s390x-static" */
    const char *loader;       /* path in DT_INTERP: "/lib/ld64.so.1" */
    const char *loader_name;  /* its file in the multiarch folder: "ld64.so.1" */
    const char *cpu_family;   /* meson's word */
    bool big_endian;
    const char *long_double; /* its format, in the words of numpy's meson property */
    const char *rust;        /* rustc's target: "s390x-unknown-linux-gnu" */
};

const struct arch *arch_find(struct str name); /* any of machine, debian, triplet; NULL: unknown */
struct str arch_names(struct arena *arena);    /* "s390x, aarch64, ..." for messages */
const struct arch *arch_host(void); /* the machine this runs on; NULL: not in the table */

#endif
