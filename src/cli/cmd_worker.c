#include "cli/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/drain.h"
#include "cli/worker_door.h"
#include "os/fd.h"
#include "publish/manifest.h"

enum { WORKER_SHORTEST_MS = 1000 };

enum worker_wake { WORKER_TIME, WORKER_TOLD, WORKER_STOP };

struct worker {
    const struct call *call;
    struct worker_door *door; /* NULL: nobody can ask */
    int64_t watch_ms;         /* 0: only when asked */
    int64_t due_ms;           /* of the next entry; 0: none */
};

static void worker_say(const struct call *call, const struct drain_counts *counts)
{
    BUF_AUTO struct buf text = {0};
    if (option_flag(call->options, OPTION_JSON)) {
        printf("{\"taken\": %zu, \"delivered\": %zu, \"next_due\": %.3f}\n", counts->taken,
               counts->delivered, (double)counts->due_ms / 1000);
    } else {
        buf_printf(&text, "%zu %s taken from the queue, %zu delivered", counts->taken,
                   counts->taken == 1 ? "entry" : "entries", counts->delivered);
        if (counts->due_ms) {
            buf_add(&text, STR("; the next is due at "));
            manifest_time(counts->due_ms, &text);
        }
        printf(STR_FMT "\n", STR_ARG(buf_str(&text)));
    }
    fflush(stdout);
}

/* What a drain takes of memory goes with it, however many a worker makes. */
static bool worker_drain(const struct call *call, struct drain_counts *counts, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct call one = *call;
    one.arena = &arena;
    if (!drain_queue(&one, counts, err))
        return false;
    worker_say(&one, counts);
    return true;
}

static bool worker_once(const struct call *call, int *status, struct err *err)
{
    struct drain_counts counts;
    if (!worker_drain(call, &counts, err))
        return false;
    *status = counts.delivered < counts.taken ? COMMAND_FAILED : COMMAND_OK;
    return true;
}

/* ---- a worker that stays ---- */

/* While a plan is made nothing is under way that an end could damage. */
static void worker_end(int signal)
{
    (void)signal;
    _exit(COMMAND_OK);
}

static void worker_signals(sigset_t *ends)
{
    static const int all[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = worker_end};
    sigemptyset(ends);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        sigaddset(ends, all[i]);
        sigaction(all[i], &action, NULL);
    }
}

/* Until the next entry is due, though never at once: one that fails may be due again. */
static int worker_wait_ms(const struct worker *worker)
{
    int64_t wait = worker->watch_ms;
    if (!wait)
        return -1;
    if (worker->due_ms) {
        int64_t left = worker->due_ms - clock_wall_ms(worker->call->clock);
        left = left < WORKER_SHORTEST_MS ? WORKER_SHORTEST_MS : left;
        wait = left < wait ? left : wait;
    }
    return wait > INT32_MAX ? INT32_MAX : (int)wait;
}

static bool worker_wait(const struct worker *worker, const sigset_t *ends, enum worker_wake *wake,
                        struct err *err)
{
    sigset_t before;
    sigprocmask(SIG_BLOCK, ends, &before);
    FD_AUTO int signals = signalfd(-1, ends, SFD_CLOEXEC);
    struct pollfd polled[] = {{.fd = signals, .events = POLLIN},
                              {.fd = worker_door_event(worker->door), .events = POLLIN}};
    if (signals < 0)
        return err_errno(err, "watching for signals");
    int ready;
    while ((ready = poll(polled, 2, worker_wait_ms(worker))) < 0 && errno == EINTR)
        ;
    *wake = polled[0].revents ? WORKER_STOP : polled[1].revents ? WORKER_TOLD : WORKER_TIME;
    if (ready < 0)
        return err_errno(err, "waiting");
    if (*wake != WORKER_STOP)
        sigprocmask(SIG_SETMASK, &before, NULL);
    return true;
}

/* False: it was told to stop. A drain that failed is said, and the next one may do better. */
static bool worker_turn(struct worker *worker)
{
    struct drain_counts counts = {0};
    struct err failed = {0};
    worker_door_begin(worker->door);
    bool good = worker_drain(worker->call, &counts, &failed);
    worker_door_end(worker->door, good, counts.taken, counts.delivered);
    worker->due_ms = good ? counts.due_ms : 0;
    if (!good && failed.code != ERR_CANCELLED)
        log_error("%s", failed.text);
    return good || failed.code != ERR_CANCELLED;
}

static bool worker_stay(struct worker *worker, struct err *err)
{
    enum worker_wake wake = worker->watch_ms ? WORKER_TIME : WORKER_STOP;
    sigset_t ends;
    worker_signals(&ends);
    if (wake == WORKER_TIME && !worker_turn(worker))
        return true;
    for (;;) {
        if (!worker_wait(worker, &ends, &wake, err))
            return false;
        if (wake == WORKER_STOP || !worker_turn(worker))
            return true;
    }
}

/* Everything that is wrong with the options is said before somebody relies on the worker. */
static bool worker_check(const struct call *call, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct call one = *call;
    int64_t due_ms;
    one.arena = &arena;
    return drain_look(&one, &due_ms, err);
}

bool cmd_worker(const struct call *call, int *status, struct err *err)
{
    WORKER_DOOR_AUTO struct worker_door *door = NULL;
    struct str listen = option_str(call->options, OPTION_LISTEN);
    struct worker worker = {.call = call, .watch_ms = option_ms(call->options, OPTION_WATCH)};
    *status = COMMAND_OK;
    if (!worker_door_token_is_private(call, err))
        return false;
    if (!listen.len && !worker.watch_ms)
        return worker_once(call, status, err);
    if (worker.watch_ms && worker.watch_ms < WORKER_SHORTEST_MS)
        return err_set(err, ERR_USAGE, "--watch: a second at least");
    if ((listen.len && !worker_door_check(call, err)) || !worker_check(call, err) ||
        (listen.len && !worker_door_open(call, listen, &door, err)))
        return false;
    worker.door = door;
    return worker_stay(&worker, err);
}
