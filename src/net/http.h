/*
 * HTTP client on one libcurl multi handle: many GETs at once over kept-alive or
 * HTTP/2 connections, retries with exponential backoff and jitter, limits on
 * everything a peer can do, SHA-256 while the bytes come in. file: URLs work
 * too. One thread per `struct http`.
 *
 * One transfer at a time:
 *
 *     struct http_request request = {.url = url, .size_limit = 1 << 20};
 *     struct http_response response;
 *     if (!http_get(http, &request, arena, &response, err)) ...
 *
 * Several: http_start each, then http_wait for the one needed; all the others
 * go on meanwhile.
 *
 * An answer with a status that was not asked for is an error: 404 and 410 give
 * ERR_NOT_FOUND, all others ERR_NETWORK. 304 is a success when the request is
 * conditional. URLs in messages are redacted.
 */
#ifndef REFINERY_NET_HTTP_H
#define REFINERY_NET_HTTP_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"

struct http;
struct http_transfer;

struct http_options {
    const struct clock *clock;       /* NULL: the system's */
    uint64_t (*random)(void *state); /* jitter; NULL: a generator seeded by the system */
    void *random_state;
    struct str proxy;                /* empty: from the environment (http_proxy, ...) */
    struct str ca_file;              /* PEM file or directory; empty: environment, then system */
    struct str client_cert;          /* PEM file; empty: none */
    struct str user_agent;           /* empty: "refinery" */
    const struct str *trusted_hosts; /* "host" or "host:port" whose certificate is not checked */
    size_t trusted_hosts_len;
    bool no_netrc;
    int max_transfers;          /* at once; 0: 16 */
    int max_redirects;          /* 0: 10 */
    int attempts;               /* 0: 5; 1: no retry */
    int64_t backoff_base_ms;    /* 0: 250; doubles, with full jitter */
    int64_t backoff_max_ms;     /* 0: 10000; also caps a Retry-After */
    int64_t connect_timeout_ms; /* 0: 15000 */
    int64_t stall_ms;           /* nothing usable received for so long; 0: 30000 */
    int64_t deadline_ms;        /* of one transfer with its retries; 0: 1800000 */
};

struct http_request {
    struct str url;
    struct str accept;                           /* empty: any */
    struct str if_none_match, if_modified_since; /* empty: unconditional */
    bool has_range; /* bytes [from, from + len); from < 0: the last len */
    int64_t range_from, range_len;
    size_t size_limit;   /* of the body; 0: 64 MiB */
    int64_t deadline_ms; /* 0: of the options */
    int fd;              /* where the body goes; 0 or less: memory */
    /*
     * Takes the body piece by piece instead, each byte once and in order, whatever is tried
     * again: a retry asks for the rest (RFC 9110, 14.2), or passes over what came already. False
     * with the error ends the transfer. Not together with a range.
     */
    bool (*take)(void *state, struct str bytes, struct err *err);
    void *take_state;
    struct str authorization; /* value of the header, never sent to another host; or empty */
    bool wants_challenge;     /* 401 is an answer too: response.challenge */
    bool has_sha256;          /* else any digest is fine; it is computed anyway */
    struct digest sha256;
    struct str hash_algorithm, hash_hex; /* another one to check ("sha512", "md5"); or empty */
    void (*progress)(void *state, int64_t done, int64_t total); /* total -1: unknown */
    void *progress_state;
};

struct http_response {
    int status; /* 200, 206, 304, 401 where wanted; file: URLs answer 200. A server that knows no
                   ranges answers 200 with the whole, up to size_limit */
    struct str body;      /* empty when it went to a file */
    struct digest digest; /* of the body */
    int64_t size;         /* bytes of the body */
    struct str url;       /* after redirects */
    struct str content_type, etag, last_modified;
    int64_t date_ms; /* the server's own clock, its caches' age added; -1: not said */
    struct str
        challenge;     /* the first WWW-Authenticate that names the scheme Bearer, else the first */
    int64_t max_age_s; /* of Cache-Control; -1: not said, 0: no-cache or no-store */
    int64_t total_size; /* of Content-Range, else of Content-Length; -1 unknown */
    bool accepts_ranges;
    int attempts;
};

CHECKED bool http_open(const struct http_options *options, struct http **http, struct err *err);
void http_close(struct http **http); /* ends what still runs; NULL is fine */

/*
 * Begins a transfer; nothing moves until http_wait or http_pump. The request is
 * copied; strings of the response live in `arena`, which must outlive the
 * transfer. A descriptor is borrowed until the transfer ends; a retry truncates it.
 */
struct http_transfer *http_start(struct http *http, const struct http_request *request,
                                 struct arena *arena);
/* Until this transfer has ended; then frees it. All others make progress too. */
CHECKED bool http_wait(struct http *http, struct http_transfer *transfer,
                       struct http_response *response, struct err *err);
/* True when http_wait would return at once. Moves data that is there, without waiting. */
bool http_done(struct http *http, struct http_transfer *transfer);

CHECKED bool http_get(struct http *http, const struct http_request *request, struct arena *arena,
                      struct http_response *response, struct err *err);

/* Requests sent over the network so far (not file: URLs). */
size_t http_request_count(const struct http *http);

#endif
