/*
 * The plan: an immutable graph of what is reused and what is built, with a
 * plain sentence for each decision. Nodes are sorted so that each stands behind
 * what it depends on (ties by id): a single pass in order meets no unknown.
 *
 * Kinds. `wheel` is one wheel for one target: fetch, build, audit, repair,
 * import test and delivery are phases of that one job, because they share its
 * sandbox and none is worth queueing alone. `requires` asks the backend of one
 * sdist what else it needs (get_requires_for_build_wheel); its answer extends
 * the run through graph_extend, the plan itself stays as it is.
 *
 * Targets. A node's target is the name of the environment it runs in:
 * "cp311-s390x-manylinux_2_17" or GRAPH_BUILD for the build machine.
 * Build-requires of all builds share nodes: one node per name, version, target.
 */
#ifndef REFINERY_PLAN_GRAPH_H
#define REFINERY_PLAN_GRAPH_H

#include "plan/solve.h"

#define GRAPH_BUILD "build"

enum graph_kind { GRAPH_WHEEL, GRAPH_REQUIRES };
/*
 * Written "reuse", "build", "skip". What is skipped cannot be had: `why` says the reason. A node
 * without a source is one that is not uploaded yet (solve_request.awaited_from_ms), or whose
 * metadata cannot be had (broken_last).
 */
enum graph_action { GRAPH_REUSE, GRAPH_MAKE, GRAPH_SKIP };

/*
 * A build installs the targets of all its build-requires edges (the whole
 * environment, not only what pyproject.toml names) and waits for them. An
 * import test wants the runtime edges. Runtime edges inside a cycle are of the
 * loose kind: nobody waits for them, and they are the only ones that may point
 * at a later node.
 */
enum graph_edge_type {
    GRAPH_BUILD_REQUIRES, /* "build-requires" */
    GRAPH_RUNTIME,        /* "runtime" */
    GRAPH_RUNTIME_LOOSE,  /* "runtime-loose" */
};

struct graph_edge {
    enum graph_edge_type type;
    uint32_t to; /* index of the node depended on */
};

/* The one file a node starts from. */
struct graph_source {
    struct str filename, url, path, sha256;
    struct str commit; /* of sources out of a repository */
    uint64_t size;
    struct str origin; /* "input", "find-links", "store", "index", "url" */
    struct str index;
    /* For lock files; not in plan.json. */
    struct str requires_python;
    int64_t uploaded_ms; /* 0: unknown */
};

struct graph_refused {
    struct str filename, why;
};

struct graph_node {
    struct str id; /* "wheel:build:cython==3.0.11"; stable over runs */
    enum graph_kind kind;
    enum graph_action action;
    struct str name, version, target;
    struct str why;         /* one sentence: why it is reused, built or skipped */
    struct str version_why; /* why this version; empty on a requires node */
    struct graph_source source;
    bool direct; /* the input asks for it: it belongs into the output */
    bool pure;   /* the source is a wheel for any platform */
    const struct str *extras;
    size_t extras_len;
    struct str backend;               /* of a build */
    const struct str *build_requires; /* of a build: as in pyproject.toml, markers applied */
    size_t build_requires_len;
    const struct str *packs; /* of a build: native libraries from source, by name, that it gets */
    size_t packs_len;
    const struct graph_edge *edges; /* by type, then `to` */
    size_t edges_len;
    const struct str *asked_by;
    size_t asked_by_len;
    const struct graph_refused *refused; /* files of this version not taken, and why */
    size_t refused_len;
};

struct graph {
    const struct graph_node *nodes;
    size_t nodes_len;
    struct str target;       /* name of the target environment */
    const struct str *notes; /* what the reader should know: limits, input not used and why */
    size_t notes_len;
};

/* What forces a build although a wheel could be reused. */
struct graph_rebuild {
    bool
        all; /* every project with extension modules: some wheel of the version is for a platform */
    const struct str *names; /* normal form */
    size_t names_len;
};

/* What a build needs beyond what its pyproject.toml names (a "pip:" recipe). */
struct graph_build_ask {
    struct str name; /* whose build, in normal form */
    struct str requirement;
};

struct graph_build_asks {
    struct graph_build_ask *at;
    size_t len, cap;
};

struct graph_request {
    struct solve_request target;       /* the main question; target.env is the target */
    const struct solve_env *build_env; /* where build-requires run (the build machine) */
    /* Where builds find what they need, when it is not where the target's packages come from. */
    const struct provider *build_provider;
    struct graph_rebuild rebuild;
    const struct graph_build_asks *build_asks; /* NULL: none; the provider's answers may add some */
    const struct str *provided; /* projects that the build image brings: never resolved */
    size_t provided_len;
};

CHECKED bool graph_plan(const struct graph_request *request, const struct provider *provider,
                        struct arena *arena, struct graph *graph, struct str *explanation,
                        struct err *err);

/*
 * The answer of a `requires` node (or another environment for the builds of
 * `wheel`, as when cross gives way to hybrid and env is the target's own):
 * resolves the static and the given requirements for env. The result holds the
 * old nodes under their old indices, new ones behind them, and in `edges` what
 * node `wheel` now depends on.
 */
struct graph_extension {
    struct graph graph;
    const struct graph_edge *edges;
    size_t edges_len;
    size_t first_new; /* nodes[first_new..) are new */
};

CHECKED bool graph_extend(const struct graph *graph, const struct graph_request *request,
                          const struct provider *provider, size_t wheel,
                          const struct solve_env *env, const struct str *requires,
                          size_t requires_len, struct arena *arena,
                          struct graph_extension *extension, struct str *explanation,
                          struct err *err);

/* "reuse", "build-requires", ... and back; false for an unknown word. */
struct str graph_kind_text(enum graph_kind kind);
struct str graph_action_text(enum graph_action action);
struct str graph_edge_text(enum graph_edge_type type);
bool graph_kind_read(struct str text, enum graph_kind *kind);
bool graph_action_read(struct str text, enum graph_action *action);
bool graph_edge_read(struct str text, enum graph_edge_type *type);

/* Index of a node, or nodes_len. */
size_t graph_find(const struct graph *graph, struct str id);

#endif
