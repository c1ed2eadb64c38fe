/*
 * From what a log says to what may be tried: recipes in the order in which they deserve it. Names
 * that a log gives are looked up (a capability map says which package of a distribution has them)
 * and never installed by themselves. Nothing is done here: the caller applies what policy allows.
 * Pure.
 */
#ifndef REFINERY_HINT_SUGGEST_H
#define REFINERY_HINT_SUGGEST_H

#include "base/buf.h"
#include "hint/applies.h"
#include "hint/classify.h"

enum {
    SUGGEST_LIMIT = 32, /* suggestions of one reading */
    SUGGEST_NAMES = 4,  /* packages of one look-up, best first */
};

struct hint_names {
    struct str at[SUGGEST_NAMES];
    size_t len;
};

/*
 * Packages of a manager ("apt", "dnf", "emerge"), or packs ("pack"), that have what is needed, best
 * first, in the arena; false when none is known.
 */
struct hint_lookup {
    bool (*find)(void *state, enum hint_need need, struct str name, struct str manager,
                 struct arena *arena, struct hint_names *found);
    void *state;
};

/* What came of a hint before. */
struct hint_record {
    struct str id;
    uint64_t tried, worked;
};

struct suggest_recipe {
    struct str kind, value; /* "apt", "libffi-dev" */
    bool approval;          /* a person has to agree: the value comes from a log or was inferred */
};

struct hint_suggestion {
    struct str id;                      /* of the hint */
    const struct hint_finding *finding; /* NULL: of the class alone */
    enum hint_class class;
    const struct suggest_recipe *recipes; /* alternatives of several managers beside each other */
    size_t len;
    double confidence;
    enum hint_impact impact;
    bool approval;  /* of any recipe that is no package of a distribution */
    struct str why; /* a sentence: what is missing, where the log says so, the hint's note */
};

struct hint_suggestions {
    const struct hint_suggestion *at;
    size_t len;
};

struct suggest_request {
    const struct hint_catalogue *catalogue;
    const struct hint_reading *reading;
    const struct hint_facts *facts;
    const struct hint_lookup *lookup; /* NULL: no capability map */
    const struct hint_record *records;
    size_t record_count;
};

/*
 * Best first: severity of what proves it, confidence, place in the log, id. A recipe that an
 * earlier suggestion has is left out of later ones, and so is one that sets the same to another
 * value.
 */
void suggest(const struct suggest_request *request, struct arena *arena,
             struct hint_suggestions *suggestions);

/*
 * What of a suggestion is for one manager: its packages, and what is for every manager (pip, env,
 * pack, ...). Never packages of two managers, and none where a pack has the same. `manager` empty:
 * only what is for every manager.
 */
void suggest_for(const struct hint_suggestion *suggestion, struct str manager, struct arena *arena,
                 const struct suggest_recipe **recipes, size_t *len);

/* Whether an earlier suggestion is of the same hint. */
bool suggest_is_repeat(const struct hint_suggestions *suggestions, size_t at);

/* Whether recipes of this kind are packages of a distribution: "apt", "dnf", "emerge". */
bool suggest_is_manager(struct str kind);

/*
 * "Suggested packages: dnf: openblas-devel | apt: libopenblas-dev", a line for what is no package
 * ("Suggested: pip: cython<3 (needs approval)"), nothing when there is nothing to suggest.
 */
void suggest_sentence(const struct hint_suggestions *suggestions, struct buf *out);

#endif
