/*
 * Packs as data: how a native library is built, data/packs/NAME.yaml and files of the same form in
 * a directory of the user's. Pure; everything lives in the arena.
 *
 *   name      what recipes call it: "pack:libxslt"
 *   source    the source package of the image's release that it is built from; or else
 *   version, url, sha256     the archive to build from, checked
 *   python    whose image of the build machine it is built in, where the release of that one alone
 * has the source: "3.13" needs     packs that must be there first tools     packages of the build
 * image beside the compiler sets      sets of tools of the build image, as recipes name them:
 * "fortran" (image/preset.h) packages  packages of the target: what has the archive that is
 * relinked build     autotools, cmake, cpython, script or relink: the shell files beside them
 *   options   words for it; script: its lines, run in the unpacked source with $OUT as DESTDIR
 *   provides  what look-ups find here: "header:zlib.h", "pkgconfig:zlib", "library:z"
 *   for       Python packages that are built against it without being told: names, in which "*"
 *             stands for any letters, and "backend:NAME" for all that a backend builds
 */
#ifndef REFINERY_IMAGE_PACK_RECIPE_H
#define REFINERY_IMAGE_PACK_RECIPE_H

#include "base/yamltree.h"

struct pack_recipe {
    struct str name, source, version, url, sha256, python, build, script;
    struct yamltree_texts needs, tools, sets, packages, options, provides, meant_for;
    struct str text; /* the whole file: part of the result's digest */
};

struct pack_recipes {
    const struct pack_recipe *at; /* what a recipe needs stands before it */
    size_t len;
};

/* One file. ERR_FORMAT "file:line: what is wrong". */
CHECKED bool pack_recipe_parse(struct str text, struct str file, struct arena *arena,
                               struct pack_recipe *recipe, struct err *err);

/*
 * Those that come with the program and those of a directory (empty: none), which stand in place of
 * one of the same name. ERR_FORMAT: a need that is no pack, or a circle of needs, by name.
 */
CHECKED bool pack_recipes_load(struct str dir, struct arena *arena, struct pack_recipes *recipes,
                               struct err *err);

/* Index by name; recipes->len: there is none. */
size_t pack_recipes_find(const struct pack_recipes *recipes, struct str name);

/* Of the pack that provides a thing of one kind, "header" and "zlib.h"; recipes->len: none does. */
size_t pack_recipes_with(const struct pack_recipes *recipes, struct str kind, struct str name);

/* Whether a Python package (normalised name) is built against it without being told. */
bool pack_recipe_is_for(const struct pack_recipe *recipe, struct str package, struct str backend);

#endif
