/*
 * The last resort of metadata: a source whose dependencies nothing tells is asked through its build
 * backend, in the sandbox (index.h, struct index_backend). The question is an attempt like any
 * other: an agent of one slot takes it, its log is read as it arrives, and where the backend lacks
 * something it is asked again with what may help (remedy.h).
 *
 * Answers are remembered under their action key, failures too: what failed with the same source,
 * environment, images and recipes is not asked again, and its log is read anew instead. --rebuild
 * of that package and --retry-failed ask again.
 *
 *     <cache>/metadata/KEY.log    of a question that failed
 */
#ifndef REFINERY_RUN_BACKEND_H
#define REFINERY_RUN_BACKEND_H

#include "base/map.h"
#include "index/index.h"
#include "plan/graph.h"
#include "run/inputs.h"
#include "run/plan.h"
#include "run/remedy.h"

/* What was asked, and what was tried for an answer. */
struct backend_question {
    struct str name, version; /* of the source, both normal */
    struct remedy_course course;
    struct str text;   /* the metadata */
    struct err failed; /* ERR_NONE: it answered */
};

struct backend {
    const struct run_plan_config *config;
    const struct spec_net *net;
    const struct inputs *inputs;       /* what requirements files ask of backends */
    const struct provider *provider;   /* set before the first question */
    const struct solve_env *build_env; /* where build requirements run */
    struct remedies *remedies;
    struct graph_build_asks *asks; /* what questions needed, the builds behind them need, too */
    struct arena *arena;           /* keeps the answers: a source is asked once */
    struct map answers;            /* path -> struct backend_question */
};

/* The callback over `backend`, which must outlive it. */
struct index_backend backend_open(struct backend *backend);

/* What was asked about a source; NULL: nothing was. */
const struct backend_question *backend_asked(const struct backend *backend, struct str name,
                                             struct str version);

#endif
