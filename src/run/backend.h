/*
 * The last resort of metadata: a source whose dependencies nothing tells is asked
 * through its build backend, in the sandbox (index.h, struct index_backend). The
 * question is an attempt like any other, remembered under its action key.
 */
#ifndef REFINERY_RUN_BACKEND_H
#define REFINERY_RUN_BACKEND_H

#include "base/map.h"
#include "index/index.h"
#include "plan/solve.h"
#include "run/inputs.h"
#include "run/plan.h"

struct backend {
    const struct run_plan_config *config;
    const struct spec_net *net;
    const struct inputs *inputs;       /* what requirements files ask of backends */
    const struct provider *provider;   /* set before the first question */
    const struct solve_env *build_env; /* where build requirements run */
    struct arena *arena;               /* keeps the answers: a source is asked once */
    struct map answers;                /* path -> struct backend_answer of backend.c */
};

/* The callback over `backend`, which must outlive it. */
struct index_backend backend_open(struct backend *backend);

#endif
