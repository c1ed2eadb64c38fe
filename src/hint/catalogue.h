/*
 * The hint catalogue: rules from what a log says to what mends it, as YAML (data/hints, in the
 * program as catalogue_shipped; people's own beside them). A file is a list of
 *
 *     - id: header-of-gcc            # lower case, digits, "-"; unique
 *       pattern: 'fatal error: (?<name>[\w./+-]+): No such file'   # PCRE2, one line; or:
 *       class: missing-header        # tables/hint_classes.def; without a pattern: any log of it
 *       need: header                 # tables/hint_needs.def: <name> is looked up
 *       recipes: {apt: [libyaml-dev], dnf: [libyaml-devel], pip: ['cython<3'], env: [K=V]}
 *       applies_to: {packages: [..], patterns: [..], python_versions: ['>=3.12'], python_tags:
 * [..], platforms: [..], arch: [..], backends: [..]}  # each also singular, also one value
 *       confidence: 0.9              # that the recipes mend it, before anything is known
 *       severity: error              # info, warning, error, fatal: what the line proves
 *       impact: high                 # else by what the recipes are
 *       phase: wheel                 # or several; none: any
 *       note: what to know           # a sentence
 *       tags: [..]
 *       examples: [..]               # lines that the pattern matches
 *       counterexamples: [..]        # and lines that it must not match
 *
 * "{name}" and "{version}" in recipes and note are what the pattern's groups of these names caught,
 * "{package}" and "{package_version}" what is being built.
 * In patterns "'" stands for every quotation mark (classify.h). What is wrong with one hint is said
 * with file and line and costs that hint alone. Pure: files come in as text. Everything lives in
 * the arena, but for the compiled patterns: catalogue_close. A catalogue is read-only once it is
 * made.
 */
#ifndef REFINERY_HINT_CATALOGUE_H
#define REFINERY_HINT_CATALOGUE_H

#include "base/arena.h"
#include "base/embedded.h"
#include "base/err.h"
#include "hint/kind.h"

enum {
    CATALOGUE_HINT_LIMIT = 20000,   /* hints of a catalogue */
    CATALOGUE_PATTERN_LIMIT = 1000, /* bytes */
    CATALOGUE_LIST_LIMIT = 200,     /* values of a field */
};

extern const struct embedded_file catalogue_shipped[]; /* data/hints, sorted */

struct hint_list {
    const struct str *at;
    size_t len;
};

/* "apt", "libffi-dev". Kinds: apt dnf emerge pip env pack patch, and the build's own: tool setting.
 */
struct hint_recipe {
    struct str kind, value;
};

struct hint_recipes {
    const struct hint_recipe *at;
    size_t len;
};

/* Empty lists hold for everything. */
struct hint_applies {
    struct hint_list packages;    /* normalised names */
    struct hint_list patterns;    /* of names, with "*" and "?" */
    struct hint_list python;      /* "3.12", "3.*" or specifiers ">=3.12" */
    struct hint_list python_tags; /* "cp312" */
    struct hint_list platforms;   /* tags, with "*": "manylinux_2_17_*", "linux" */
    struct hint_list arch;        /* "s390x"; "!x86_64": every other */
    struct hint_list backends;    /* "setuptools.build_meta", with "*" */
};

enum hint_origin { ORIGIN_SHIPPED, ORIGIN_LOCAL, ORIGIN_INFERRED };

struct hint {
    struct str id, file;
    size_t line;
    enum hint_origin origin;
    struct str pattern; /* empty: of a class alone */
    enum hint_class class;
    enum hint_need need;
    struct hint_recipes recipes;
    struct hint_applies applies;
    double confidence;
    bool has_confidence;
    enum hint_severity severity;
    enum hint_impact impact;
    bool has_impact;
    struct str note;
    struct hint_list tags, examples, counterexamples, phases;
    void *code; /* pcre2_code of the pattern, or NULL */
};

struct prefilter;

struct hint_catalogue {
    const struct hint *at; /* in the order of files and lines */
    size_t len;
    const struct prefilter *prefilter; /* its owners are indices of `at` */
};

struct hint_source {
    struct str name, text; /* of a file */
    enum hint_origin origin;
};

/* What is wrong with a hint, ready to be printed: "headers.yaml:12: hint X: ...". */
struct hint_complaints {
    const struct str *at;
    size_t len;
};

/*
 * Reads all sources, in order, after those shipped with the program when `shipped`. Never fails:
 * what cannot be used is left out and complained of, contradictions are ordered or refused and
 * said.
 */
void catalogue_open(const struct hint_source *sources, size_t len, bool shipped,
                    struct arena *arena, struct hint_catalogue *catalogue,
                    struct hint_complaints *complaints);
void catalogue_close(struct hint_catalogue *catalogue); /* an empty one is fine */

const struct hint *catalogue_find(const struct hint_catalogue *catalogue, struct str id);

/* Whether this hint's pattern matches a line, with what its groups caught (empty when absent). */
struct hint_match {
    struct str name, version; /* borrowed from the line */
};
bool catalogue_matches(const struct hint *hint, struct str line, struct hint_match *match);

#endif
