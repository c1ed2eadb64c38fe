/*
 * What a failed build suggests, and what is done about it: of attempts, and of backends that a plan
 * asks for metadata. The log is read as it arrives; when it was a failure's, hints and the
 * capability map of the image say what may help (hint/suggest.h). With --auto-apply-suggestions the
 * best that policy lets pass is added to the recipes and the same tried again at once; else it is a
 * sentence for people.
 *
 * Policy: never what needs approval or has high impact, nothing below REMEDY_CONFIDENCE, no system
 * package with --no-system-recipes, no word twice, at most REMEDY_STEPS times. What an applied hint
 * was for must be gone from the next log: that is its record.
 */
#ifndef REFINERY_RUN_REMEDY_H
#define REFINERY_RUN_REMEDY_H

#include "base/vec.h"
#include "hint/classify.h"
#include "image/contents.h"
#include "run/learned.h"
#include "run/plan.h"

enum { REMEDY_STEPS = 12 };

#define REMEDY_CONFIDENCE 0.5

/* What all that fails in a plan and its run shares; opened when something begins to be listened to.
 * Zeroed but for the first four, which are borrowed. */
struct remedies {
    const struct run_plan_config *config;
    const struct learned *learned;
    const struct pack_recipes *packs;
    struct arena *arena;
    bool opened, map_asked, map_there;
    struct hint_catalogue catalogue;
    struct contents contents;
    VEC(struct str) given_up; /* names of packs that could not be made */
};

/* Recipes that an attempt is made with because of a hint, and what they are for. */
struct remedy_trial {
    struct str hint;
    enum hint_need need;
    struct str name;
    struct spec_list recipes; /* none: nothing is tried */
};

/* What is tried with one package, a hint at a time. */
struct remedy_course {
    VEC(struct str) recipes;       /* words that were learned or tried, not asked for */
    VEC(struct str) hints;         /* ids of the hints that they came from */
    struct remedy_trial trial;     /* of the last attempt or, before it, the next one */
    struct str suggestion;         /* for people, when it failed */
    struct classifier *classifier; /* of the live attempt; NULL: nobody listens */
    struct hint_reading reading;   /* of the last one */
    /* Not written to the history yet: of trials, and of names that were looked up. */
    VEC(struct store_hint_outcome) outcomes;
    VEC(struct store_inference) inferences;
};

/* What failed. */
struct remedy_subject {
    struct str name, version, backend;
};

struct remedy {
    struct str class;                 /* of the cause; empty: not known */
    struct str suggestion;            /* for people; empty: none */
    struct remedy_trial trial;        /* what is tried next */
    struct str why;                   /* of that, a sentence */
    struct store_inference inference; /* id empty: nothing was looked up */
};

/* Begins to listen to an attempt. */
CHECKED bool remedy_listen(struct remedies *remedies, struct remedy_course *course,
                           struct err *err);
void remedy_hear(struct remedy_course *course, struct str chunk);
void remedy_phase(struct remedy_course *course, struct str phase);

enum remedy_end {
    REMEDY_PASSED, /* by no fault and no merit of the build: stopped, nothing to be had */
    REMEDY_FAILED, /* the build's own failure */
    REMEDY_GOOD,
};

/*
 * The end of the log: what it suggests after a failure. How the trial that the attempt was made
 * with ended is among the outcomes then.
 */
void remedy_find(struct remedies *remedies, struct remedy_course *course,
                 const struct remedy_subject *subject, enum remedy_end end, struct remedy *remedy);
/* The next attempt is made with it. */
void remedy_take(struct remedies *remedies, struct remedy_course *course,
                 const struct remedy *remedy);
/* A course begins with these words, and with those hints: each once. */
void remedy_begin(struct remedies *remedies, struct remedy_course *course, struct spec_list recipes,
                  struct spec_list hints);
/*
 * After an attempt that could not even begin: packs that hints brought may be why (a source that no
 * mirror carries). They are given up, in this course and for all that fails later; what helps
 * instead is asked of the next failure. False: the course had none.
 */
bool remedy_withdraw(struct remedies *remedies, struct remedy_course *course);
/* "apt:a, apt:b", in the arena. */
struct str remedy_words(const struct remedy_trial *trial, struct arena *arena);

void remedy_close(struct remedies *remedies);

#endif
