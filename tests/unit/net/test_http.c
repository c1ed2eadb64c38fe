/* The HTTP client against a server of this test, on the loopback device. */
#include "net/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/transfer.h"
#include "os/file.h"
#include "unit.h"

enum { ANSWERS_MAX = 8, ASKED_MAX = 4096 };

/* Answers one connection after the other with the given texts, and keeps what was asked. */
struct server {
    int listener;
    unsigned port;
    pthread_t thread;
    const char *answers[ANSWERS_MAX];
    size_t count, served;
    char asked[ANSWERS_MAX][ASKED_MAX];
};

static void *server_serve(void *state)
{
    struct server *server = state;
    for (size_t i = 0; i < server->count; i++) {
        int peer = accept(server->listener, NULL, NULL);
        size_t used = 0;
        ssize_t got;
        if (peer < 0)
            return NULL; /* the test is over */
        char *asked = server->asked[i];
        while (used + 1 < ASKED_MAX && !strstr(asked, "\r\n\r\n") &&
               (got = recv(peer, asked + used, ASKED_MAX - 1 - used, 0)) > 0)
            used += (size_t)got;
        const char *text = server->answers[i];
        server->served++; /* before the client can have the answer */
        (void)!send(peer, text, strlen(text), MSG_NOSIGNAL);
        shutdown(peer, SHUT_WR);
        close(peer);
    }
    return NULL;
}

static struct server *server_start(const char *const *answers)
{
    struct server *server = calloc(1, sizeof *server);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    assert_non_null(server);
    for (; answers[server->count]; server->count++)
        server->answers[server->count] = answers[server->count];
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&at, &len), 0);
    server->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, server_serve, server), 0);
    return server;
}

static void server_stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    free(server);
}

struct session {
    struct arena arena;
    struct server *server;
    struct http *http;
    struct http_response response;
    struct err err;
    bool ok;
};

static uint64_t no_jitter(void *state)
{
    (void)state;
    return 0;
}

/* One GET of http://u:secret@127.0.0.1:PORT/f as the request says, with at most 3 attempts. */
static struct session *ask(const char *const *answers, struct http_request request)
{
    struct session *session = calloc(1, sizeof *session);
    const struct http_options options = {.no_netrc = true,
                                         .random = no_jitter,
                                         .attempts = 3,
                                         .max_redirects = 3,
                                         .backoff_base_ms = 1,
                                         .backoff_max_ms = 300};
    struct err err = {0};
    session->server = server_start(answers);
    assert_ok(http_open(&options, &session->http, &err));
    request.url = arena_printf(&session->arena, "http://u:secret@127.0.0.1:%u/f?token=secret",
                               session->server->port);
    session->ok =
        http_get(session->http, &request, &session->arena, &session->response, &session->err);
    assert_null(strstr(session->err.text, "secret")); /* in no message whatsoever */
    return session;
}

static void done(struct session *session)
{
    http_close(&session->http);
    server_stop(session->server);
    arena_free(&session->arena);
    free(session);
}

#define OK(more, body) "HTTP/1.1 200 OK\r\nConnection: close\r\n" more "\r\n" body
#define STATUS(line, more)                                                                         \
    "HTTP/1.1 " line "\r\nConnection: close\r\nContent-Length: 0\r\n" more "\r\n"
#define ASK(request, ...) ask((const char *const[]){__VA_ARGS__, NULL}, request)
static const struct http_request plain = {.fd = -1};

static void test_plain(void **state)
{
    (void)state;
    struct session *s = ASK(plain, OK("ETag: \"e\"\r\nLast-Modified: then\r\nContent-Type: a/b\r\n"
                                      "Cache-Control: public, max-age=60\r\nContent-Length: 5\r\n"
                                      "Accept-Ranges: bytes\r\n",
                                      "hello"));
    assert_true(s->ok && s->response.status == 200 && s->response.attempts == 1);
    assert_str(s->response.body, "hello");
    assert_str(s->response.etag, "\"e\"");
    assert_str(s->response.last_modified, "then");
    assert_str(s->response.content_type, "a/b");
    assert_true(s->response.max_age_s == 60 && s->response.total_size == 5);
    assert_true(s->response.accepts_ranges && s->response.size == 5);
    struct digest digest = digest_of(STR("hello"));
    assert_true(digest_eq(&digest, &s->response.digest));
    assert_non_null(strstr(s->server->asked[0], "Authorization: Basic dTpzZWNyZXQ="));
    assert_int_equal(http_request_count(s->http), 1);
    done(s);
}

static void test_not_modified(void **state)
{
    (void)state;
    struct http_request request = {.fd = -1, .if_none_match = STR("\"e\"")};
    struct session *s = ASK(request, STATUS("304 Not Modified", "ETag: \"e\"\r\n"));
    assert_true(s->ok && s->response.status == 304 && s->response.body.len == 0);
    assert_non_null(strstr(s->server->asked[0], "If-None-Match: \"e\"\r\n"));
    done(s);
    s = ASK(plain, STATUS("304 Not Modified", "")); /* nobody asked that */
    assert_true(!s->ok && s->err.code == ERR_NETWORK);
    done(s);
}

static void test_retry_after(void **state)
{
    (void)state;
    const struct clock *clock = clock_system();
    int64_t before = clock_steady_ms(clock);
    struct session *s = ASK(plain, STATUS("503 Busy", "Retry-After: 1\r\n"),
                            STATUS("429 Slow down", ""), OK("Content-Length: 2\r\n", "ok"));
    assert_true(s->ok && s->response.attempts == 3);
    assert_str(s->response.body, "ok");
    int64_t took = clock_steady_ms(clock) - before;
    assert_true(took >= 290 && took < 20000); /* one second was asked, 300 ms is the cap */
    done(s);
}

static void test_gives_up(void **state)
{
    (void)state;
    struct session *s = ASK(plain, STATUS("500 Oops", ""), STATUS("500 Oops", ""),
                            STATUS("502 Oops", ""), OK("", "too late"));
    assert_true(!s->ok && s->err.code == ERR_NETWORK && strstr(s->err.text, "502"));
    assert_int_equal(s->server->served, 3);
    done(s);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum err_code code;
        const char *says;
    } rows[] = {
        {STATUS("404 Not Found", ""), ERR_NOT_FOUND, "404"},
        {STATUS("410 Gone", ""), ERR_NOT_FOUND, "410"},
        {STATUS("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n"), ERR_NETWORK,
         "access refused"},
        {STATUS("403 Forbidden", ""), ERR_NETWORK, "access refused"},
        {STATUS("204 No Content", ""), ERR_NETWORK, "204"},
        {STATUS("302 Found", "Location: file:///etc/passwd\r\n"), ERR_NETWORK, "http, https"},
        {STATUS("302 Found", "Location: gopher://127.0.0.1/\r\n"), ERR_NETWORK, "http"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct session *s = ASK(plain, rows[i].answer, OK("", "second"));
        if (s->ok || s->err.code != rows[i].code || !strstr(s->err.text, rows[i].says))
            fail_msg("row %zu: %s", i, s->ok ? "taken" : s->err.text);
        assert_int_equal(s->server->served, 1); /* and not tried again */
        done(s);
    }
}

static void test_redirects(void **state)
{
    (void)state;
    struct session *s = ASK(plain, STATUS("302 Found", "Location: /g\r\nETag: \"old\"\r\n"),
                            OK("Content-Length: 1\r\n", "g"));
    assert_true(s->ok);
    assert_str(s->response.body, "g");
    assert_int_equal(s->response.etag.len, 0); /* of the last hop only */
    assert_true(str_ends(s->response.url, STR("/g")));
    done(s);
    s = ASK(plain, STATUS("302 Found", "Location: /1\r\n"), STATUS("302 Found", "Location: /2\r\n"),
            STATUS("302 Found", "Location: /3\r\n"), STATUS("302 Found", "Location: /4\r\n"),
            OK("", "far"));
    assert_true(!s->ok && strstr(s->err.text, "without end"));
    done(s);
}

static void test_size_limit(void **state)
{
    (void)state;
    struct http_request request = {.fd = -1, .size_limit = 4};
    struct session *s = ASK(request, OK("", "12345"), OK("", "1234"));
    assert_true(!s->ok && s->err.code == ERR_LIMIT && s->server->served == 1);
    done(s);
    s = ASK(request, OK("", "1234"));
    assert_true(s->ok && s->response.size == 4);
    done(s);
}

static void test_digests(void **state)
{
    (void)state;
    struct http_request request = {.fd = -1, .has_sha256 = true, .sha256 = digest_of(STR("good"))};
    struct session *s = ASK(request, OK("", "evil"), OK("", "good"));
    assert_true(!s->ok && s->err.code == ERR_DIGEST && s->server->served == 1);
    done(s);
    s = ASK(request, OK("", "good"));
    assert_true(s->ok);
    done(s);
    struct http_request other = {.fd = -1,
                                 .hash_algorithm = STR("md5"),
                                 .hash_hex = STR("755F85C2723BB39381C7379A604160D8")};
    s = ASK(other, OK("", "good"));
    assert_true(s->ok);
    done(s);
    s = ASK(other, OK("", "evil"));
    assert_true(!s->ok && s->err.code == ERR_DIGEST);
    done(s);
    other.hash_algorithm = STR("rot13");
    s = ASK(other, OK("", "good"));
    assert_true(!s->ok && s->err.code == ERR_DIGEST && s->server->served == 0);
    done(s);
}

/* A cut answer is asked for again, and the file holds the second one only. */
static void test_file(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str text;
    char path[] = "/tmp/refinery-http-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd > 0);
    struct http_request request = {.fd = fd};
    struct session *s = ASK(request, OK("Content-Length: 100\r\n", "cut cut cut"),
                            OK("Content-Length: 5\r\n", "whole"));
    assert_true(s->ok && s->response.attempts == 2 && s->response.body.len == 0);
    assert_ok(file_read(AT_FDCWD, path, 1000, &arena, &text, &err));
    assert_str(text, "whole");
    struct digest digest = digest_of(STR("whole"));
    assert_true(digest_eq(&digest, &s->response.digest));
    done(s);
    close(fd);
    unlink(path);
}

static void test_range(void **state)
{
    (void)state;
    struct http_request request = {.fd = -1, .has_range = true, .range_from = -4, .range_len = 4};
    struct session *s =
        ASK(request, "HTTP/1.1 206 Partial\r\nConnection: close\r\nContent-Length: 4\r\n"
                     "Content-Range: bytes 6-9/10\r\n\r\n6789");
    assert_true(s->ok && s->response.status == 206 && s->response.total_size == 10);
    assert_non_null(strstr(s->server->asked[0], "Range: bytes=-4\r\n"));
    done(s);
    s = ASK(request, "HTTP/1.1 206 Partial\r\nConnection: close\r\n"
                     "Content-Range: bytes 6-9/*\r\nContent-Length: 4\r\n\r\n6789");
    assert_true(s->ok && s->response.total_size == -1); /* not the part's own length */
    done(s);
    s = ASK(plain, "HTTP/1.1 206 Partial\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
    assert_false(s->ok); /* a part is not what was asked for */
    done(s);
}

static void test_unreachable(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct http *http;
    struct http_response response;
    const struct http_options options = {.no_netrc = true, .attempts = 2, .backoff_base_ms = 1};
    struct server *server = server_start((const char *const[]){NULL});
    unsigned port = server->port;
    server_stop(server); /* nobody listens there now */
    assert_ok(http_open(&options, &http, &err));
    struct http_request request = {
        .url = arena_printf(&arena, "http://u:secret@127.0.0.1:%u/", port), .fd = -1};
    assert_false(http_get(http, &request, &arena, &response, &err));
    assert_true(err.code == ERR_NETWORK && !strstr(err.text, "secret"));
    assert_int_equal(http_request_count(http), 2);
    http_close(&http);
}

/* What `take` was given, and where it says no. */
struct taking {
    struct buf bytes;
    size_t refuse_from;
};

static bool take_bytes(void *state, struct str bytes, struct err *err)
{
    struct taking *taking = state;
    buf_add(&taking->bytes, bytes);
    return !taking->refuse_from || taking->bytes.len < taking->refuse_from ||
           err_set(err, ERR_SYSTEM, "no room");
}

#define HALF OK("Content-Length: 10\r\n", "01234")
#define REST(range, body)                                                                          \
    "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Range: bytes " range             \
    "\r\n\r\n" body

static void test_taking(void **state)
{
    (void)state;
    static const struct {
        const char *answers[4];
        bool ok;
    } rows[] = {
        {{OK("Content-Length: 10\r\n", "0123456789")}, true},
        {{HALF, REST("5-9/10", "56789")}, true},
        {{HALF, STATUS("503 Busy", ""), REST("5-9/10", "56789")}, true},
        {{HALF, OK("Content-Length: 10\r\n", "0123456789")}, true}, /* knows no ranges */
        {{HALF, REST("4-9/10", "456789")}, false},                  /* not what was asked */
        {{HALF, REST("5-9/10", "XXXXX")}, false},                   /* another file meanwhile */
        {{HALF, OK("", "0123")}, false},                            /* shorter now */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct taking taking = {0};
        struct http_request request = {.take = take_bytes,
                                       .take_state = &taking,
                                       .size_limit = 10,
                                       .has_sha256 = true,
                                       .sha256 = digest_of(STR("0123456789"))};
        struct session *s = ask(rows[i].answers, request);
        if (s->ok != rows[i].ok)
            fail_msg("row %zu: %s", i, s->err.text);
        if (s->ok)
            assert_str(buf_str(&taking.bytes), "0123456789");
        if (i == 1)
            assert_non_null(strstr(s->server->asked[1], "Range: bytes=5-\r\n"));
        done(s);
        buf_free(&taking.bytes);
    }
    struct taking taking = {.refuse_from = 3};
    struct http_request request = {.take = take_bytes, .take_state = &taking};
    struct session *s = ASK(request, HALF);
    assert_true(!s->ok && strstr(s->err.text, "no room"));
    done(s);
    buf_clear(&taking.bytes);
    request.size_limit = 4;
    s = ASK(request, HALF);
    assert_true(!s->ok && s->err.code == ERR_LIMIT && taking.bytes.len <= 4);
    done(s);
    buf_free(&taking.bytes);
}

static void test_challenge(void **state)
{
    (void)state;
    struct http_request request = {.fd = -1,
                                   .wants_challenge = true,
                                   .has_sha256 = true, /* of the thing itself, not of the refusal */
                                   .authorization = STR("Bearer token")};
    struct session *s =
        ASK(request, STATUS("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n"
                                                "WWW-Authenticate: Bearer realm=\"y\"\r\n"));
    assert_true(s->ok && s->response.status == 401);
    assert_str(s->response.challenge, "Bearer realm=\"y\"");
    assert_non_null(strstr(s->server->asked[0], "Authorization: Bearer token\r\n"));
    done(s);
}

static void test_shown(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    static const char *const rows[][2] = {
        {"https://u:p@host/a", "https://host/a"},
        {"https://u:p@ss@host/a@b", "https://host/a@b"},
        {"https://host/a?t=secret", "https://host/a?..."},
        {"https://u:p@host", "https://host"},
        {"https://u:p@host?q", "https://host?..."},
        {"/a/path", "/a/path"},
        {"file:///a@b", "file:///a@b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_str(transfer_shown(str_from(rows[i][0]), &arena), rows[i][1]);
}

int main(void)
{
    static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),       cmocka_unit_test(test_not_modified),
        cmocka_unit_test(test_retry_after), cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_size_limit),  cmocka_unit_test(test_digests),
        cmocka_unit_test(test_file),        cmocka_unit_test(test_range),
        cmocka_unit_test(test_unreachable), cmocka_unit_test(test_shown),
        cmocka_unit_test(test_taking),      cmocka_unit_test(test_challenge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
