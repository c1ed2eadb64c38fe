/*
 * The inside of one solver state, shared by the parts of solve.c: what is known
 * of each project, and the facts that the search was told. Private.
 */
#ifndef REFINERY_PLAN_SOLVE_STATE_H
#define REFINERY_PLAN_SOLVE_STATE_H

#include "base/map.h"
#include "plan/candidate.h"
#include "plan/pubgrub.h"

enum solve_fact_kind {
    SOLVE_FACT_NEEDS,    /* owner needs other in `allowed` */
    SOLVE_FACT_EXTRA,    /* name[extra] is the same version as name */
    SOLVE_FACT_UNUSABLE, /* owner cannot be used: text says why */
};

/* Why a clause was added. The owner of a requirement of the input is the root. */
struct solve_fact {
    enum solve_fact_kind kind;
    uint32_t owner, other;
    struct span versions; /* of the owner */
    struct span allowed;  /* of the other */
    struct str text;      /* the requirement as written, or the reason */
    struct str origin;    /* of a requirement of the input */
};

/* What one chosen version brought in. */
struct solve_needs {
    bool expanded;
    VEC(const struct solve_fact *) facts;
};

struct solve_meta {
    bool asked, usable;
    bool broken; /* cannot be had: not usable, unless the run is lenient */
    struct requirement *requires;
    size_t requires_len;
    struct str why; /* not usable */
};

/* A project, or name[extra] as a package of its own. Candidate i is number i + 1 of the search. */
struct solve_package {
    struct str name, extra;
    uint32_t base; /* of name[extra]; itself otherwise */
    struct candidate_list *list;
    struct candidate_rule *rule;
    struct solve_meta *meta;   /* by candidate */
    struct solve_needs *needs; /* by candidate */
    VEC(uint32_t) extras;      /* of a base: its name[extra] packages */
    struct str url;            /* the one URL it is taken from */
    struct str fallback;       /* why not the version asked for (--fallback-latest); or empty */
    bool pre_asked, direct, pinned;
};

/* What the input says of a name before the run starts. */
struct solve_said {
    VEC(const struct solve_require *) constraints, overrides;
    bool overridden; /* even by none that holds here */
    VEC(const struct solve_pin *) pins;
    const struct str *hashes;
    size_t hashes_len;
    struct str url;
    bool pre_asked, direct;
    struct candidate_list *own; /* of the pins alone, where no index has to be asked; or NULL */
};

struct solve_state {
    const struct solve_request *request;
    const struct provider *provider;
    struct arena *kept;  /* of the request's answer: picks, their releases and texts */
    struct arena *arena; /* of all else; ends with the search */
    struct pubgrub pg;
    VEC(struct solve_package) packages; /* by number of the search; 0 is the root */
    struct map by_name;                 /* "name" or "name[extra]" -> uint32_t */
    struct map said;                    /* name -> struct solve_said */
    size_t indirect, metadata_asked;
    size_t hinted; /* packages the provider had a hint about */
    bool lenient;  /* broken candidates are taken where no other is left */
    bool met_broken;
};

/* solve_lists.c: the files of a project and what they are. */
CHECKED bool solve_said_collect(struct solve_state *state, struct err *err);
CHECKED bool solve_list(struct solve_state *state, struct str name, struct str url,
                        struct solve_package *package, struct err *err);
CHECKED bool solve_metadata(struct solve_state *state, struct solve_package *package,
                            uint32_t index, struct err *err);

/* The constraint that names one version of the project, as lock files have it; NULL: none does. */
const struct solve_require *solve_only_by(const struct solve_package *package);

/* solve_picks.c: what was chosen, who asked for it. */
struct solve_result solve_picks(struct solve_state *state);

/* solve_explain.c: the facts that a failed clause follows from, in words. */
struct str solve_explain(struct solve_state *state, uint32_t clause);

#endif
