/*
 * The agent: takes work from a source and carries it out in slots. A slot is this
 * program started again as `refinery slot SPEC FD`, one process per attempt in a
 * process group of its own, so that a crash, a hang or a kill of one attempt
 * touches nothing else. Its standard output and error are the attempt's log; on
 * descriptor FD it reports one JSON object per line: {"phase":"..."} while it
 * works, {"result":{...}} at the end.
 *
 * The same agent serves `refinery run`, whose source is the store in the same
 * process, and a drone, whose source is a server. It knows no ecosystem.
 * One thread; nothing polls: it sleeps until a pipe, a process, a signal or a
 * time limit wakes it.
 */
#ifndef REFINERY_DRONE_AGENT_H
#define REFINERY_DRONE_AGENT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "os/proc.h"

/* One attempt as the source hands it out. Text lives in the arena given to claim. */
struct agent_work {
    int64_t attempt; /* the store's or server's number of the attempt */
    int64_t epoch;   /* fencing token, handed back with everything said of the attempt */
    struct str spec; /* JSON, for the slot; the agent does not read it */
    struct proc_limits limits;
    size_t mark; /* the source's own, to know the job again */
};

struct agent_end {
    struct proc_result process;
    bool cancelled;    /* stopped by us: nobody's fault */
    struct str result; /* the slot's result object as JSON text; empty when it never said one */
};

struct agent_source {
    /* false with ERR_NOT_FOUND: nothing to claim now. */
    bool (*claim)(void *state, size_t slot, struct arena *arena, struct agent_work *work,
                  struct err *err);
    /* Nothing is left and nothing can become ready: the agent may end. */
    bool (*finished)(void *state);
    /* Milliseconds until waiting work becomes ready by itself (a backoff), -1: unknown. */
    int64_t (*next_ready_ms)(void *state);
    void (*phase)(void *state, size_t slot, const struct agent_work *work, struct str phase);
    /* A piece of the log; `offset` counts the attempt's bytes from 0. */
    bool (*log)(void *state, const struct agent_work *work, uint64_t offset, struct str chunk,
                struct err *err);
    bool (*end)(void *state, size_t slot, const struct agent_work *work,
                const struct agent_end *end, struct err *err);
    /* Called every renew_ms for each attempt that is running. */
    bool (*renew)(void *state, const struct agent_work *work, struct err *err);
    void (*tick)(void *state); /* redraw; called when something happened and every tick_ms */
    void *state;
    int64_t renew_ms, tick_ms; /* 0: never */
};

struct agent_config {
    const char *program;  /* this program's own file */
    const char *work_dir; /* spec files are written here */
    size_t slots;         /* 1 to AGENT_SLOTS_MAX */
    const struct clock *clock;
};

enum { AGENT_SLOTS_MAX = 256 };

/*
 * Works until the source is finished. SIGINT, SIGTERM and SIGHUP stop every
 * attempt, hand them back as cancelled and end with ERR_CANCELLED; so does an
 * error of the source, with that error.
 */
CHECKED bool agent_run(const struct agent_config *config, const struct agent_source *source,
                       struct err *err);

#endif
