/*
 * Scenarios of solver and planner as text: a universe of files, a request, and
 * what has to come out. tests/plan/README.md describes the form.
 */
#ifndef REFINERY_TESTS_SCENARIO_H
#define REFINERY_TESTS_SCENARIO_H

#include "base/map.h"
#include "base/vec.h"
#include "plan/graph.h"

struct scenario_release {
    VEC(struct str) needs;
    VEC(struct str) build_requires;
    struct str backend, broken;
    bool has_build;
};

struct scenario_project {
    VEC(struct provider_file) files;
    struct map releases; /* version -> struct scenario_release */
};

struct scenario {
    struct arena arena;
    struct map projects; /* name -> struct scenario_project */
    struct map urls;     /* URL -> struct provider_file */
    VEC(struct solve_require) requires;
    VEC(struct solve_require) constraints, overrides;
    VEC(struct solve_pin) pins;
    VEC(struct str) wheels_only_names;
    VEC(struct str) rebuild_names;
    VEC(struct str) provided;
    VEC(struct str) asked; /* every name whose files were asked for */
    VEC(struct str) hinted; /* every name that is said to be asked for soon */
    struct graph_request request;
    struct solve_env target, build;
    struct tags target_tags, build_tags;
    struct provider provider;
    struct str expect;   /* "picks", "fails" or "plan" */
    struct str expected; /* the lines below it */
    const char *file;
};

void scenario_load(const char *path, struct scenario *scenario);
void scenario_free(struct scenario *scenario);

#endif
