#include "net/http.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/transfer.h"

enum { HTTP_TELL_MS = 5000 };

struct http {
    CURLM *multi;
    struct http_options options; /* defaults filled in */
    struct arena memory;
    struct http_transfer *transfers; /* all that were not waited for yet */
    int running;
    size_t requests;
};

static uint64_t http_system_random(void *state)
{
    uint64_t value = 0;
    (void)state;
    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        abort();
    return value;
}

static int64_t http_or(int64_t value, int64_t otherwise)
{
    return value ? value : otherwise;
}

static void http_fill_options(struct http_options *options)
{
    if (!options->clock)
        options->clock = clock_system();
    if (!options->random)
        options->random = http_system_random;
    if (!options->user_agent.len)
        options->user_agent = STR("refinery");
    options->max_transfers = (int)http_or(options->max_transfers, 16);
    options->max_redirects = (int)http_or(options->max_redirects, 10);
    options->attempts = (int)http_or(options->attempts, 5);
    options->backoff_base_ms = http_or(options->backoff_base_ms, 250);
    options->backoff_max_ms = http_or(options->backoff_max_ms, 10000);
    options->connect_timeout_ms = http_or(options->connect_timeout_ms, 15000);
    options->stall_ms = http_or(options->stall_ms, 30000);
    options->deadline_ms = http_or(options->deadline_ms, 1800000);
}

bool http_open(const struct http_options *options, struct http **http, struct err *err)
{
    static bool ready; /* once per process, before any thread */
    if (!ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_SYSTEM, "the HTTP library does not start");
    ready = true;
    struct http *made = mem_alloc(sizeof *made);
    made->options = *options;
    http_fill_options(&made->options);
    made->options.user_agent = arena_str(&made->memory, made->options.user_agent);
    made->multi = curl_multi_init();
    if (!made->multi) {
        mem_free(made);
        return err_set(err, ERR_SYSTEM, "the HTTP library does not start");
    }
    curl_multi_setopt(made->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(made->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 8L);
    *http = made;
    return true;
}

static void http_free_transfer(struct http *http, struct http_transfer *transfer)
{
    for (struct http_transfer **at = &http->transfers; *at; at = &(*at)->next)
        if (*at == transfer) {
            *at = transfer->next;
            break;
        }
    if (transfer->state == TRANSFER_RUNNING)
        curl_multi_remove_handle(http->multi, transfer->easy);
    transfer->state = TRANSFER_ENDED;
    curl_easy_cleanup(transfer->easy);
    transfer_reset(transfer);
    buf_free(&transfer->body);
    arena_free(&transfer->memory);
    mem_free(transfer);
}

void http_close(struct http **http)
{
    struct http *closing = *http;
    if (!closing)
        return;
    while (closing->transfers)
        http_free_transfer(closing, closing->transfers);
    curl_multi_cleanup(closing->multi);
    arena_free(&closing->memory);
    mem_free(closing);
    *http = NULL;
}

static int64_t http_now(const struct http *http)
{
    return clock_steady_ms(http->options.clock);
}

struct http_transfer *http_start(struct http *http, const struct http_request *request,
                                 struct arena *arena)
{
    struct http_transfer *transfer = mem_alloc(sizeof *transfer);
    transfer->request = *request;
    struct str *const texts[] = {
        &transfer->request.url,           &transfer->request.accept,
        &transfer->request.if_none_match, &transfer->request.hash_hex,
        &transfer->request.authorization, &transfer->request.if_modified_since,
        &transfer->request.hash_algorithm};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_str(&transfer->memory, *texts[i]);
    transfer->arena = arena;
    transfer->easy = curl_easy_init();
    if (!transfer->easy)
        abort(); /* only memory can be missing */
    transfer->deadline_ms =
        http_now(http) + http_or(request->deadline_ms, http->options.deadline_ms);
    struct http_transfer **last = &http->transfers; /* first in, first started */
    while (*last)
        last = &(*last)->next;
    *last = transfer;
    return transfer;
}

/* ---- driving ---- */

static void http_end(struct http_transfer *transfer)
{
    transfer->state = TRANSFER_ENDED;
}

static void http_launch(struct http *http, struct http_transfer *transfer, int64_t now)
{
    transfer->attempt++;
    transfer->launched_ms = now;
    if (!transfer_prepare(transfer, &http->options, &transfer->err)) {
        http_end(transfer);
        return;
    }
    curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)(transfer->deadline_ms - now));
    curl_multi_add_handle(http->multi, transfer->easy);
    transfer->state = TRANSFER_RUNNING;
    http->running++;
    if (!str_starts(transfer->request.url, STR("file:")))
        http->requests++;
}

/* Starts what may start; milliseconds until the next one may, -1 for none. */
static int64_t http_launch_ready(struct http *http)
{
    int64_t now = http_now(http), next = -1;
    for (struct http_transfer *at = http->transfers; at; at = at->next) {
        if (at->state != TRANSFER_WAITING)
            continue;
        if (now >= at->deadline_ms) {
            if (!at->err.code)
                err_set(&at->err, ERR_NETWORK, "%s: not finished in time",
                        transfer_shown(at->request.url, &at->memory).ptr);
            http_end(at);
        } else if (at->wake_ms > now) {
            int64_t left = at->wake_ms - now;
            next = next < 0 || left < next ? left : next;
        } else if (http->running < http->options.max_transfers) {
            http_launch(http, at, now);
        }
    }
    return next;
}

/* Exponential backoff with full jitter; a server's own wish counts up to the cap. */
static int64_t http_backoff(const struct http *http, struct http_transfer *transfer)
{
    const struct http_options *options = &http->options;
    int64_t most = options->backoff_base_ms;
    for (int i = 1; i < transfer->attempt && most < options->backoff_max_ms; i++)
        most *= 2;
    int64_t asked = transfer_retry_after_ms(transfer);
    int64_t drawn = (int64_t)(options->random(options->random_state) % (uint64_t)(most + 1));
    int64_t wait = asked > drawn ? asked : drawn;
    return wait > options->backoff_max_ms ? options->backoff_max_ms : wait;
}

/* A quick failure that is tried again is nobody's business; after a wait people want to know. */
static void http_tell_slow(const struct http *http, const struct http_transfer *transfer)
{
    if (http_now(http) - transfer->launched_ms >= HTTP_TELL_MS)
        log_info("%s; asking again (%d of %d)", transfer->err.text, transfer->attempt + 1,
                 http->options.attempts);
}

static void http_collect(struct http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct http_transfer *transfer = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        curl_multi_remove_handle(http->multi, transfer->easy);
        http->running--;
        enum transfer_verdict verdict = transfer_judge(transfer, code);
        if (verdict == TRANSFER_RETRY && transfer->attempt < http->options.attempts) {
            http_tell_slow(http, transfer);
            transfer->wake_ms = http_now(http) + http_backoff(http, transfer);
            transfer->state = TRANSFER_WAITING;
        } else {
            http_end(transfer);
        }
        transfer_reset(transfer);
    }
}

/* One round: starts, moves what is there, collects. Waits at most `wait_ms` for something to do. */
static bool http_pump(struct http *http, int wait_ms, struct err *err)
{
    int64_t next = http_launch_ready(http);
    int running, events;
    if (curl_multi_perform(http->multi, &running) != CURLM_OK)
        return err_set(err, ERR_SYSTEM, "the HTTP library failed");
    http_collect(http);
    if (wait_ms && (running || next >= 0)) {
        int wait = next >= 0 && next < wait_ms ? (int)next : wait_ms;
        if (curl_multi_poll(http->multi, NULL, 0, wait, &events) != CURLM_OK)
            return err_set(err, ERR_SYSTEM, "waiting for the network failed");
    }
    return true;
}

bool http_done(struct http *http, struct http_transfer *transfer)
{
    struct err ignored = {0};
    if (transfer->state != TRANSFER_ENDED)
        (void)!http_pump(http, 0, &ignored);
    return transfer->state == TRANSFER_ENDED;
}

bool http_wait(struct http *http, struct http_transfer *transfer, struct http_response *response,
               struct err *err)
{
    while (transfer->state != TRANSFER_ENDED)
        if (!http_pump(http, 1000, err))
            return false;
    bool ok = transfer->ok;
    if (ok)
        *response = transfer->response;
    else
        *err = transfer->err;
    http_free_transfer(http, transfer);
    return ok;
}

bool http_get(struct http *http, const struct http_request *request, struct arena *arena,
              struct http_response *response, struct err *err)
{
    return http_wait(http, http_start(http, request, arena), response, err);
}

size_t http_request_count(const struct http *http)
{
    return http->requests;
}
