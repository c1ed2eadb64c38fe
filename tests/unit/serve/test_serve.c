#include "unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/listen.h"
#include "serve/route.h"

static struct err err;
static int handled;

static void greet(void *state, const struct serve_request *request, struct serve_answer *answer)
{
    (void)state;
    handled++;
    buf_printf(&answer->body, "%zu bytes", request->body.len);
    answer->type = "text/plain";
}

static bool admit(void *state, enum serve_role role, struct str token)
{
    (void)state;
    return role == SERVE_OPERATOR && serve_same_secret(token, STR("right"));
}

static const struct serve_route routes[] = {
    SERVE_ROUTE("GET", "/open", SERVE_ANYONE, greet),
    SERVE_ROUTE("POST", "/closed", SERVE_OPERATOR, greet),
    SERVE_ROUTE("DELETE", "/closed", SERVE_OPERATOR, greet),
};

static struct serve_config config(void)
{
    return (struct serve_config){.routes = routes,
                                 .route_count = sizeof routes / sizeof *routes,
                                 .admit = admit,
                                 .clock = clock_system(),
                                 .body_max = 1000};
}

static void test_routes(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *authorization, *worker_token, *length;
        bool in_url;
        unsigned status; /* 0: let in */
        const char *allow;
    } cases[] = {
        {"GET", "/open", "", "", "", false, 0, ""},
        {"HEAD", "/open", "", "", "", false, 0, ""},
        {"GET", "/open", "", "", "", true, 400, ""},
        {"GET", "/open/", "", "", "", false, 404, ""},
        {"PUT", "/closed", "Bearer right", "", "", false, 405, "POST, DELETE"},
        {"POST", "/closed", "", "", "", false, 401, ""},
        {"POST", "/closed", "Bearer wrong", "", "", false, 401, ""},
        {"POST", "/closed", "Bearer ", "", "", false, 401, ""},
        {"POST", "/closed", "Basic right", "", "", false, 401, ""},
        {"POST", "/closed", "right", "", "", false, 401, ""},
        {"POST", "/closed", "Bearer righ", "", "", false, 401, ""},
        {"POST", "/closed", "Bearer right", "", "", false, 0, ""},
        {"POST", "/closed", "bearer  right ", "", "1000", false, 0, ""},
        {"POST", "/closed", "", "right", "", false, 0, ""},
        {"POST", "/closed", "Bearer wrong", "right", "", false, 401, ""},
        {"POST", "/closed", "", "right", "1001", false, 413, ""},
        {"POST", "/closed", "", "wrong", "1001", false, 401, ""}, /* who it is comes first */
        {"POST", "/closed", "", "right", "-1", false, 400, ""},
        {"POST", "/closed", "", "right", "99999999999999999999", false, 400, ""},
    };
    const struct serve_config setting = config();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        const struct route_head head = {.method = str_from(cases[i].method),
                                        .path = str_from(cases[i].path),
                                        .authorization = str_from(cases[i].authorization),
                                        .worker_token = str_from(cases[i].worker_token),
                                        .token_in_url = cases[i].in_url,
                                        .content_length = str_from(cases[i].length)};
        struct serve_answer answer = {0};
        struct str allow;
        const struct serve_route *found = route_find(&setting, &head, &arena, &answer, &allow);
        if ((found == NULL) != (cases[i].status != 0) || answer.status != cases[i].status)
            fail_msg("case %zu: %u", i, answer.status);
        if (cases[i].status == 405)
            assert_str(allow, cases[i].allow);
        buf_free(&answer.body);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *port; /* host NULL: refused */
    } cases[] = {
        {"9000", "", "9000"},
        {"0.0.0.0:80", "0.0.0.0", "80"},
        {"[::1]:9000", "::1", "9000"},
        {"worker:9000", "worker", "9000"},
        {"::1:9000", NULL, NULL},
        {":9000", NULL, NULL},
        {"", NULL, NULL},
        {"70000", NULL, NULL},
        {"a:http", NULL, NULL},
        {"a:", NULL, NULL},
        {"-1", NULL, NULL},
        {"[::1]", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct listen_address address;
        bool good = listen_parse(str_from(cases[i].text), &address, &err);
        assert_int_equal(good, cases[i].host != NULL);
        if (!good) {
            assert_int_equal(err.code, ERR_USAGE);
            continue;
        }
        assert_str(address.host, cases[i].host);
        assert_str(address.port, cases[i].port);
    }
}

static int call(const struct serve *serve)
{
    struct str url = serve_url(serve);
    size_t colon = str_rfind_char(url, ':');
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(url.ptr + colon + 1)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Until the server closes it; the last of several answers on one connection asks for that. */
static const char *hear(int fd, char *room, size_t size)
{
    size_t len = 0;
    ssize_t got;
    while (len + 1 < size && (got = recv(fd, room + len, size - 1 - len, 0)) > 0)
        len += (size_t)got;
    room[len] = '\0';
    return room;
}

static void test_requests(void **state)
{
    (void)state;
    SERVE_AUTO struct serve *serve = NULL;
    const struct serve_config setting = config();
    char room[4096];
    handled = 0;
    assert_ok(serve_open(&setting, STR("0"), &serve, &err));
    int fd = call(serve);
    say(fd, "POST /closed HTTP/1.1\r\nHost: x\r\nX-Worker-Token: right\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            "GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    hear(fd, room, sizeof room);
    if (!strstr(room, "5 bytes") || !strstr(room, "0 bytes") || !strstr(room, "no-store"))
        fail_msg("%s", room);
    assert_int_equal(handled, 2);
    close(fd);
    fd = call(serve); /* refused before its body comes: nothing of that is waited for */
    say(fd, "POST /closed HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
    hear(fd, room, sizeof room);
    if (!strstr(room, " 401 ") || !strstr(room, "WWW-Authenticate: Bearer") ||
        !strstr(room, "application/problem+json"))
        fail_msg("%s", room);
    close(fd);
    assert_int_equal(handled, 2);
    struct serve *second = NULL;
    struct str taken = str_from_pos(serve_url(serve), sizeof "http://" - 1);
    assert_false(serve_open(&setting, taken, &second, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
}

/* A client that sends a byte now and then is never idle: the deadline ends it all the same. */
static void test_deadline(void **state)
{
    (void)state;
    SERVE_AUTO struct serve *serve = NULL;
    struct serve_config setting = config();
    struct timespec byte_each = {.tv_nsec = 20000000};
    setting.deadline_ms = 300;
    assert_ok(serve_open(&setting, STR("0"), &serve, &err));
    int fd = call(serve), other = call(serve);
    int64_t started = clock_steady_ms(setting.clock), now = started;
    bool open = send(fd, "GET /open HTTP/1.1\r\nX-Slow: ", 28, MSG_NOSIGNAL) > 0;
    while (open && now - started < 5000) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        ppoll(&polled, 1, &byte_each, NULL);
        open = !polled.revents && send(fd, "x", 1, MSG_NOSIGNAL) == 1;
        now = clock_steady_ms(setting.clock);
    }
    assert_false(open);
    assert_in_range(now - started, 250, 4000);
    char room[64];
    assert_string_equal(hear(other, room, sizeof room), ""); /* said nothing at all: the same */
    close(fd);
    close(other);
}

static void test_secrets(void **state)
{
    (void)state;
    assert_true(serve_same_secret(STR("abc"), STR("abc")));
    assert_false(serve_same_secret(STR("abc"), STR("abd")));
    assert_false(serve_same_secret(STR("abc"), STR("abcd")));
    assert_false(serve_same_secret(STR(""), STR("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),   cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_requests), cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
