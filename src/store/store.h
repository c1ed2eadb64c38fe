/*
 * The state of all work: inputs, plans, runs, jobs with their edges, attempts with
 * leases, results, failure memory, learned facts, history. Ecosystem-neutral: what
 * a job means is its `spec`, JSON text that the store never reads.
 *
 * Each function is one short transaction: all of it happened, durably, when it
 * returns true; none of it when it returns false. A process may be killed at any
 * point. Strings handed to callbacks are borrowed until the callback returns; results
 * with an arena argument live in that arena. Times are milliseconds since 1970 (UTC)
 * and come in as `now_ms`; durations are milliseconds, memory is KiB. Digests that
 * may be absent are pointers (NULL: none).
 *
 * One handle per thread; any number of handles and processes on one database.
 * Callbacks must not call the store with the same handle.
 *
 * Errors: ERR_CONFLICT (the lease is lost: stop the work, throw it away),
 * ERR_NOT_FOUND (no such row), ERR_USAGE (the caller broke a rule), ERR_FORMAT (not a
 * database of ours), ERR_SYSTEM (disk full, locked too long, damaged).
 */
#ifndef REFINERY_STORE_STORE_H
#define REFINERY_STORE_STORE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "store/state.h"

struct store;

#define STORE_AUTO __attribute__((cleanup(store_close)))

/*
 * Opens (and makes, and brings to the newest schema) the database at `path`. A file of
 * an earlier system there (table build_events) is imported and kept beside as
 * "<path>.build_events". A schema newer than this program is refused.
 */
CHECKED bool store_open(const char *path, int64_t now_ms, struct store **store, struct err *err);
/*
 * For looking only: nothing is written, and no permission to write is needed. Not `newest`: no
 * error and no store, since store_open has to bring it up first.
 */
CHECKED bool store_open_to_read(const char *path, struct store **store, bool *newest,
                                struct err *err);
void store_close(struct store **store); /* NULL is fine */

/* ---- inputs and plans ---- */

/* An input is known by its digest; seen again, only its name and path change. */
CHECKED bool store_input_add(struct store *store, const struct digest *digest, struct str kind,
                             struct str name, int64_t size, int64_t now_ms, struct err *err);
/* `content` is where the plan's JSON lies in the CAS. The same digest twice is fine. */
CHECKED bool store_plan_add(struct store *store, const struct digest *plan,
                            const struct digest *content, struct str summary, int64_t now_ms,
                            struct err *err);

/* ---- runs ---- */

struct store_job_new {
    struct str key; /* unique in the run, e.g. "build cffi 1.15.1 cp311-s390x" */
    struct str kind, name, version, target;
    struct str spec;    /* JSON, opaque here */
    struct str recipes; /* JSON array for the first attempt; empty: none */
    int64_t class;      /* lower goes first; 0 is usual */
    int64_t priority;   /* higher goes first, e.g. critical path in ms */
    int64_t estimate_ms, estimate_kib;
    /* Nothing to build: STATE_REUSED, STATE_CACHED or STATE_SKIPPED. 0: to be built. */
    enum state ended;
    struct str why;               /* for ended ones, one sentence */
    const struct digest *content; /* for reused and cached ones, may be NULL */
};

/* A job needs another to end well first. Ends: an index into the jobs of the same call, or
 * STORE_JOB(id). */
struct store_edge {
    int64_t job, needs;
};
#define STORE_JOB(id) (-(int64_t)(id))

struct store_graph {
    const struct store_job_new *jobs;
    size_t job_count;
    const struct store_edge *edges;
    size_t edge_count;
};

struct store_run_new {
    const struct digest *plan; /* of store_plan_add, may be NULL */
    struct str title, target;
    struct str options;      /* JSON, opaque: what the command was asked */
    int64_t max_attempts;    /* failed attempts on one recipe set; past it `failed`; 0: 3 */
    int64_t backoff_base_ms; /* doubles with each failed attempt; 0: 5000 */
    int64_t backoff_max_ms;  /* 0: 60000 */
    int64_t block_failures;  /* counted failures that block a job; 0: 5 */
    int64_t block_drones;    /* distinct drones whose failures block a job; 0: 2 */
};

/* Makes the run with all its jobs. ids (may be NULL) gets job_count numbers. A cycle is ERR_USAGE.
 */
CHECKED bool store_run_create(struct store *store, const struct store_run_new *run,
                              const struct store_graph *graph, int64_t now_ms, int64_t *run_id,
                              int64_t *ids, struct err *err);
/*
 * Adds jobs and edges to an unfinished run. Jobs whose key is there already are taken as they are
 * and edges there already are left, so that repeating an addendum is harmless.
 */
CHECKED bool store_run_extend(struct store *store, int64_t run_id, const struct store_graph *graph,
                              int64_t now_ms, int64_t *ids, struct err *err);

enum store_run_state { RUN_ACTIVE, RUN_FINISHED, RUN_CANCELLED };

struct store_run {
    int64_t id;
    enum store_run_state state;
    struct str title, target, options;
    int64_t created_ms, ended_ms; /* 0: not ended */
    bool has_plan;
    struct digest plan;
};

struct store_totals {
    int64_t by_state[STATE_COUNT];
    int64_t jobs;
    int64_t active; /* ready, retry and live ones: 0 means that the run can be finished */
};

CHECKED bool store_run_get(struct store *store, int64_t run_id, struct arena *arena,
                           struct store_run *run, struct err *err);
/* The newest unfinished run of that plan, to be resumed: run_id 0 when there is none. */
CHECKED bool store_run_find(struct store *store, const struct digest *plan, int64_t *run_id,
                            struct err *err);
CHECKED bool store_run_totals(struct store *store, int64_t run_id, struct store_totals *totals,
                              struct err *err);
/* New priorities, e.g. after an addendum. Jobs that ended meanwhile are left alone. */
CHECKED bool store_run_prioritize(struct store *store, const int64_t *ids,
                                  const int64_t *priorities, size_t count, struct err *err);
/* Nothing is active any more: what still waits ends `skipped` with the culprit's name. */
CHECKED bool store_run_finish(struct store *store, int64_t run_id, int64_t now_ms, struct err *err);
/* Everything not ended becomes `cancelled`, leases are revoked. */
CHECKED bool store_run_cancel(struct store *store, int64_t run_id, int64_t now_ms, struct err *err);
/* An ended run goes on: failed, blocked and cancelled ones again, skipped ones wait again. */
CHECKED bool store_run_reopen(struct store *store, int64_t run_id, int64_t now_ms, struct err *err);

/* ---- jobs ---- */

struct store_job {
    int64_t id, run;
    struct str key, kind, name, version, target, spec, recipes;
    enum state state;
    int64_t class, priority, estimate_ms, estimate_kib;
    int64_t unmet;         /* dependencies that have not ended well */
    int64_t not_before_ms; /* of `retry` */
    int64_t epoch;         /* number of the newest lease */
    int64_t attempts;      /* all so far */
    int64_t tries;         /* counted failures on the present recipe set */
    int64_t failures;      /* counted failures on all */
    int64_t drone;         /* of the live lease, else 0 */
    int64_t ended_ms;      /* 0: not ended */
    struct str why;        /* why it is in this state, one sentence, may be empty */
    struct str phase;      /* of a live one */
    bool has_content;
    struct digest content; /* of the main artifact */
};

typedef bool store_job_fn(void *state, const struct store_job *job, struct err *err);

CHECKED bool store_job_get(struct store *store, int64_t job_id, struct arena *arena,
                           struct store_job *job, struct err *err);
CHECKED bool store_job_find(struct store *store, int64_t run_id, struct str key, int64_t *job_id,
                            struct err *err);
/* In order of id. */
CHECKED bool store_job_each(struct store *store, int64_t run_id, store_job_fn *visit, void *state,
                            struct err *err);
/* Both ends of every edge, as ids. */
typedef bool store_edge_fn(void *state, int64_t job, int64_t needs, struct err *err);
CHECKED bool store_edge_each(struct store *store, int64_t run_id, store_edge_fn *visit, void *state,
                             struct err *err);
/* Why it does not run, with names: "waits for numpy 1.26.4, which failed (compile)"; empty when it
 * does. */
CHECKED bool store_job_why(struct store *store, int64_t job_id, int64_t now_ms, struct arena *arena,
                           struct str *why, struct err *err);

/* ---- drones: who works ---- */

struct store_drone_new {
    struct str name, kind; /* kind: "local", "drone", "sweeper" */
    struct str arch;
    int64_t cores, memory_kib;
    struct str details; /* JSON, opaque */
};

/*
 * A drone that starts anew has lost what it was building: its live leases go back to
 * `ready` at no cost (`reclaimed` says how many). A run on this machine registers as one
 * drone while it holds its cache's lock: that is how a run resumes after any death.
 */
CHECKED bool store_drone_register(struct store *store, const struct store_drone_new *drone,
                                  int64_t now_ms, int64_t *drone_id, int64_t *reclaimed,
                                  struct err *err);

/* ---- claim, work, complete ---- */

enum store_admission { ADMIT_TAKE, ADMIT_PASS, ADMIT_STOP };
/* Judges one ready job, best first; must be quick, and may be called again for the same claim. */
typedef enum store_admission store_admit_fn(void *state, const struct store_job *job);

struct store_claim {
    int64_t drone;
    int64_t run;           /* 0: of any run */
    int64_t lease_ms;      /* 0: 600000 */
    int64_t slot;          /* which of the drone's slots will do it, from 0; for the timeline */
    int64_t look;          /* ready jobs offered at most; 0: 64 */
    store_admit_fn *admit; /* NULL: takes the first */
    void *admit_state;
};

struct store_lease {
    int64_t attempt; /* 0: there was nothing to take */
    int64_t epoch;   /* fencing token: goes with every later call about this attempt */
    int64_t number;  /* 1 for the job's first attempt */
    int64_t expires_ms;
    int64_t wake_ms; /* nothing taken: when the next backoff ends; 0: none waits */
    struct store_job job;
};

CHECKED bool store_claim(struct store *store, const struct store_claim *claim, int64_t now_ms,
                         struct arena *arena, struct store_lease *lease, struct err *err);

/* Heartbeat, and where the attempt is. ERR_CONFLICT: the lease was taken away. */
struct store_progress {
    enum state state; /* STATE_BUILDING, STATE_UPLOADING, or 0: as it is */
    struct str phase; /* "fetch", "compile" ...; empty: as it is */
    int64_t lease_ms; /* 0: 600000 */
};
CHECKED bool store_renew(struct store *store, int64_t attempt, int64_t epoch,
                         const struct store_progress *progress, int64_t now_ms, struct err *err);

struct store_artifact {
    struct str name; /* file name */
    struct str kind; /* "wheel", "log", "sbom" ... */
    struct digest digest;
    int64_t size;
    struct str details; /* JSON, opaque: tags, floor, grafts */
};

enum store_outcome {
    OUTCOME_DONE,    /* built; the artifacts are in the CAS already */
    OUTCOME_CACHED,  /* the action key had a result */
    OUTCOME_REUSED,  /* an existing package serves */
    OUTCOME_SKIPPED, /* known to fail; not tried */
    OUTCOME_AGAIN,   /* failed, may pass another time or with next_recipes: the run's policy decides
                      */
    OUTCOME_FAILED,  /* failed for good */
    OUTCOME_RETURNED,  /* given back untouched: costs nothing, ready at once */
    OUTCOME_CANCELLED, /* stopped on request */
};

/* What became of a hint whose recipes the attempt was made with. */
struct store_hint_outcome {
    struct str hint; /* its id */
    bool fixed;      /* what it was for did not come again */
};

/* A need that was looked up, and its recipe: kept under its id, with a few lines that showed it. */
struct store_inference {
    struct str id, need, name, recipe, example;
};

struct store_completion {
    enum store_outcome outcome;
    struct str class;  /* of a failure: "compile", "missing-header", "network" ...; else empty */
    struct str detail; /* one sentence for people; also the job's `why` */
    bool uncounted;    /* infrastructure's fault: neither tries nor failures grow */
    bool remember;     /* failure memory: never the same attempt twice (needs the three digests) */
    int64_t exit_code;
    int64_t duration_ms, cpu_ms, peak_kib; /* 0: unknown; duration 0: time since the claim */
    struct str strategy;                   /* "cross", "hybrid" ... */
    struct str recipes;                    /* JSON array that this attempt used */
    struct str learned;      /* JSON array of those that its next build begins with, when this one
                              * is done; NULL: the same */
    struct str next_recipes; /* JSON array for the next one; a change starts `tries` anew */
    struct str hints;        /* JSON array of hint ids */
    struct str suggestion;   /* "Suggested packages: ..." */
    struct str metadata;     /* JSON for history and manifest, opaque */
    const struct digest *action_key, *source, *environment, *recipe_set;
    struct str result; /* JSON record of the action key, kept with the attempt */
    struct str log;    /* path of the sealed log, relative to the cache */
    const struct digest *log_digest;
    int64_t log_bytes;
    const struct store_artifact *artifacts; /* the first is the main one */
    size_t artifact_count;
    const struct store_graph *addendum; /* jobs that a `requires` job found; NULL: none */
    const struct store_hint_outcome *hint_outcomes;
    size_t hint_outcome_count;
    const struct store_inference *inferences;
    size_t inference_count;
};

struct store_effect {
    enum state state;      /* the job's new one */
    int64_t not_before_ms; /* of retry */
    int64_t woken;         /* dependents made ready */
};

/*
 * The end of an attempt: one conditional update on (attempt, epoch) that also records
 * digests, lowers the dependents' counters and makes them ready. ERR_CONFLICT when the
 * lease was taken away or it was completed before: nothing is changed, throw the work away.
 */
CHECKED bool store_complete(struct store *store, int64_t attempt, int64_t epoch,
                            const struct store_completion *completion, int64_t now_ms,
                            struct store_effect *effect, struct err *err);

/* Leases that expired before now_ms go back to ready at no cost. */
CHECKED bool store_reclaim(struct store *store, int64_t now_ms, int64_t *reclaimed,
                           struct err *err);

enum store_control {
    CONTROL_BLOCK,
    CONTROL_UNBLOCK,
    CONTROL_RETRY,
    CONTROL_RECLAIM,
    CONTROL_CANCEL
};
CHECKED bool store_job_control(struct store *store, int64_t job_id, enum store_control control,
                               int64_t now_ms, struct err *err);

/* ---- attempts and artifacts, for reports ---- */

struct store_attempt {
    int64_t id, job, number, epoch, drone, slot;
    struct str state; /* "live", or the outcome: "done", "failed", "returned", "lost" ... */
    int64_t claimed_ms, ended_ms, expires_ms, exit_code, duration_ms, cpu_ms, peak_kib;
    struct str class, detail, strategy, recipes, hints, suggestion, metadata, result;
    struct str log; /* path relative to the cache */
    int64_t log_bytes;
};
typedef bool store_attempt_fn(void *state, const struct store_attempt *attempt, struct err *err);
typedef bool store_artifact_fn(void *state, const struct store_artifact *artifact, struct err *err);
CHECKED bool store_attempt_each(struct store *store, int64_t job_id, store_attempt_fn *visit,
                                void *state, struct err *err);
CHECKED bool store_artifact_each(struct store *store, int64_t job_id, store_artifact_fn *visit,
                                 void *state, struct err *err);

/* ---- what was learned ---- */

struct store_failure {
    struct str name, version, target, class, detail;
    int64_t count, last_ms;
};
/* The very same attempt failed before (deterministically)? found false: no. */
CHECKED bool store_failure_find(struct store *store, const struct digest *source,
                                const struct digest *environment, const struct digest *recipe_set,
                                struct arena *arena, bool *found, struct store_failure *failure,
                                struct err *err);
/*
 * Any earlier failure of that version for that target, whatever changed since, that no later
 * success has made up for. Failures of the infrastructure (uncounted) are none.
 */
CHECKED bool store_failure_known(struct store *store, struct str name, struct str version,
                                 struct str target, struct arena *arena, bool *found,
                                 struct store_failure *failure, struct err *err);
/* Forgets the failures of a package (empty name: of all). */
CHECKED bool store_failure_forget(struct store *store, struct str name, struct err *err);

/* What a package's successful attempts taught; written by store_complete. */
struct store_learned {
    struct str kind, name, target;
    int64_t samples;
    int64_t duration_ms; /* smoothed, newer ones weigh more */
    int64_t peak_kib;    /* largest, slowly forgotten */
    struct str strategy; /* that worked last */
    struct str recipes;  /* JSON array that worked last */
};
typedef bool store_learned_fn(void *state, const struct store_learned *learned, struct err *err);
/* In order of kind, name, target: read once at the start of a run. */
CHECKED bool store_learned_each(struct store *store, store_learned_fn *visit, void *state,
                                struct err *err);

struct store_hint_record {
    struct str hint;
    int64_t applied, fixed, last_ms;
};
typedef bool store_hint_fn(void *state, const struct store_hint_record *record, struct err *err);
/* In order of ids. */
CHECKED bool store_hint_each(struct store *store, store_hint_fn *visit, void *state,
                             struct err *err);

struct store_inferred {
    struct store_inference rule; /* with one of its examples */
    int64_t count, last_ms;
};
typedef bool store_inferred_fn(void *state, const struct store_inferred *inferred, struct err *err);
/* In order of ids. */
CHECKED bool store_inferred_each(struct store *store, store_inferred_fn *visit, void *state,
                                 struct err *err);

/* ---- upkeep ---- */

/* Reads everything: is the file whole, and do the rows agree? ERR_FORMAT says what does not. */
CHECKED bool store_check(struct store *store, struct err *err);

/* ---- settings ---- */

CHECKED bool store_setting_set(struct store *store, struct str key, struct str value,
                               struct err *err);
CHECKED bool store_setting_get(struct store *store, struct str key, struct arena *arena,
                               struct str *value, struct err *err); /* absent: empty */

#endif
