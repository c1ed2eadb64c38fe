/*
 * What a run leaves behind about itself: the facts from which manifest.json and report.html are
 * written. A plain struct that borrows everything. Same facts, same bytes.
 *
 * manifest.json: {"manifest_version": 1, "run": {...}, "counts": {status: n}, "packages": [...]},
 * packages sorted by name and version; members whose value is unknown are left out.
 */
#ifndef REFINERY_PUBLISH_MANIFEST_H
#define REFINERY_PUBLISH_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

enum manifest_status {
    MANIFEST_BUILT,
    MANIFEST_CACHED,
    MANIFEST_REUSED,
    MANIFEST_MISSING,
    MANIFEST_FAILED,
    MANIFEST_SKIPPED_KNOWN_FAILURE,
    MANIFEST_SYSTEM_RECIPE_FAILED,
    MANIFEST_SKIPPED, /* never tried: it needs a package that failed */
    MANIFEST_STATUS_COUNT
};

const char *manifest_status_name(enum manifest_status status); /* "skipped_known_failure" */

struct manifest_list {
    const struct str *at;
    size_t len;
};

struct manifest_graft {
    struct str name;   /* "libyaml-0-1f2e3d.so.2.0.9" inside the wheel */
    struct str origin; /* "libyaml-0-2 0.2.5-1 (debian bookworm)" */
    struct str digest; /* hex */
};

/* One try; the bars of the timeline. */
struct manifest_attempt {
    unsigned number;    /* from 1 */
    unsigned slot;      /* from 0 */
    int64_t started_ms; /* after the run's start */
    int64_t duration_ms;
    bool succeeded;
    struct str strategy;
    struct str failure_class; /* "missing header"; empty when it succeeded */
    struct manifest_list recipes;
    struct str log; /* path */
};

struct manifest_package {
    struct str name, version;
    enum manifest_status status;
    struct str python_tag, abi_tag, platform_tag; /* compressed sets as in the file name */
    struct str wheel;                             /* path relative to the manifest */
    struct str wheel_digest;                      /* hex */
    struct str wheel_url;                         /* where a reused one came from */
    struct str source, source_url, source_digest; /* of a built one: file, where from, hex */
    struct str commit;                            /* of a source out of a repository */
    struct str strategy;                          /* "cross", "hybrid"; empty when not built */
    struct str floor;                             /* "2.17": the oldest glibc that accepts it */
    struct str policy;                            /* "manylinux_2_17_s390x" */
    struct str why, version_why;                  /* one sentence each: so, and this version */
    int64_t duration_ms;
    const struct manifest_attempt *attempts;
    size_t attempt_count;
    const struct manifest_graft *grafts;
    size_t graft_count;
    struct manifest_list recipes, hint_ids, packs;
    struct str log; /* of the last attempt */
    /* What follows is for failures. */
    struct str error;              /* one line */
    struct str failure_class;      /* "missing header" */
    struct manifest_list evidence; /* up to 20 lines of the log, the telling ones */
    size_t evidence_mark;          /* index of the first error among them */
    struct str suggestion;   /* "Suggested packages: dnf: openblas-devel | apt: libopenblas-dev" */
    struct str next_command; /* what the user can type next */
    struct manifest_list blocks; /* names that wait for this one */
    struct str blocked_by;       /* name of the failed dependency, when this never started */
};

struct manifest {
    struct str version; /* of the program */
    struct str run_id, plan_id;
    struct str command;      /* as typed */
    struct str target;       /* "cp311 / s390x / glibc 2.17" */
    struct str python;       /* "3.11" */
    struct str platform_tag; /* asked for */
    struct str image;        /* of a registry or engine, with its digest; empty: out of packages */
    struct str max_machine;  /* "z13"; empty: no limit */
    int64_t started_ms;      /* Unix milliseconds */
    int64_t duration_ms;
    unsigned jobs; /* slots */
    const struct manifest_package *packages;
    size_t package_count;
};

/* built, cached or reused: there is a wheel */
bool manifest_is_delivered(enum manifest_status status);

/* The package's own build or test failed: neither what it needs nor this machine or a network. */
bool manifest_is_own_failure(const struct manifest_package *package);

/* Pointers to the packages, sorted by name and version: the order of the file. */
const struct manifest_package **manifest_sorted(const struct manifest *manifest,
                                                struct arena *arena);

/* RFC 3339 in UTC, whole seconds: "2026-11-21T01:02:03Z". */
void manifest_time(int64_t unix_ms, struct buf *out);

void manifest_json(const struct manifest *manifest, struct buf *out);
CHECKED bool manifest_write(const struct manifest *manifest, const char *path, struct err *err);
/*
 * For a run of some of an earlier run's packages: those of the manifest at `path` that are for the
 * same target and have none of these names stay in it as they are. What is no manifest is replaced.
 */
CHECKED bool manifest_merge(const struct manifest *manifest, const char *path, struct err *err);

#endif
