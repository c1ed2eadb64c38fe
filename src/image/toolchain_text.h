/* The files of a toolchain directory as text, and the words that stand in them. Pure. */
#ifndef REFINERY_IMAGE_TOOLCHAIN_TEXT_H
#define REFINERY_IMAGE_TOOLCHAIN_TEXT_H

#include "image/toolchain.h"

struct toolchain_text_file {
    struct str name; /* below the toolchain directory: "bin/gcc", "meson.ini" */
    struct str bytes;
    struct str target; /* not empty: a link that says this */
    bool executable;
};

struct toolchain_text {
    struct toolchain_text_file *at;
    size_t len, cap;
};

void toolchain_text_make(const struct toolchain_spec *spec, struct arena *arena,
                         struct toolchain_text *text);

/* "%triplet%" and the like replaced by what the spec says; NUL-terminated. */
struct str toolchain_text_expand(const struct toolchain_spec *spec, struct str text,
                                 struct arena *arena);

#endif
