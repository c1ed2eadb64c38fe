/*
 * Version specifiers (PEP 440): `~= == != <= >= < > ===`, `==1.2.*`, and sets
 * of them separated by commas. Slices are borrowed from the text; the array of
 * a set lives in the arena. Nothing here allocates when matching.
 *
 * Matching is separate from the pre-release policy: specifier_match says
 * whether a version lies in the set; specifier_set_names_pre tells whether the
 * set itself asks for pre-releases; specifier_set_pick applies the policy to a
 * list: final versions first, pre-releases only when asked for or when nothing
 * else fits.
 */
#ifndef REFINERY_PKG_SPECIFIER_H
#define REFINERY_PKG_SPECIFIER_H

#include "pkg/version.h"

enum { SPECIFIER_SET_LIMIT = 1000 };

enum specifier_op {
    SPECIFIER_COMPATIBLE, /* ~= */
    SPECIFIER_EQ,         /* ==, also with .* */
    SPECIFIER_NE,         /* !=, also with .* */
    SPECIFIER_LE,
    SPECIFIER_GE,
    SPECIFIER_LT,
    SPECIFIER_GT,
    SPECIFIER_ARBITRARY, /* ===: compares text, without case */
};

struct specifier {
    enum specifier_op op;
    bool wildcard;          /* == or != with a trailing .* */
    bool valid;             /* false: === with a text that is no version */
    struct str text;        /* the version as written, without .* */
    struct version version; /* of text */
};

struct specifier_set {
    const struct specifier *at;
    size_t len;
    struct str text; /* as written, trimmed, without parentheses */
};

/* One clause, such as ">= 1.0". */
CHECKED bool specifier_parse(struct str text, struct specifier *specifier, struct err *err);
/*
 * The same from its parts, without a message: `text` is the version, perhaps with a trailing .*
 * Behind === it may be empty, as values of markers are.
 */
bool specifier_make(enum specifier_op op, struct str text, struct specifier *specifier);
/* Clauses separated by commas; an empty text gives the set that holds every version. */
CHECKED bool specifier_set_parse(struct str text, struct arena *arena, struct specifier_set *set,
                                 struct err *err);

bool specifier_match(const struct specifier *specifier, const struct version *version);
/* The same for a text that may be no version at all: only === can hold for one. */
bool specifier_match_text(const struct specifier *specifier, struct str version);
bool specifier_set_match(const struct specifier_set *set, const struct version *version);
bool specifier_set_match_text(const struct specifier_set *set, struct str version);

/* A clause other than != names a pre-release, so that pre-releases are asked for. */
bool specifier_set_names_pre(const struct specifier_set *set);
/* The set is one version: == without a wildcard, or ===. What a yanked release needs (PEP 592). */
bool specifier_set_pins(const struct specifier_set *set);

enum specifier_pre { SPECIFIER_PRE_IF_NEEDED, SPECIFIER_PRE_ALLOW, SPECIFIER_PRE_NEVER };

/* Index of the newest version the policy gives, or `count` when there is none. */
size_t specifier_set_pick(const struct specifier_set *set, const struct version *versions,
                          size_t count, enum specifier_pre pre);

/*
 * The places of the texts that the set holds, in their order, under the policy: IF_NEEDED gives
 * pre-releases when a clause names one or no final version fits (so that a single pre-release
 * does). A text that is no version is held by === alone, or by the set without clauses, and is
 * never a pre-release. `places` has room for `count`.
 */
void specifier_set_filter(const struct specifier_set *set, const struct str *texts, size_t count,
                          enum specifier_pre pre, size_t *places, size_t *kept);

/* "~=", "==", ... */
struct str specifier_op_text(enum specifier_op op);

/* Normal form: clauses sorted, normal versions, no spaces: "!=1.5,<2,>=1.0". */
struct str specifier_set_normal(const struct specifier_set *set, struct arena *arena);

#endif
