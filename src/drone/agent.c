#include "drone/agent.h"
#include "base/buf.h"
#include "base/mem.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    AGENT_CHUNK = 1 << 16,
    AGENT_STATUS_MAX = 4 << 20, /* a slot that reports more than this is broken */
    AGENT_PER_SLOT = 3,         /* descriptors polled per slot: log, status, process */
    AGENT_DRAINS = 8,           /* reads after the end: more than a pipe can hold */
};

#define AGENT_PHASE "{\"phase\":\""
#define AGENT_RESULT "{\"result\":"

struct agent_slot {
    bool busy;
    struct arena arena; /* lives as long as the attempt */
    struct agent_work work;
    struct proc proc;
    int log, status; /* read ends of the pipes; -1 at end of stream */
    bool ended;      /* the process is gone; the pipes may still hold something */
    int drains;      /* looks at the pipes since then */
    struct buf said; /* incomplete line of the status stream */
    struct str result;
    uint64_t logged;
    int64_t started_ms, heard_ms, renewed_ms;
    enum proc_end struck; /* limit that it broke; PROC_EXITED: none */
};

struct agent {
    const struct agent_config *config;
    const struct agent_source *source;
    struct agent_slot *slots;
    int signals;
    bool stopping;
    int64_t ticked_ms;
};

static int64_t agent_now(const struct agent *agent)
{
    return clock_steady_ms(agent->config->clock);
}

/* ---- starting ---- */

static bool agent_spawn(struct agent *agent, struct agent_slot *slot, const char *spec_path,
                        struct err *err)
{
    int log[2], status[2];
    if (pipe2(log, O_CLOEXEC) < 0)
        return err_errno(err, "making a pipe");
    FD_AUTO int log_in = log[0];
    FD_AUTO int log_out = log[1];
    if (pipe2(status, O_CLOEXEC) < 0)
        return err_errno(err, "making a pipe");
    FD_AUTO int status_in = status[0];
    FD_AUTO int status_out = fcntl(status[1], F_DUPFD_CLOEXEC, 3);
    close(status[1]);
    if (status_out < 0)
        return err_errno(err, "making a pipe");
    const char *number = arena_printf(&slot->arena, "%d", status_out).ptr;
    const char *const argv[] = {agent->config->program, "slot", spec_path, number, NULL};
    struct proc_spec spec = {.argv = argv,
                             .in = -1,
                             .out = log_out,
                             .err = log_out,
                             .pass = &status_out,
                             .pass_count = 1};
    if (!proc_spawn(&spec, &slot->proc, err))
        return false;
    slot->log = fd_take(&log_in);
    slot->status = fd_take(&status_in);
    if (fcntl(slot->log, F_SETFL, O_NONBLOCK) < 0 || fcntl(slot->status, F_SETFL, O_NONBLOCK) < 0)
        return err_errno(err, "setting up the pipes of a slot");
    return true;
}

static const char *agent_spec_path(const struct agent *agent, struct agent_slot *slot)
{
    return arena_printf(&slot->arena, "%s/%lld.json", agent->config->work_dir,
                        (long long)slot->work.attempt)
        .ptr;
}

/* Claims for one slot; false with ERR_NOT_FOUND when there is nothing. */
static bool agent_start(struct agent *agent, size_t index, struct err *err)
{
    struct agent_slot *slot = &agent->slots[index];
    *slot = (struct agent_slot){.log = -1, .status = -1, .proc.pidfd = -1};
    if (!agent->source->claim(agent->source->state, index, &slot->arena, &slot->work, err)) {
        arena_free(&slot->arena);
        return false;
    }
    slot->busy = true;
    slot->started_ms = slot->heard_ms = slot->renewed_ms = agent_now(agent);
    const char *path = agent_spec_path(agent, slot);
    if (file_write(AT_FDCWD, path, 0600, slot->work.spec, err) &&
        agent_spawn(agent, slot, path, err))
        return true;
    slot->ended = true; /* handed back by agent_stop */
    if (err->code == ERR_NOT_FOUND)
        err->code = ERR_SYSTEM;
    return false;
}

static bool agent_fill(struct agent *agent, struct err *err)
{
    for (size_t i = 0; i < agent->config->slots && !agent->stopping; i++) {
        struct err nothing = {0};
        if (agent->slots[i].busy || agent_start(agent, i, &nothing))
            continue;
        if (nothing.code != ERR_NOT_FOUND)
            return err_set(err, nothing.code, "%s", nothing.text);
        break;
    }
    return true;
}

/* ---- listening ---- */

/* One line of the status stream; a slot that talks nonsense is left without a result. */
static void agent_hear(struct agent *agent, size_t index, struct str line)
{
    struct agent_slot *slot = &agent->slots[index];
    if (str_starts(line, STR(AGENT_PHASE)) && str_ends(line, STR("\"}")))
        agent->source->phase(agent->source->state, index, &slot->work,
                             str_slice(line, sizeof AGENT_PHASE - 1, line.len - 2));
    else if (str_starts(line, STR(AGENT_RESULT)) && str_ends(line, STR("}")))
        slot->result =
            arena_str(&slot->arena, str_slice(line, sizeof AGENT_RESULT - 1, line.len - 1));
}

static void agent_read_status(struct agent *agent, size_t index)
{
    struct agent_slot *slot = &agent->slots[index];
    ssize_t got = read(slot->status, buf_space(&slot->said, AGENT_CHUNK), AGENT_CHUNK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || slot->said.len > AGENT_STATUS_MAX) {
        fd_close(&slot->status);
        return;
    }
    slot->said.len += (size_t)got;
    struct str rest = buf_str(&slot->said);
    size_t end;
    while ((end = str_find_char(rest, '\n')) < rest.len) {
        agent_hear(agent, index, str_slice(rest, 0, end));
        rest = str_from_pos(rest, end + 1);
    }
    memmove(slot->said.ptr, rest.ptr, rest.len);
    slot->said.len = rest.len;
}

static bool agent_read_log(struct agent *agent, struct agent_slot *slot, struct err *err)
{
    char chunk[AGENT_CHUNK];
    ssize_t got = read(slot->log, chunk, sizeof chunk);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0) {
        fd_close(&slot->log);
        return true;
    }
    size_t most = slot->work.limits.output_max, len = (size_t)got;
    if (most && slot->logged + len > most) {
        slot->struck = PROC_FLOODED;
        len = (size_t)(most - slot->logged);
    }
    struct str piece = str_of(chunk, len);
    slot->heard_ms = agent_now(agent);
    bool ok =
        !len || agent->source->log(agent->source->state, &slot->work, slot->logged, piece, err);
    slot->logged += len;
    return ok;
}

/* ---- ending ---- */

static bool agent_finish(struct agent *agent, size_t index, bool cancelled, struct err *err)
{
    struct agent_slot *slot = &agent->slots[index];
    struct agent_end end = {.cancelled = cancelled, .result = slot->result};
    struct err ignored = {0};
    if (slot->proc.pidfd >= 0) {
        proc_kill(&slot->proc, SIGKILL); /* whatever the slot left behind in its group */
        if (!proc_wait(&slot->proc, &end.process, &ignored))
            end.process = (struct proc_result){.end = PROC_SIGNALED, .code = SIGKILL};
    } else {
        end.process = (struct proc_result){.end = PROC_SIGNALED, .code = SIGKILL};
    }
    if (slot->struck != PROC_EXITED)
        end.process.end = slot->struck;
    end.process.wall_ms = agent_now(agent) - slot->started_ms;
    fd_close(&slot->log);
    fd_close(&slot->status);
    unlink(agent_spec_path(agent, slot));
    bool ok = agent->source->end(agent->source->state, index, &slot->work, &end, err);
    buf_free(&slot->said);
    arena_free(&slot->arena);
    slot->busy = false;
    return ok;
}

/* Everything that runs is stopped and handed back. */
static void agent_stop(struct agent *agent)
{
    agent->stopping = true;
    for (size_t i = 0; i < agent->config->slots; i++) {
        struct err ignored = {0};
        if (agent->slots[i].busy)
            (void)!agent_finish(agent, i, true, &ignored);
    }
}

/* ---- the loop ---- */

static int64_t agent_sooner(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Kills slots that are past a limit, renews leases; milliseconds until the next such moment. */
static bool agent_watch_times(struct agent *agent, int64_t *wait, struct err *err)
{
    int64_t now = agent_now(agent), next = -1;
    for (size_t i = 0; i < agent->config->slots; i++) {
        struct agent_slot *slot = &agent->slots[i];
        if (!slot->busy)
            continue;
        const struct proc_limits *limits = &slot->work.limits;
        const struct {
            int64_t limit, since;
            enum proc_end end;
        } rules[] = {{limits->timeout_ms, slot->started_ms, PROC_TIMEOUT},
                     {limits->silence_ms, slot->heard_ms, PROC_SILENT}};
        for (size_t r = 0; r < 2 && slot->struck == PROC_EXITED; r++) {
            if (!rules[r].limit)
                continue;
            int64_t left = rules[r].since + rules[r].limit - now;
            if (left <= 0)
                slot->struck = rules[r].end;
            else
                next = agent_sooner(next, left);
        }
        if (slot->struck != PROC_EXITED && !slot->ended)
            proc_kill(&slot->proc, SIGKILL);
        if (agent->source->renew_ms) {
            if (now - slot->renewed_ms >= agent->source->renew_ms) {
                slot->renewed_ms = now;
                if (!agent->source->renew(agent->source->state, &slot->work, err))
                    return false;
            }
            next = agent_sooner(next, slot->renewed_ms + agent->source->renew_ms - now);
        }
    }
    if (agent->source->tick_ms) {
        agent->source->tick(agent->source->state);
        next = agent_sooner(next, agent->source->tick_ms);
    }
    *wait = agent_sooner(next, agent->source->next_ready_ms(agent->source->state));
    return true;
}

static size_t agent_busy(const struct agent *agent)
{
    size_t busy = 0;
    for (size_t i = 0; i < agent->config->slots; i++)
        busy += agent->slots[i].busy;
    return busy;
}

static bool agent_handle_slot(struct agent *agent, size_t index, const struct pollfd *polled,
                              struct err *err)
{
    struct agent_slot *slot = &agent->slots[index];
    if (polled[0].revents && !agent_read_log(agent, slot, err))
        return false;
    if (polled[1].revents)
        agent_read_status(agent, index);
    /*
     * After the end the pipes are read until they are empty: by a poll that began after the end,
     * since one poll looks at the pipes first and may find the process gone a moment later. A
     * stray holder cannot keep us, even one that goes on writing.
     */
    bool empty = !polled[0].revents && !polled[1].revents;
    bool drained = slot->ended && (empty || ++slot->drains == AGENT_DRAINS);
    if (polled[2].revents)
        slot->ended = true;
    return !drained || agent_finish(agent, index, false, err);
}

static void agent_fill_poll(const struct agent *agent, struct pollfd *polled, bool *draining)
{
    *draining = false;
    polled[0] = (struct pollfd){.fd = agent->signals, .events = POLLIN};
    for (size_t i = 0; i < agent->config->slots; i++) {
        const struct agent_slot *slot = &agent->slots[i];
        struct pollfd *own = polled + 1 + i * AGENT_PER_SLOT;
        own[0] = (struct pollfd){.fd = slot->busy ? slot->log : -1, .events = POLLIN};
        own[1] = (struct pollfd){.fd = slot->busy ? slot->status : -1, .events = POLLIN};
        own[2] = (struct pollfd){.fd = slot->busy && !slot->ended ? slot->proc.pidfd : -1,
                                 .events = POLLIN};
        *draining |= slot->busy && slot->ended;
    }
}

/* One wait and what came of it. */
static bool agent_turn(struct agent *agent, struct pollfd *polled, struct err *err)
{
    int64_t wait;
    bool draining;
    if (!agent_watch_times(agent, &wait, err))
        return false;
    agent_fill_poll(agent, polled, &draining);
    if (draining)
        wait = 0;
    nfds_t count = (nfds_t)(1 + agent->config->slots * AGENT_PER_SLOT);
    if (poll(polled, count, (int)(wait > 3600000 ? 3600000 : wait)) < 0 && errno != EINTR)
        return err_errno(err, "waiting for the slots");
    if (polled[0].revents & POLLIN)
        return err_set(err, ERR_CANCELLED, "stopped by a signal; run the same command to go on");
    for (size_t i = 0; i < agent->config->slots; i++)
        if (agent->slots[i].busy &&
            !agent_handle_slot(agent, i, polled + 1 + i * AGENT_PER_SLOT, err))
            return false;
    return true;
}

static bool agent_loop(struct agent *agent, struct pollfd *polled, struct err *err)
{
    for (;;) {
        if (!agent_fill(agent, err))
            return false;
        if (!agent_busy(agent) && agent->source->finished(agent->source->state))
            return true;
        if (!agent_turn(agent, polled, err))
            return false;
    }
}

bool agent_run(const struct agent_config *config, const struct agent_source *source,
               struct err *err)
{
    if (config->slots < 1 || config->slots > AGENT_SLOTS_MAX)
        return err_set(err, ERR_USAGE, "between 1 and %d jobs at once, not %zu", AGENT_SLOTS_MAX,
                       config->slots);
    sigset_t caught, before;
    sigemptyset(&caught);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGHUP);
    sigprocmask(SIG_BLOCK, &caught, &before);
    FD_AUTO int signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        return err_errno(err, "watching for signals");
    struct agent agent = {.config = config, .source = source, .signals = signals};
    agent.slots = mem_alloc(mem_product(config->slots, sizeof *agent.slots));
    struct pollfd *polled =
        mem_alloc(mem_product(1 + config->slots * AGENT_PER_SLOT, sizeof *polled));
    bool ok = agent_loop(&agent, polled, err);
    agent_stop(&agent);
    mem_free(polled);
    mem_free(agent.slots);
    struct signalfd_siginfo taken;
    while (read(signals, &taken, sizeof taken) > 0)
        ; /* the signal has been acted upon: it must not strike again */
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ok;
}
