/*
 * What the solver and the planner ask of the world, as a vtable: the room that
 * owns index and disk implements it, tests implement it from text files. Each
 * answer lives in the arena given with the question, and the same question is
 * asked once per solver run only. A provider decides nothing: it lists the
 * files of a project as it finds them (all of them, also for other platforms),
 * and the plan room ranks wheels, applies Requires-Python, yanking and
 * pre-releases, and says why a file was refused.
 *
 * Errors: ERR_NOT_FOUND from files() is an answer (nobody knows the name).
 * What provider_blames_release() names, from metadata() and build_system(), counts
 * against that one release, with the error's text as the reason; every other error
 * ends the planning.
 */
#ifndef REFINERY_PLAN_PROVIDER_H
#define REFINERY_PLAN_PROVIDER_H

#include "base/arena.h"
#include "pkg/listing.h"

/* ERR_UNSAT: what its build backend needs to answer cannot be had. */
static inline bool provider_blames_release(enum err_code code)
{
    return code == ERR_FORMAT || code == ERR_NOT_FOUND || code == ERR_LIMIT || code == ERR_DIGEST ||
           code == ERR_UNSAT;
}

enum provider_origin {
    PROVIDER_INPUT,      /* given with the run */
    PROVIDER_FIND_LINKS, /* --find-links */
    PROVIDER_STORE,      /* built by us before: own index or CAS */
    PROVIDER_INDEX,
    PROVIDER_URL, /* named by a requirement: name @ url */
};

struct provider_file {
    struct str filename;
    struct str url;             /* where it is fetched; empty for a local file */
    struct str path;            /* where it lies; empty for a remote file */
    struct str commit;          /* of sources out of a repository that `url` names; else empty */
    struct str sha256;          /* 64 hexadecimal digits, or empty when not known yet */
    struct str requires_python; /* as the index says it (PEP 503); empty when unknown */
    struct str yanked_reason;
    struct str index;    /* the index or directory it comes from, for explanations */
    uint64_t size;       /* 0 when unknown */
    int64_t uploaded_ms; /* 0 when unknown */
    enum provider_origin origin;
    bool yanked;       /* PEP 592 */
    bool has_metadata; /* PEP 658/714: METADATA can be had beside it */
    const void *own;   /* the provider's; of an input wheel its struct metadata, or NULL */
};

/*
 * Files of a project: some told in full, and those of an index's page, told in full one version at
 * a time (listed_files). A version may have files of both kinds.
 */
struct provider_files {
    const struct provider_file *at;
    size_t len;
    const struct listing *listing; /* or NULL */
    int64_t latest_ms; /* what of the listing was uploaded later is not there; 0: all is */
};

/* One version of a project with all its files, in the provider's order. */
struct provider_release {
    struct str name; /* normal form */
    struct version version;
    const struct provider_file *const *files;
    size_t files_len;
    const struct provider_file *wheel; /* the best the environment accepts, or NULL */
    const struct provider_file *sdist; /* or NULL */
};

struct provider_metadata {
    const struct str *requires_dist; /* as in METADATA, unparsed */
    size_t requires_dist_len;
    struct str requires_python;
    const struct str *extras; /* Provides-Extra, as written */
    size_t extras_len;
};

/* The [build-system] table of a source distribution (PEP 517, 518), its default filled in. */
struct provider_build_system {
    const struct str *requires; /* requirements, unparsed */
    size_t requires_len;
    struct str backend;
    bool in_tree; /* has a backend-path */
};

struct provider {
    void *state;

    /* All files of a project. `name` is in normal form. */
    bool (*files)(void *state, struct str name, struct arena *arena, struct provider_files *files,
                  struct err *err);
    /* Those of one version that are in the listing; `files` gets no listing. NULL: there is none.
     */
    bool (*listed_files)(void *state, struct str name, const struct version *version,
                         struct arena *arena, struct provider_files *files, struct err *err);
    /* The file behind `name @ url`: fetched, because its name and metadata are needed. */
    bool (*url_file)(void *state, struct str name, struct str url, struct arena *arena,
                     struct provider_file *file, struct err *err);
    /* Metadata of a release, from whichever of its files is cheapest and true. */
    bool (*metadata)(void *state, const struct provider_release *release, struct arena *arena,
                     struct provider_metadata *metadata, struct err *err);
    /* Of release->sdist. */
    bool (*build_system)(void *state, const struct provider_release *release, struct arena *arena,
                         struct provider_build_system *system, struct err *err);

    /* Hints of what is asked soon, so that it can be fetched in parallel. May be NULL. */
    void (*prefetch_files)(void *state, const struct str *names, size_t count);
    void (*prefetch_metadata)(void *state, const struct provider_release *releases, size_t count);
};

#endif
