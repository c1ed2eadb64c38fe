#include "net/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "os/file.h"

enum { TRANSFER_BODY_MAX = 64 << 20, TRANSFER_HEADERS_MAX = 256 << 10 };
#define TRANSFER_SLOWEST 100L /* bytes a second; below it for stall_ms is no answer */

struct str transfer_shown(struct str url, struct arena *arena)
{
    size_t scheme = str_find(url, STR("://"));
    if (scheme == url.len)
        return arena_str(arena, url);
    struct str rest = str_from_pos(url, scheme + 3);
    size_t slash = str_find_char(rest, '/');
    size_t at = str_rfind_char(str_slice(rest, 0, slash), '@');
    if (at < slash)
        rest = str_from_pos(rest, at + 1);
    size_t query = str_find_char(rest, '?');
    return arena_printf(arena, STR_FMT STR_FMT "%s", STR_ARG(str_slice(url, 0, scheme + 3)),
                        STR_ARG(str_slice(rest, 0, query)), query < rest.len ? "?..." : "");
}

static const char *transfer_url(struct http_transfer *transfer)
{
    return transfer_shown(transfer->request.url, &transfer->memory).ptr;
}

/* ---- what comes in ---- */

static size_t transfer_limit(const struct http_transfer *transfer)
{
    return transfer->request.size_limit ? transfer->request.size_limit : TRANSFER_BODY_MAX;
}

static bool transfer_too_large(struct http_transfer *transfer)
{
    return err_set(&transfer->problem, ERR_LIMIT, "%s: larger than the %zu bytes allowed",
                   transfer_url(transfer), transfer_limit(transfer));
}

/* The first bytes of an attempt that goes on where another ended: is it the rest, or all again? */
static bool transfer_goes_on(struct http_transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->skip = status == 206 ? 0 : transfer->taken;
    if (status != 206 || transfer->from == transfer->taken)
        return true;
    return err_set(&transfer->problem, ERR_NETWORK,
                   "%s: the server sent another part than the one asked for",
                   transfer_url(transfer));
}

static bool transfer_hand_over(struct http_transfer *transfer, struct str bytes)
{
    if (transfer->size == 0 && transfer->taken > 0 && !transfer_goes_on(transfer))
        return false;
    transfer->size += (int64_t)bytes.len;
    size_t known = (uint64_t)transfer->skip < bytes.len ? (size_t)transfer->skip : bytes.len;
    transfer->skip -= (int64_t)known;
    struct str fresh = str_from_pos(bytes, known);
    transfer->taken += (int64_t)fresh.len;
    if ((uint64_t)transfer->taken > transfer_limit(transfer))
        return transfer_too_large(transfer);
    digest_add(transfer->digest, fresh);
    return transfer->request.take(transfer->request.take_state, fresh, &transfer->problem);
}

static bool transfer_take(struct http_transfer *transfer, struct str bytes)
{
    if (transfer->request.take)
        return transfer_hand_over(transfer, bytes);
    transfer->size += (int64_t)bytes.len;
    if ((uint64_t)transfer->size > transfer_limit(transfer))
        return transfer_too_large(transfer);
    digest_add(transfer->digest, bytes);
    if (transfer->other)
        EVP_DigestUpdate(transfer->other, bytes.ptr, bytes.len);
    if (transfer->request.fd > 0)
        return file_write_all(transfer->request.fd, "a download", bytes, &transfer->problem);
    buf_add(&transfer->body, bytes);
    return true;
}

static size_t transfer_on_body(char *data, size_t size, size_t count, void *state)
{
    struct http_transfer *transfer = state;
    long status = 0;
    size_t len = size * count;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300) /* an error page is not the file */
        return len;
    return transfer_take(transfer, str_of(data, len)) ? len : 0;
}

static struct str transfer_text(struct http_transfer *transfer, struct str value)
{
    return arena_str(transfer->arena, value);
}

static int64_t transfer_max_age(struct str value)
{
    struct str rest = value, word;
    int64_t age = -1;
    while (str_next(&rest, ',', &word)) {
        uint64_t seconds;
        word = str_trim(word);
        if (str_eq_nocase(word, STR("no-cache")) || str_eq_nocase(word, STR("no-store")))
            return 0;
        if (str_starts(word, STR("max-age=")) && str_to_u64(str_from_pos(word, 8), &seconds))
            age = seconds > INT32_MAX ? INT32_MAX : (int64_t)seconds;
    }
    return age;
}

/* "bytes 100-199/1234" -> 100; -1 when it says nothing usable. */
static int64_t transfer_first(struct str value)
{
    struct str unit, range, from, rest;
    uint64_t first;
    str_cut(value, ' ', &unit, &range);
    str_cut(range, '-', &from, &rest);
    return str_to_u64(from, &first) && first <= INT64_MAX ? (int64_t)first : -1;
}

/* "bytes 0-99/1234", "1234": the number behind the slash, or alone. */
static int64_t transfer_total(struct str value)
{
    uint64_t total;
    size_t slash = str_rfind_char(value, '/');
    struct str number = slash < value.len ? str_from_pos(value, slash + 1) : value;
    return str_to_u64(number, &total) && total <= INT64_MAX ? (int64_t)total : -1;
}

/* A Content-Length counts the answer's own bytes, which are the whole file's unless it is a part.
 */
static bool transfer_is_whole(struct http_transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return status != 206;
}

static int64_t transfer_date_ms(struct http_transfer *transfer, struct str value)
{
    time_t seconds = curl_getdate(arena_cstr(&transfer->memory, value), NULL);
    return seconds < 0 ? -1 : (int64_t)seconds * 1000;
}

static void transfer_hear_challenge(struct http_transfer *transfer, struct str value)
{
    bool bearer = str_eq_nocase(str_slice(value, 0, 7), STR("bearer "));
    bool known = str_eq_nocase(str_slice(transfer->response.challenge, 0, 7), STR("bearer "));
    if (!transfer->response.challenge.len || (bearer && !known))
        transfer->response.challenge = transfer_text(transfer, value);
}

static size_t transfer_on_header(char *data, size_t size, size_t count, void *state)
{
    struct http_transfer *transfer = state;
    struct http_response *response = &transfer->response;
    size_t len = size * count;
    struct str line = str_of(data, len), name, value;
    if (str_starts(line, STR("HTTP/"))) { /* each hop of a redirect begins anew */
        *response = (struct http_response){.date_ms = -1, .max_age_s = -1, .total_size = -1};
        transfer->age_s = 0;
        transfer->from = -1;
        return len;
    }
    str_cut(line, ':', &name, &value);
    value = str_trim(value);
    if (str_eq_nocase(name, STR("content-range")))
        transfer->from = transfer_first(value);
    if (str_eq_nocase(name, STR("etag")))
        response->etag = transfer_text(transfer, value);
    else if (str_eq_nocase(name, STR("last-modified")))
        response->last_modified = transfer_text(transfer, value);
    else if (str_eq_nocase(name, STR("content-type")))
        response->content_type = transfer_text(transfer, value);
    else if (str_eq_nocase(name, STR("www-authenticate")))
        transfer_hear_challenge(transfer, value);
    else if (str_eq_nocase(name, STR("cache-control")))
        response->max_age_s = transfer_max_age(value);
    else if (str_eq_nocase(name, STR("date")))
        response->date_ms = transfer_date_ms(transfer, value);
    else if (str_eq_nocase(name, STR("age")) && str_to_u64(value, &transfer->age_s))
        transfer->age_s = transfer->age_s > INT32_MAX ? INT32_MAX : transfer->age_s;
    else if (str_eq_nocase(name, STR("accept-ranges")))
        response->accepts_ranges = str_eq_nocase(value, STR("bytes"));
    else if (str_eq_nocase(name, STR("content-range")) ||
             (str_eq_nocase(name, STR("content-length")) && transfer_is_whole(transfer)))
        response->total_size = transfer_total(value);
    return len;
}

static int transfer_on_progress(void *state, curl_off_t total, curl_off_t done, curl_off_t up_total,
                                curl_off_t up_done)
{
    struct http_transfer *transfer = state;
    (void)up_total;
    (void)up_done;
    if (transfer->request.progress)
        transfer->request.progress(transfer->request.progress_state, done, total ? total : -1);
    return 0;
}

/* ---- what is asked ---- */

static void transfer_add_header(struct http_transfer *transfer, const char *name, struct str value)
{
    if (!value.len)
        return;
    struct str line = arena_printf(&transfer->memory, "%s: " STR_FMT, name, STR_ARG(value));
    struct curl_slist *longer = curl_slist_append(transfer->headers, line.ptr);
    if (!longer)
        abort();
    transfer->headers = longer;
}

static bool transfer_is_trusted(const struct http_options *options, struct str url)
{
    size_t scheme = str_find(url, STR("://"));
    struct str rest = str_from_pos(url, scheme + 3);
    struct str authority = str_slice(rest, 0, str_find_char(rest, '/'));
    size_t at = str_rfind_char(authority, '@');
    if (at < authority.len)
        authority = str_from_pos(authority, at + 1);
    struct str host = str_slice(authority, 0, str_find_char(authority, ':'));
    for (size_t i = 0; i < options->trusted_hosts_len; i++)
        if (str_eq_nocase(options->trusted_hosts[i], host) ||
            str_eq_nocase(options->trusted_hosts[i], authority))
            return true;
    return false;
}

static void transfer_set_tls(struct http_transfer *transfer, const struct http_options *options)
{
    CURL *easy = transfer->easy;
    struct arena *memory = &transfer->memory;
    const char *ca =
        options->ca_file.len ? arena_cstr(memory, options->ca_file) : getenv("CURL_CA_BUNDLE");
    struct stat info;
    if (!ca || !*ca)
        ca = getenv("REQUESTS_CA_BUNDLE");
    if (!ca || !*ca)
        ca = getenv("SSL_CERT_FILE");
    if (ca && *ca && stat(ca, &info) == 0)
        curl_easy_setopt(easy, S_ISDIR(info.st_mode) ? CURLOPT_CAPATH : CURLOPT_CAINFO, ca);
    if (options->client_cert.len)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, arena_cstr(memory, options->client_cert));
    if (transfer_is_trusted(options, transfer->request.url)) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void transfer_set_limits(struct http_transfer *transfer, const struct http_options *options)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, TRANSFER_SLOWEST);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)((options->stall_ms + 999) / 1000));
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)options->max_redirects);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,file");
    /* A redirect must not take the connection's protection away. */
    bool tls = str_eq_nocase(str_slice(transfer->request.url, 0, 6), STR("https:")) &&
               !transfer_is_trusted(options, transfer->request.url);
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
}

static void transfer_set_range(struct http_transfer *transfer)
{
    const struct http_request *request = &transfer->request;
    struct str range;
    if (request->take && transfer->taken > 0) {
        range = arena_printf(&transfer->memory, "%lld-", (long long)transfer->taken);
        curl_easy_setopt(transfer->easy, CURLOPT_RANGE, range.ptr);
    }
    if (!request->has_range)
        return;
    range = request->range_from < 0
                ? arena_printf(&transfer->memory, "-%lld", (long long)request->range_len)
                : arena_printf(&transfer->memory, "%lld-%lld", (long long)request->range_from,
                               (long long)(request->range_from + request->range_len - 1));
    curl_easy_setopt(transfer->easy, CURLOPT_RANGE, range.ptr);
}

static bool transfer_start_hashes(struct http_transfer *transfer, struct err *err)
{
    const struct http_request *request = &transfer->request;
    if (!transfer->digest) /* there already when this attempt goes on where another ended */
        transfer->digest = digest_open();
    if (!request->hash_algorithm.len)
        return true;
    const EVP_MD *algorithm =
        EVP_get_digestbyname(arena_cstr(&transfer->memory, request->hash_algorithm));
    transfer->other = EVP_MD_CTX_new();
    if (algorithm && transfer->other && EVP_DigestInit_ex(transfer->other, algorithm, NULL))
        return true;
    return err_set(err, ERR_DIGEST, "%s: promised with the unknown hash " STR_FMT,
                   transfer_url(transfer), STR_ARG(request->hash_algorithm));
}

static void transfer_set_netrc(CURL *easy, const struct http_options *options)
{
    const char *file = getenv("NETRC");
    if (options->no_netrc)
        return;
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    if (file && *file)
        curl_easy_setopt(easy, CURLOPT_NETRC_FILE, file);
}

/* curl reads the lower-case names itself; HTTP_PROXY, which pip reads too, only outside of CGI. */
static void transfer_set_proxy(struct http_transfer *transfer, const struct http_options *options)
{
    const char *capital = getenv("HTTP_PROXY");
    bool plain = str_eq_nocase(str_slice(transfer->request.url, 0, 5), STR("http:"));
    if (options->proxy.len)
        curl_easy_setopt(transfer->easy, CURLOPT_PROXY,
                         arena_cstr(&transfer->memory, options->proxy));
    else if (plain && capital && *capital && !getenv("http_proxy") && !getenv("REQUEST_METHOD"))
        curl_easy_setopt(transfer->easy, CURLOPT_PROXY, capital);
}

bool transfer_prepare(struct http_transfer *transfer, const struct http_options *options,
                      struct err *err)
{
    CURL *easy = transfer->easy;
    const struct http_request *request = &transfer->request;
    if (request->fd > 0 && (ftruncate(request->fd, 0) < 0 || lseek(request->fd, 0, SEEK_SET) < 0))
        return err_errno(err, "starting the download of %s", transfer_url(transfer));
    if (!transfer_start_hashes(transfer, err))
        return false;
    transfer->response = (struct http_response){.date_ms = -1, .max_age_s = -1, .total_size = -1};
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, request->url.ptr);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->said);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, transfer_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, transfer_on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, request->progress ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent.ptr);
    transfer_set_proxy(transfer, options);
    transfer_set_netrc(easy, options);
    if (request->fd <= 0 && !request->has_range && !request->take)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    transfer_set_tls(transfer, options);
    transfer_set_limits(transfer, options);
    transfer_set_range(transfer);
    transfer_add_header(transfer, "Accept", request->accept);
    transfer_add_header(transfer, "Authorization", request->authorization);
    transfer_add_header(transfer, "If-None-Match", request->if_none_match);
    transfer_add_header(transfer, "If-Modified-Since", request->if_modified_since);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    return true;
}

void transfer_reset(struct http_transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    EVP_MD_CTX_free(transfer->other);
    transfer->other = NULL;
    bool goes_on = transfer->request.take && transfer->state == TRANSFER_WAITING;
    if (transfer->digest && !goes_on) {
        (void)digest_finish(transfer->digest);
        transfer->digest = NULL;
    }
    buf_clear(&transfer->body);
    transfer->size = 0;
    transfer->problem = (struct err){0};
    transfer->said[0] = '\0';
}

/* ---- the verdict ---- */

static bool transfer_hash_ok(struct http_transfer *transfer)
{
    const struct http_request *request = &transfer->request;
    struct digest digest = digest_finish(transfer->digest);
    transfer->digest = NULL;
    transfer->response.digest = digest;
    if (request->has_sha256 && !digest_eq(&digest, &request->sha256))
        return err_set(&transfer->err, ERR_DIGEST,
                       "%s: has SHA-256 %s, not %s as promised; do not use it, tell whoever runs "
                       "that index",
                       transfer_url(transfer), digest_to_hex(&digest).text,
                       digest_to_hex(&request->sha256).text);
    if (!transfer->other)
        return true;
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct str hex = STR("");
    EVP_DigestFinal_ex(transfer->other, bytes, &len);
    for (unsigned i = 0; i < len; i++)
        hex = arena_printf(&transfer->memory, STR_FMT "%02x", STR_ARG(hex), bytes[i]);
    return str_eq_nocase(hex, request->hash_hex) ||
           err_set(&transfer->err, ERR_DIGEST,
                   "%s: has " STR_FMT " " STR_FMT
                   ", not the one promised; do not use it, tell whoever runs that index",
                   transfer_url(transfer), STR_ARG(request->hash_algorithm), STR_ARG(hex));
}

static enum transfer_verdict transfer_accept(struct http_transfer *transfer, int status)
{
    struct http_response *response = &transfer->response;
    char *url = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
    response->status = status;
    response->attempts = transfer->attempt;
    response->size = transfer->request.take ? transfer->taken : transfer->size;
    response->url = arena_str(transfer->arena, str_from(url));
    if (response->date_ms >= 0)
        response->date_ms += (int64_t)transfer->age_s * 1000;
    if (transfer->request.fd <= 0 && !transfer->request.take)
        response->body = arena_str(transfer->arena, buf_str(&transfer->body));
    /* A part has a digest of its own; what was promised is that of the whole. */
    bool whole = status == 200 || (status == 206 && transfer->request.take);
    if (whole && !transfer_hash_ok(transfer))
        return TRANSFER_FAILED;
    transfer->ok = true;
    return TRANSFER_DONE;
}

static enum transfer_verdict transfer_judge_status(struct http_transfer *transfer, int status)
{
    const struct http_request *request = &transfer->request;
    bool conditional = request->if_none_match.len || request->if_modified_since.len;
    bool part = request->has_range || (request->take && transfer->taken > 0);
    if (status == 200 || (status == 206 && part) || (status == 304 && conditional) ||
        (status == 401 && request->wants_challenge))
        return transfer_accept(transfer, status);
    const char *url = transfer_url(transfer);
    if (status == 404 || status == 410) {
        err_set(&transfer->err, ERR_NOT_FOUND, "%s: not there (status %d)", url, status);
        return TRANSFER_FAILED;
    }
    if (status == 401 || status == 403 || status == 407)
        err_set(
            &transfer->err, ERR_NETWORK,
            "%s: access refused (status %d); put the user and password into the URL or ~/.netrc",
            url, status);
    else
        err_set(&transfer->err, ERR_NETWORK, "%s: the server answered with status %d", url, status);
    bool later = status == 408 || status == 425 || status == 429 || status >= 500;
    return later ? TRANSFER_RETRY : TRANSFER_FAILED;
}

/* curl's errors that another attempt may cure, and the others with what to do. */
static enum transfer_verdict transfer_judge_curl(struct http_transfer *transfer, CURLcode code)
{
    static const struct {
        CURLcode code;
        enum err_code as;
        bool later;
        const char *advice;
    } known[] = {
        {CURLE_COULDNT_RESOLVE_HOST, ERR_NETWORK, true, "; check the name and the network"},
        {CURLE_COULDNT_RESOLVE_PROXY, ERR_NETWORK, true, "; check the proxy settings"},
        {CURLE_COULDNT_CONNECT, ERR_NETWORK, true, "; check the network and the proxy settings"},
        {CURLE_OPERATION_TIMEDOUT, ERR_NETWORK, true, ""},
        {CURLE_PARTIAL_FILE, ERR_NETWORK, true, ""},
        {CURLE_GOT_NOTHING, ERR_NETWORK, true, ""},
        {CURLE_SEND_ERROR, ERR_NETWORK, true, ""},
        {CURLE_RECV_ERROR, ERR_NETWORK, true, ""},
        {CURLE_HTTP2, ERR_NETWORK, true, ""},
        {CURLE_HTTP2_STREAM, ERR_NETWORK, true, ""},
        {CURLE_SSL_CONNECT_ERROR, ERR_NETWORK, true, ""},
        {CURLE_PEER_FAILED_VERIFICATION, ERR_NETWORK, false,
         "; set the CA bundle (PIP_CERT or SSL_CERT_FILE), or --trusted-host if you must"},
        {CURLE_TOO_MANY_REDIRECTS, ERR_NETWORK, false, "; the index redirects without end"},
        {CURLE_UNSUPPORTED_PROTOCOL, ERR_NETWORK, false, "; use http, https or file"},
        {CURLE_FILE_COULDNT_READ_FILE, ERR_NOT_FOUND, false, ""},
    };
    enum err_code as = ERR_NETWORK;
    bool later = false;
    const char *advice = "";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].code == code) {
            as = known[i].as;
            later = known[i].later;
            advice = known[i].advice;
        }
    /* What is valid at another time only may be fine, and the clock here wrong. */
    struct str said = str_from(transfer->said);
    if (code == CURLE_PEER_FAILED_VERIFICATION &&
        (str_find(said, STR("not yet valid")) < said.len ||
         str_find(said, STR("expired")) < said.len))
        advice =
            "; see whether the clock of this machine is right (date), else tell whoever runs it";
    err_set(&transfer->err, as, "%s: %s%s", transfer_url(transfer),
            transfer->said[0] ? transfer->said : curl_easy_strerror(code), advice);
    return later ? TRANSFER_RETRY : TRANSFER_FAILED;
}

enum transfer_verdict transfer_judge(struct http_transfer *transfer, CURLcode code)
{
    long status = 0;
    if (transfer->problem.code) {
        transfer->err = transfer->problem;
        return TRANSFER_FAILED;
    }
    if (code != CURLE_OK)
        return transfer_judge_curl(transfer, code);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    bool file = strncasecmp(transfer->request.url.ptr, "file:", 5) == 0;
    return transfer_judge_status(transfer, file ? 200 : (int)status);
}

int64_t transfer_retry_after_ms(struct http_transfer *transfer)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
    return (int64_t)seconds * 1000;
}
