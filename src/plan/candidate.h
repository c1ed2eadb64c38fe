/*
 * The files of a project as a list of versions: which of them the environment
 * can use (a wheel its tags accept, or an sdist), from which file, and why the
 * others are out. Of the files in an index's listing no more is read for that than
 * the listing's rows; a version's files are fetched when it is looked at.
 */
#ifndef REFINERY_PLAN_CANDIDATE_H
#define REFINERY_PLAN_CANDIDATE_H

#include "plan/solve.h"

enum candidate_out {
    CANDIDATE_IN,
    CANDIDATE_NO_FILE,    /* neither a usable wheel nor an sdist */
    CANDIDATE_PYTHON,     /* Requires-Python of every file */
    CANDIDATE_HASH,       /* no file has one of the hashes asked for */
    CANDIDATE_CONSTRAINT, /* a constraint of the input */
    CANDIDATE_PIN,        /* an input file pins another version */
    CANDIDATE_PRE,        /* pre-release, and none is wanted */
};

struct candidate {
    struct version version;
    const struct provider_release *release; /* NULL until candidate_look */
    uint32_t own_from, own_to;              /* its files among those told in full */
    bool listed;                            /* and it has some in the listing */
    uint8_t out;                            /* enum candidate_out */
    bool yanked;                            /* all usable files are */
    bool awaited; /* no usable wheel and no sdist yet, but young: one may still be uploaded */
    bool named;   /* a requirement names this very version: a yanked one may be taken */
};

/* What the input says about one project before its files are looked at. */
struct candidate_rule {
    const struct solve_require *const *constraints;
    size_t constraints_len;
    const struct solve_pin *const *pins;
    size_t pins_len;
    const struct str *hashes;
    size_t hashes_len;
    bool wheels_only;
    bool never_pre;
    int64_t awaited_from_ms; /* of solve_request */
};

struct candidate_list {
    struct str name;
    struct candidate *at; /* ascending versions; those that are out included */
    size_t len;
    struct str unknown; /* why there are no files at all; empty otherwise */
    const struct candidate_rule *rule;
    const struct solve_env *env;
    const struct provider *provider;
    struct arena *kept;              /* of what candidate_look makes */
    const struct candidate_own *own; /* files told in full, ascending versions */
};

/*
 * `files` without the listed ones are borrowed, and so are rule, env and provider, as long as the
 * list is used. The list lives in `arena`, what is looked at in `kept`. Only with hashes in the
 * rule does it fail: then the provider has to tell all files.
 */
CHECKED bool candidate_list_make(struct str name, const struct provider_files *files,
                                 const struct candidate_rule *rule, const struct solve_env *env,
                                 const struct provider *provider, struct arena *arena,
                                 struct arena *kept, struct candidate_list *list, struct err *err);

/* Fills in candidate->release: all files, and the best wheel and sdist of them. */
CHECKED bool candidate_look(const struct candidate_list *list, struct candidate *candidate,
                            struct err *err);

/* One sentence: why this version is out. */
struct str candidate_why_out(const struct candidate_list *list, struct candidate *candidate,
                             struct arena *arena);

/* Every file of the version that is not usable, with its reason. It has been looked at. */
size_t candidate_refusals(const struct candidate *candidate, const struct candidate_rule *rule,
                          const struct solve_env *env, struct arena *arena,
                          const struct solve_file_refused **refused);

#endif
