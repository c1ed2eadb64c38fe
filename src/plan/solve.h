/*
 * Which version of what: PubGrub over the lazily asked files and metadata of a
 * provider, for the markers and tags of one environment. Pure and deterministic:
 * the same request and the same answers give the same picks and, when nothing
 * fits, the same explanation, which names the line of the input that each
 * requirement came from.
 *
 * Rules: a release is a candidate when it has a wheel the environment accepts
 * or an sdist, its Requires-Python holds, and it is not yanked (a yanked one
 * needs `==` or `===`). The newest candidate is tried first; pre-releases only
 * when the input names one for that project, or when nothing else fits. The
 * version of an input wheel (a pin) is the only candidate of its project unless
 * `upgrade` is SOLVE_EAGER.
 */
#ifndef REFINERY_PLAN_SOLVE_H
#define REFINERY_PLAN_SOLVE_H

#include "pkg/requirement.h"
#include "pkg/tags.h"
#include "plan/provider.h"

enum { SOLVE_PACKAGES_DEFAULT = 1000, SOLVE_STEPS_LIMIT = 200000 };

/* Where things are to run: the target, or the build machine. */
struct solve_env {
    const struct tags *tags;
    struct marker_env marker;
    struct version python; /* full version, against Requires-Python */
};

/* One requirement or constraint of the input. */
struct solve_require {
    struct requirement req;
    struct str origin; /* "requirements.txt:3", "--requirement", "numpy 2.0 pyproject.toml" */
    const struct str *hashes; /* SHA-256, hexadecimal: only files with one of these; none: any */
    size_t hashes_len;
};

/* An input wheel or sdist: its project is wanted, and in this version. */
struct solve_pin {
    struct str name; /* normal form */
    struct version version;
    struct provider_file file; /* of origin PROVIDER_INPUT; joins the provider's files */
    struct str origin;         /* "examples/wheels/foo-1.0-py3-none-any.whl" */
};

enum solve_upgrade { SOLVE_PINNED, SOLVE_EAGER };

struct solve_request {
    const struct solve_env *env;
    const struct solve_require *requires;
    size_t requires_len;
    const struct solve_require *constraints; /* bound a version without asking for the project */
    size_t constraints_len;
    /*
     * Where a project is asked for, by the input or by metadata, these stand in place of what was
     * written; its extras remain. One whose marker does not hold leaves nothing to ask for.
     */
    const struct solve_require *overrides;
    size_t overrides_len;
    const struct solve_pin *pins;
    size_t pins_len;
    enum solve_upgrade upgrade;
    enum specifier_pre pre;
    /* A pin or an exact requirement of the input that no candidate meets gives way to the newest
     * candidate that everything else allows. */
    bool fallback_latest;
    /*
     * Where nothing fits otherwise, a release whose metadata cannot be had is a candidate of last
     * resort that needs nothing: its pick says why it cannot be used (`broken`).
     */
    bool broken_last;
    /*
     * Unix milliseconds; 0: never. A release with wheels for others and without an sdist, uploaded
     * since, is a candidate of last resort: its pick has neither wheel nor sdist.
     */
    int64_t awaited_from_ms;
    bool wheels_only;                    /* sdists are no candidates */
    const struct str *wheels_only_names; /* the same for these projects alone */
    size_t wheels_only_names_len;
    size_t packages_limit; /* 0: SOLVE_PACKAGES_DEFAULT; reaching it is ERR_LIMIT */
};

struct solve_file_refused {
    const struct provider_file *file;
    struct str why;
};

/* A pick and why. Everything lives in the arena. */
struct solve_pick {
    struct provider_release release;
    struct str version;       /* normal form */
    const struct str *extras; /* asked for, sorted */
    size_t extras_len;
    const uint32_t *depends; /* indices into picks, ascending: Requires-Dist that hold here */
    size_t depends_len;
    const struct str
        *asked_by; /* "requirements.txt:3 (wrapt>=1)", "requests 2.32 (idna<4,>=2.5)" */
    size_t asked_by_len;
    const struct solve_file_refused *refused; /* files of this version that were not taken */
    size_t refused_len;
    struct str broken; /* why it cannot be used (solve_request.broken_last); or empty */
    struct str note;   /* "pre-release: nothing else fits", "newest of 12", ... */
    bool pinned;       /* by an input file */
    bool direct;       /* asked for by the input itself */
};

struct solve_result {
    const struct solve_pick *picks; /* sorted by name */
    size_t picks_len;
    size_t decisions, conflicts, metadata_asked; /* what it cost */
};

/*
 * ERR_UNSAT: no set of versions fits; `explanation` (several lines, in the
 * arena) says why and err holds its last line. Other errors are the provider's.
 */
CHECKED bool solve_run(const struct solve_request *request, const struct provider *provider,
                       struct arena *arena, struct solve_result *result, struct str *explanation,
                       struct err *err);

#endif
