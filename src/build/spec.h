/*
 * What a slot is told (spec) and what it answers (result), and their JSON. A job
 * is one of the kinds below; everything it needs is named here by digest or path,
 * so that the same spec gives the same result on any machine of the fleet.
 * Text is borrowed from the arena or the JSON document it was read from.
 */
#ifndef REFINERY_BUILD_SPEC_H
#define REFINERY_BUILD_SPEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum spec_kind {
    SPEC_FETCH,    /* bring a file into the cache, checked; deliver it when it is for the target */
    SPEC_REQUIRES, /* ask a source's backend what it needs to build (PEP 517) */
    SPEC_METADATA, /* ask a source's backend for the package's metadata */
    SPEC_WHEEL,    /* build, audit, repair */
    SPEC_TEST,     /* import and known-answer test in a clean root of the target */
    SPEC_IMAGE,    /* make the shared roots ahead of the builds */
    SPEC_PROVE,    /* wheels: installed by pip in a clean root, all imported */
};

/* A file known by its digest; `url` may be a path. An empty digest is one that nobody promised. */
struct spec_file {
    struct str filename, url, sha256;
};

struct spec_list {
    const struct str *at;
    size_t len;
};

/* One behind the other, in the arena. */
struct spec_list spec_list_join(struct spec_list a, struct spec_list b, struct arena *arena);
/* As the store keeps them: a JSON array, in the arena. Read back, what is no list has no words. */
struct str spec_list_json(struct spec_list list, struct arena *arena);
struct spec_list spec_list_read(struct str json, struct arena *arena);

/* How networks are reached, where the command line goes beyond pip's own configuration. */
struct spec_net {
    struct spec_list trusted_hosts;
    struct str proxy, ca_file, client_cert; /* empty: as pip is configured */
    bool offline;                           /* what is not in the cache is not to be had */
};

/* Native libraries from source (image/pack.h). */
struct spec_packs {
    struct str dir;     /* of recipes of the user's; empty: none */
    struct str sources; /* directory that has files of their sources; empty: none */
    struct str mirror;  /* URL of a folder that has them, before the hosts; empty: none */
};

struct spec_files {
    const struct spec_file *at;
    size_t len;
};

struct spec {
    enum spec_kind kind;
    struct str name, version;
    struct str python, arch, platform_tag; /* "3.11", "s390x", "manylinux2014_s390x" */
    struct str max_machine; /* "z13": code newer than that is refused; empty: none is */
    bool for_build_machine; /* the result runs where builds run, not on the target */
    bool strict_floor;
    struct str strategy; /* "cross", "hybrid", "native" */
    struct spec_file source;
    struct str commit;          /* of a source out of a repository: part of the action key */
    struct spec_files requires; /* wheels of the build environment */
    struct spec_files linked;   /* the target's own wheels of some of them: see env.h */
    struct spec_files wheels;   /* TEST: the wheel and what it needs, all from the store */
    struct spec_files patches;  /* of the source, in order: the recipes' "patch:" words */
    struct spec_list recipes;   /* "apt:libyaml-dev", "setting:K=V", "env:K=V" */
    struct str preset;          /* distribution of the images: "debian" */
    struct str image;           /* the target's root, pinned (image/pull.h); empty: the preset's */
    struct str cache, mirror;   /* directory; mirror URL or empty */
    struct str keyring;         /* who may sign the mirror's packages; empty: the distribution */
    struct spec_net net;
    struct spec_packs packs;
    int64_t cpu_milli, memory_bytes; /* 0: no limit */
    int64_t timeout_ms, silence_ms;
    bool as_json;      /* PROVE: one JSON object a package on standard output */
    bool retry_failed; /* make an attempt again that is known to fail */
    bool gather;       /* WHEEL, TEST: bring what it takes into the cache, and do no more */
    bool fresh;        /* build although the store has the result of this action key */
};

CHECKED bool spec_read(struct str json, struct arena *arena, struct spec *spec, struct err *err);
void spec_write(const struct spec *spec, struct buf *out);
const char *spec_kind_name(enum spec_kind kind);

/* How an attempt ended; anything but OK is the package's or the machine's failure, as data. */
enum spec_outcome {
    SPEC_OK,
    SPEC_FACTS, /* read machine facts in a cross build: to be built by hybrid */
    SPEC_FETCH_FAILED,
    SPEC_BUILD_FAILED,
    SPEC_NO_WHEEL,        /* the backend said success and left no wheel, or a wrong one */
    SPEC_SILENT_FALLBACK, /* a platform wheel without machine code of the target */
    SPEC_FLOOR,           /* above the floor, strict */
    SPEC_REPAIR_FAILED,
    SPEC_MACHINE, /* instructions that the target's oldest machine lacks */
    SPEC_IMPORT_FAILED,
    SPEC_TIMEOUT,
    SPEC_MEMORY,
    SPEC_DISK,
    SPEC_ENVIRONMENT, /* this machine's fault, not the package's */
    SPEC_OUTCOME_COUNT,
};

const char *spec_outcome_name(enum spec_outcome outcome); /* "build", "import", ... */

struct spec_graft {
    struct str name, origin, digest;
};

struct spec_result {
    enum spec_outcome outcome;
    bool cached;       /* the store had it */
    struct str key;    /* action key, hex; empty for what is not keyed */
    struct str why;    /* one sentence */
    struct str file;   /* name of the wheel or other file delivered */
    struct str sha256; /* its digest in the store, hex */
    struct str tag, floor, policy;
    const struct spec_graft *grafts;
    size_t graft_count;
    struct spec_list packs;    /* it was built against: "libffi 3.4.4-1 sha256:HEX" */
    struct spec_list requires; /* REQUIRES: the backend's answer */
    struct spec_list facts;    /* "setup.py:12 read sys.byteorder" */
    struct spec_list evidence; /* telling lines of the log */
    struct str value;          /* TEST: the known answer, JSON */
    struct str metadata;       /* METADATA: text */
    int64_t cpu_ms, peak_bytes, build_ms;
};

CHECKED bool spec_result_read(struct str json, struct arena *arena, struct spec_result *result,
                              struct err *err);
void spec_result_write(const struct spec_result *result,
                       struct buf *out); /* one line, no newline */

#endif
