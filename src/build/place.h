/*
 * Where an attempt takes place: the composed roots, the floor kit and the
 * toolchain that its target and strategy ask for, made when they are missing
 * (with progress as the slot's phase) and shared by all attempts.
 */
#ifndef REFINERY_BUILD_PLACE_H
#define REFINERY_BUILD_PLACE_H

#include "build/slot.h"
#include "image/floor.h"
#include "image/image.h"
#include "image/layout.h"
#include "image/pack.h"
#include "image/toolchain.h"

struct place {
    const struct arch *arch;
    const char *build_root; /* root of builds: the build machine's image */
    const char *clean_root; /* root of import tests */
    const char *sysroot;    /* NULL where the build machine is the target */
    struct layout layout;   /* of the sysroot, or of the clean root */
    struct floor_kit floor;
    struct toolchain toolchain; /* zero for the build machine */
    struct pack pack;           /* zero when the recipes name none */
    struct jail_foreign foreign;
    const char *python; /* of the clean root, inside */
    struct digest key;  /* of everything above that can change a build's result */
};

/* What a build needs, with the recipes' "tool:" packages in its images and the "apt:" ones in
 * the sysroot. */
CHECKED bool place_for_build(const struct slot *slot, struct place *place, struct err *err);

/* What an import test needs: only arch, clean_root, foreign and key are set. */
CHECKED bool place_clean_root(const struct slot *slot, struct place *place, struct err *err);

/* A job of its own that makes the shared images, so that builds find them: spec.name says which. */
CHECKED bool image_run(struct slot *slot, struct spec_result *result, struct err *err);

#endif
