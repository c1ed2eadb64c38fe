/*
 * What a plan starts from: requirements and constraints files, the input directory,
 * --only. Everything is borrowed from the arena it was read into.
 */
#ifndef REFINERY_RUN_INPUTS_H
#define REFINERY_RUN_INPUTS_H

#include "base/vec.h"
#include "index/provider.h"
#include "index/scan.h"
#include "plan/solve.h"
#include "run/plan.h"

/*
 * A recipe that the input asks for: --recipe for the project of that name, or
 * "--config-settings K=V" ("setting:K=V") for the requirement of that line.
 */
struct inputs_recipe {
    struct str name, origin, word; /* one of the first two is empty */
};

struct inputs {
    struct arena *arena;
    const struct run_plan_config *config;
    struct scan scan;
    VEC(struct solve_require) requires, constraints, overrides;
    VEC(struct solve_pin) pins;
    /* Index options that requirements files gave. */
    struct str index_url;
    VEC(struct str) index_urls, find_links, trusted_hosts;
    bool no_index, pre;
    VEC(struct inputs_recipe) recipes;
    /*
     * What they say of files: sdists of these projects are no candidates (":all:": of any), wheels
     * of those are built; every file must have one of the hashes given.
     */
    VEC(struct str) only_binary, no_binary;
    bool all_binary, hashes_only;
    struct str lock; /* path of the lock file: --locked, or the one in the directory; or empty */
};

/* Complaints about single files of the directory are logged, and the others go on. */
CHECKED bool inputs_read(const struct run_plan_config *config, struct arena *arena,
                         struct inputs *inputs, struct err *err);

/*
 * Requirements that name a directory or a repository and no project ("-e .",
 * "git+https://...") get the name that is told there; what --only leaves out goes.
 */
CHECKED bool inputs_name_trees(struct inputs *inputs, struct index_provider *provider,
                               struct err *err);

/* Those for a project (normalised name). */
struct spec_list inputs_recipes(const struct inputs *inputs, struct str name, struct arena *arena);

#endif
