/*
 * The files of a project as a list of versions: which of them the environment
 * can use (a wheel its tags accept, or an sdist), from which file, and why the
 * others are out. Everything lives in the arena of the solver run.
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
    struct provider_release release;
    enum candidate_out out;
    struct str out_by; /* origin and text of the constraint or the pin */
    bool yanked;       /* all usable files are */
    struct str yanked_reason;
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
};

void candidate_list_make(struct str name, const struct provider_files *files,
                         const struct candidate_rule *rule, const struct solve_env *env,
                         struct arena *arena, struct candidate_list *list);

/* One sentence: why this version is out. */
struct str candidate_why_out(const struct candidate *candidate, const struct solve_env *env,
                             struct arena *arena);

/* Every file of the version that is not usable, with its reason. */
size_t candidate_refusals(const struct candidate *candidate, const struct candidate_rule *rule,
                          const struct solve_env *env, struct arena *arena,
                          const struct solve_file_refused **refused);

#endif
