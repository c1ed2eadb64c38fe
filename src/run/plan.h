/*
 * From what the user gives (inputs, requirements, indexes) to a plan. Owns the
 * index and the inputs, which answers of `requires` jobs need again later.
 */
#ifndef REFINERY_RUN_PLAN_H
#define REFINERY_RUN_PLAN_H

#include "base/clock.h"
#include "build/spec.h"
#include "image/pack_recipe.h"
#include "plan/lock.h"

struct run_plan_config {
    struct str input;                                      /* directory, or empty */
    struct spec_list requirements, constraints, overrides; /* files */
    struct str locked; /* lock file: versions and files are its own, nothing else; or empty */
    struct str python, arch, platform_tag;
    struct str max_machine; /* newest machine level (elf/level.h); empty: as compilers do */
    struct str index_url;   /* empty: as pip is configured */
    struct spec_list extra_index_urls, find_links;
    struct spec_net net;
    bool no_index, index_given; /* index_given: index_url stands before pip's configuration */
    int64_t as_of_ms, min_age_ms;
    int64_t await_sdist_ms;    /* a younger release without an sdist is missing, not refused */
    struct spec_list excluded; /* "NAME!=VERSION": what earlier rounds could not build */
    struct spec_list rebuild;  /* "all" or names */
    struct spec_list only;     /* NAME or NAME==VERSION */
    struct spec_list recipes;  /* "NAME=RECIPE" */
    bool eager, fallback_latest;
    int64_t max_deps;
    int64_t attempt_timeout_ms; /* of a backend that is asked for metadata */
    bool retry_failed;          /* repeat what is known to fail */
    /* What is done about suggestions. */
    bool auto_apply, system_recipes, dry_run_recipes, look_up;
    struct str cache, history_db;
    struct str preset, mirror, keyring; /* of images (build/spec.h) */
    struct spec_packs packs;
    struct str image;    /* reference of the target's root, or empty; pinned by the plan */
    struct str engine;   /* out of whose storage it comes; empty: a registry */
    const char *program; /* this program's own file, for that */
    const struct clock *clock;
    void (*note)(void *state, struct str text); /* what is being done, for the progress display */
    void *note_state;
};

struct run_plan;

#define RUN_PLAN_AUTO __attribute__((cleanup(run_plan_close)))

/*
 * ERR_UNSAT: `explanation` says why, in words. Complaints about single input files
 * are logged and the others go on.
 */
CHECKED bool run_plan_make(const struct run_plan_config *config, struct arena *arena,
                           struct run_plan **plan, struct str *explanation, struct err *err);
void run_plan_close(struct run_plan **plan);

/*
 * The plan's packages for the target as a lock that is to lie in directory `dir`. Sources whose
 * digest no index told are fetched for it.
 */
CHECKED bool run_plan_lock(struct run_plan *plan, struct str dir, struct pylock *lock,
                           struct err *err);
/* The same as requirements with hashes, appended. */
CHECKED bool run_plan_lock_requirements(struct run_plan *plan, struct buf *out, struct err *err);

/* How many files of the input directory could not be used; the log named each. */
size_t run_plan_complaints(const struct run_plan *plan);
const struct graph *run_plan_graph(const struct run_plan *plan);
const struct run_plan_config *run_plan_config(const struct run_plan *plan);
/* The configuration's, with what requirements files add. */
const struct spec_net *run_plan_net(const struct run_plan *plan);
/* Native libraries from source that there are recipes for. */
const struct pack_recipes *run_plan_packs(const struct run_plan *plan);
/* Recipes that they ask for, for a project (normalised name). */
struct spec_list run_plan_recipes(const struct run_plan *plan, struct str name,
                                  struct arena *arena);

/* What earlier runs taught, and what is shared by all that fails; live as long as the plan. */
struct learned;
struct remedies;
struct learned *run_plan_learned(struct run_plan *plan);
struct remedies *run_plan_remedies(struct run_plan *plan);
/* What was tried while a source's backend was asked for its metadata; NULL: it was not asked. */
struct remedy_course;
const struct remedy_course *run_plan_course(const struct run_plan *plan, struct str name,
                                            struct str version);

/*
 * The backend's answer about wheel node `wheel`: what its environment becomes,
 * resolved for the build machine, or for the target's own Python (`on_target`).
 */
CHECKED bool run_plan_extend(struct run_plan *plan, const struct graph *graph, size_t wheel,
                             bool on_target, struct spec_list requires,
                             struct graph_extension *extension, struct str *explanation,
                             struct err *err);

#endif
