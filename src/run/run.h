/*
 * One run: from a plan to delivered wheels. The plan's nodes become jobs of the
 * store, an agent in the same process works them off in slots, what was proved on
 * the target is delivered, and the run leaves its manifest, report and history.
 *
 * A run that was interrupted is not continued but made again: everything that was
 * finished is found by its action key, so the new run takes up where it ended.
 *
 * plan.c   inputs and indexes -> plan             jobs.c   plan -> jobs and edges
 * work.c   the agent's source over the store      settle.c what an attempt's end means
 * deliver.c outputs, manifest, report              remedy.c what a failed build suggests
 * requeue.c what is to be tried later
 */
#ifndef REFINERY_RUN_RUN_H
#define REFINERY_RUN_RUN_H

#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"
#include "build/spec.h"
#include "cas/cas.h"
#include "plan/graph.h"
#include "publish/manifest.h"
#include "run/plan.h"
#include "run/remedy.h"
#include "run/strategy.h"
#include "store/retry.h"

struct buildlog;

/* An entry of the retry queue that the run was made for, with what it overrides. */
struct run_retry {
    int64_t id; /* the store's */
    struct str name, version;
    struct str strategy;      /* empty: the run's */
    struct spec_list recipes; /* among those of the plan; its next build begins with them, too */
    bool asked;               /* made again although it is known to fail */
};

/* What the user asked for, beyond the plan (run/plan.h). Borrowed. */
struct run_config {
    const char *program; /* this program's own file, for the slots */
    struct str command;  /* as typed, for the report */
    struct str output, cache, manifest;
    struct str preset, mirror;
    bool strict_floor;
    struct str strategy; /* "auto", "cross", "hybrid" */
    struct str schedule;
    size_t jobs;
    int64_t cpu_milli, memory_bytes;
    int64_t attempt_timeout_ms, silence_ms;
    int64_t max_attempts, backoff_base_ms, backoff_max_ms;
    bool skip_known_failures;
    const struct run_retry *retries; /* borrowed; a worker's */
    size_t retry_count;
    struct store_retry_policy requeue; /* of what fails */
    bool partial; /* a part of an earlier run's packages: the rest of its manifest stays */
    bool gather;  /* only bring what the run takes into the cache: no builds, no output */
    const struct clock *clock;
};

/* Told as the run goes, for the progress display. Any may be NULL. */
struct run_watch {
    void (*start)(void *state, size_t slot, struct str name, struct str version,
                  struct str strategy, unsigned attempt);
    void (*phase)(void *state, size_t slot, struct str phase);
    void (*stop)(void *state, size_t slot, const char *how, struct str why);
    void (*total)(void *state, size_t jobs);
    void (*tick)(void *state);
    void *state;
    int64_t tick_ms;
};

/* One job of the store and what became of it. */
struct run_job {
    enum spec_kind kind;
    size_t node; /* index in the graph; RUN_NO_NODE for images */
    struct str key, name, version, target;
    int64_t id;                  /* the store's */
    struct str strategy;         /* of WHEEL and REQUIRES: what the next attempt uses */
    struct strategy_order order; /* WHEEL: what "auto" goes through */
    struct str fact;             /* of WHEEL: what of the machine it read, and so went to hybrid */
    VEC(size_t) env;             /* WHEEL, REQUIRES: graph nodes of its build environment */
    struct spec_list asked;      /* WHEEL: what its backend asked for beyond that */
    struct remedy_course course; /* WHEEL, REQUIRES */
    int64_t wake_ms;             /* when its backoff ends */
    bool ended, good;
    bool known_failure;        /* skipped because of an earlier run */
    struct spec_result result; /* of the last attempt */
    VEC(struct manifest_attempt) attempts;
    int64_t attempt; /* the live one; 0: none */
    struct buildlog *log;
    int64_t claimed_ms; /* of the live attempt */
    size_t slot;
    int64_t estimate_ms;
};

#define RUN_NO_NODE SIZE_MAX

struct run {
    const struct run_config *config;
    const struct run_watch *watch;
    struct arena *arena; /* lives as long as the run */
    struct run_plan *plan;
    struct graph graph; /* grows by answers of requires jobs */
    struct cas *cas;
    struct store *store;
    int64_t id, drone;
    int64_t started_ms;
    VEC(struct run_job) jobs;
    VEC(struct store_edge) needs;  /* by index of jobs */
    struct map by_key;             /* key -> index + 1 */
    VEC(size_t) wheel_of, test_of; /* graph node -> job index, or RUN_NO_NODE */
    VEC(uint32_t) reached;         /* graph node -> the last walk that came there */
    uint32_t walk;
    struct learned *learned;   /* the plan's, read again */
    struct remedies *remedies; /* the plan's */
    int64_t wake_ms;           /* when the next backoff ends; 0: none */
    bool nothing_ready;        /* the last claim found nothing */
};

/* Carries the plan out. Failed packages are results: see run_summary. */
CHECKED bool run_execute(const struct run_config *config, const struct run_watch *watch,
                         struct run_plan *plan, struct arena *arena, struct manifest *manifest,
                         struct err *err);

/* jobs.c */
CHECKED bool run_make_jobs(struct run *run, struct err *err);
/* Jobs for the graph's nodes from `first` on, and their edges; used for answers too. */
CHECKED bool run_add_nodes(struct run *run, size_t first, struct err *err);
/* A wheel of the plan for the target: tested and delivered. What answers brought later are tools.
 */
bool run_is_output(const struct run *run, size_t index);
/* Graph nodes that an import of `node` needs, itself first, depth first over the runtime edges; in
 * the arena. */
const size_t *run_runtime(struct run *run, size_t node, struct arena *arena, size_t *len);
/* Edges of one wheel or requires job to the jobs that bring its environment. */
void run_set_env(struct run *run, size_t index, const struct graph_edge *edges, size_t len);
/* What the store wants to know of jobs[first_job..) and needs[first_need..). */
struct store_graph run_store_graph(struct run *run, size_t first_job, size_t first_need);
/* What a slot is told of the job, in the arena. */
void run_spec(struct run *run, const struct run_job *job, struct arena *arena, struct spec *spec);

/* requeue.c: the entry that this package is tried for, or NULL */
const struct run_retry *run_retry_of(const struct run_config *config, struct str name);
/* How this package is built: as its entry says, else as the run was told. */
struct str run_strategy_of(const struct run_config *config, struct str name);

/* run.c: the store's numbers of the jobs from `first` on. */
CHECKED bool run_number_jobs(struct run *run, size_t first, struct err *err);

/* settle.c: what the end of an attempt means for its job. */
struct agent_end;
CHECKED bool run_settle(struct run *run, size_t job, int64_t attempt, int64_t epoch,
                        const struct agent_end *end, struct str log, int64_t log_bytes,
                        struct err *err);

/* work.c */
struct agent_source;
struct agent_source run_source(struct run *run);

/* deliver.c */
CHECKED bool run_deliver_wheel(struct run *run, const struct run_job *test, struct err *err);
void run_manifest(struct run *run, struct manifest *manifest);

#endif
