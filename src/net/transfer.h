/*
 * One GET with its retries, as the multi handle of http.c drives it: what is set
 * on the easy handle, what comes in, and the verdict when an attempt has ended.
 */
#ifndef REFINERY_NET_TRANSFER_H
#define REFINERY_NET_TRANSFER_H

#include <curl/curl.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "net/http.h"

enum transfer_state { TRANSFER_WAITING, TRANSFER_RUNNING, TRANSFER_ENDED };
enum transfer_verdict { TRANSFER_DONE, TRANSFER_RETRY, TRANSFER_FAILED };

struct http_transfer {
    struct http_transfer *next;
    struct http_request request; /* strings are in `memory` */
    struct arena memory;
    struct arena *arena; /* the caller's, for the response */
    CURL *easy;
    enum transfer_state state;
    int64_t launched_ms, wake_ms, deadline_ms; /* steady clock */
    int attempt;
    uint64_t age_s; /* of the answer in caches on the way */
    /* of the running attempt */
    struct curl_slist *headers;
    struct buf body;
    struct digest_stream *digest;
    EVP_MD_CTX *other; /* another hash that the caller wants checked */
    int64_t size;
    int64_t taken; /* bytes that request.take has, of all attempts */
    int64_t from;  /* first byte of the part that comes in, by Content-Range; -1: not said */
    int64_t skip;  /* of the running attempt: bytes still to come that it has already */
    struct http_response response;
    struct err problem; /* why our callback ended it; code 0: it did not */
    char said[CURL_ERROR_SIZE];
    bool ok;
    struct err err;
};

/* Prepares the easy handle for the next attempt. */
CHECKED bool transfer_prepare(struct http_transfer *transfer, const struct http_options *options,
                              struct err *err);
/* Judges an attempt that ended with `code`: fills response, or err. */
enum transfer_verdict transfer_judge(struct http_transfer *transfer, CURLcode code);
/* What the server asked to wait before the next attempt, ms; 0: nothing. */
int64_t transfer_retry_after_ms(struct http_transfer *transfer);
/* Frees what one attempt used; its digest stays where the next goes on. */
void transfer_reset(struct http_transfer *transfer);

/* The URL as it may be shown: user and password are left out. */
struct str transfer_shown(struct str url, struct arena *arena);

#endif
