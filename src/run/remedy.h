/*
 * What a failed build suggests, and what is done about it. The log of an attempt is read as it
 * arrives; when the attempt has failed, hints and the capability map of the image say what may help
 * (hint/suggest.h). With --auto-apply-suggestions the best that policy lets pass is added to the
 * job's recipes and the build tried again at once; else it is a sentence for people.
 *
 * Policy: never what needs approval or has high impact, nothing below REMEDY_CONFIDENCE, no system
 * package with --no-system-recipes, no word twice, at most REMEDY_STEPS times a job. What an
 * applied hint was for must be gone from the next attempt's log: that is its record.
 */
#ifndef REFINERY_RUN_REMEDY_H
#define REFINERY_RUN_REMEDY_H

#include "run/run.h"

enum { REMEDY_STEPS = 12 };

#define REMEDY_CONFIDENCE 0.5

struct remedy {
    struct str class;                 /* of the cause; empty: not known */
    struct str suggestion;            /* for people; empty: none */
    struct run_trial trial;           /* what is tried next; without recipes: nothing */
    struct str why;                   /* of that, a sentence */
    struct store_inference inference; /* id empty: nothing was looked up */
};

/* Begins to listen to an attempt of the job; nothing to do for kinds that build nothing. */
CHECKED bool remedy_listen(struct run *run, struct run_job *job, struct err *err);
void remedy_hear(struct run_job *job, struct str chunk);
void remedy_phase(struct run_job *job, struct str phase);

/* The end of the log; `failed`: what it suggests. `good` attempts are heard to the end as well. */
void remedy_find(struct run *run, struct run_job *job, bool failed, struct remedy *remedy);

/* How the trials of the job's last attempt ended, by what its log says; valid after remedy_find. */
void remedy_outcomes(struct run *run, const struct run_job *job, bool good,
                     const struct store_hint_outcome **outcomes, size_t *count);

void remedy_close(struct run *run);

#endif
