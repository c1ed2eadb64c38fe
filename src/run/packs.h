/*
 * Which native libraries from source builds of a plan are made against without being told: `for`
 * of image/pack_recipe.h. Pure.
 */
#ifndef REFINERY_RUN_PACKS_H
#define REFINERY_RUN_PACKS_H

#include "build/spec.h"
#include "image/pack_recipe.h"
#include "plan/graph.h"

/* Names of packs to the builds for the target among nodes[first..), and to what asks their
 * backends. Where any has some, the graph gets nodes of its own, in the arena. */
void packs_attach(const struct pack_recipes *recipes, struct graph *graph, size_t first,
                  struct arena *arena);

/* Packs as recipe words behind those that were asked for, none of them twice. */
struct spec_list packs_words(const struct str *names, size_t len, struct spec_list asked,
                             struct arena *arena);

/* The same for a source that is no node yet: its backend is asked for metadata. */
struct spec_list packs_words_for(const struct pack_recipes *recipes, struct str package,
                                 struct str backend, struct spec_list asked, struct arena *arena);

#endif
