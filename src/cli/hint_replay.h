/*
 * What the hints of today say to the failures of yesterday: the logs of the attempts that ended
 * with a class of failure, also those that gave way to another one, read again.
 */
#ifndef REFINERY_CLI_HINT_REPLAY_H
#define REFINERY_CLI_HINT_REPLAY_H

#include "cli/command.h"
#include "hint/suggest.h"
#include "store/store.h"

struct hint_replay_count {
    struct str hint;
    size_t failures; /* for which it has a recipe that the attempt was made without */
};

struct hint_replay {
    size_t failures;                    /* whose logs were read */
    size_t gone;                        /* whose logs are there no more, or cannot be read */
    size_t met;                         /* for which any hint has such a recipe */
    const struct hint_replay_count *at; /* in the order of the newest failure that each is for */
    size_t len;
};

/* Without a history (NULL) there are no failures; without a look-up (NULL) nothing is looked up. */
CHECKED bool hint_replay(const struct call *call, const struct hint_catalogue *catalogue,
                         struct store *store, const struct hint_lookup *lookup,
                         struct hint_replay *replay, struct err *err);

/* Failures that a hint would have been suggested for. */
size_t hint_replay_of(const struct hint_replay *replay, struct str hint);

#endif
