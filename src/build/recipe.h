/*
 * Explicit changes to a build (product.md: recipe): "kind:value" words. A small
 * table in the program (data/recipes.tsv) knows what some packages need that
 * their metadata does not say; words from elsewhere may be added to those.
 */
#ifndef REFINERY_BUILD_RECIPE_H
#define REFINERY_BUILD_RECIPE_H

#include "base/arena.h"
#include "base/err.h"
#include "build/spec.h"

/*
 * Words for a package (normalised name) that is built with these wheels: those `asked` for, then
 * the table's: "apt:libyaml-dev", "apt:flex:native", "setting:K=V", "tool:rust". None of the table
 * twice. A "patch:" word brings "tool:patch" with it.
 */
struct spec_list recipe_for(struct str name, struct spec_files requires, struct spec_list asked,
                            struct arena *arena);

/*
 * Whether a word is a recipe that can be carried out: a kind of the list in data/recipes.tsv, or
 * "pip" (a requirement of the build), and a value of its form. Names of packages hold nothing but
 * their distribution's letters. ERR_USAGE says what is wrong.
 */
CHECKED bool recipe_check(struct str word, struct err *err);

bool recipe_has(struct spec_list words, struct str word);

/* Values of one kind among words, in order: "apt" gives "libyaml-dev", ... */
struct spec_list recipe_values(struct spec_list words, struct str kind, struct arena *arena);

#endif
