#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "serve/listen.h"
#include "serve/mhd.h"
#include "serve/route.h"

enum {
    SERVER_HEADER_MAX = 16 << 10,
    SERVER_BODY_MAX = 64 << 10,
    SERVER_CONNECTIONS_MAX = 64,
    SERVER_DEADLINE_MS = 20000
};

/* A connection, in the list of those that have a deadline. */
struct server_peer {
    struct server_peer *next, **link;
    int fd;
    int64_t since_ms; /* when it opened, or its last request was answered */
    bool cut;
};

/* A request that is being read; its arena goes with it. */
struct server_request {
    struct arena arena;
    const struct serve_route *route;
    struct buf body;
    bool too_large;
};

struct serve {
    struct serve_config config;
    struct arena arena;
    struct str url;
    struct MHD_Daemon *daemon;
    int epoll, stop;
    pthread_t thread;
    struct server_peer *peers;
};

struct str serve_url(const struct serve *serve)
{
    return serve->url;
}

static int64_t server_now(const struct serve *serve)
{
    return clock_steady_ms(serve->config.clock);
}

/* ---- connections and their deadline ---- */

static void server_peer_open(struct serve *serve, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct server_peer *peer = mem_alloc(sizeof *peer);
    peer->fd = info ? info->connect_fd : -1;
    peer->since_ms = server_now(serve);
    peer->next = serve->peers;
    peer->link = &serve->peers;
    if (peer->next)
        peer->next->link = &peer->next;
    serve->peers = peer;
    *context = peer;
}

static void server_notify(void *state, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct serve *serve = state;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        server_peer_open(serve, connection, context);
        return;
    }
    struct server_peer *peer = *context;
    if (!peer)
        return;
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    mem_free(peer);
    *context = NULL;
}

/* However it keeps its connection busy: past the deadline a peer is cut off. Milliseconds until
 * the next one's, -1: there is none. */
static int64_t server_cut_late(struct serve *serve)
{
    int64_t now = server_now(serve), next = -1;
    for (struct server_peer *peer = serve->peers; peer; peer = peer->next) {
        int64_t left = peer->since_ms + serve->config.deadline_ms - now;
        if (peer->cut)
            continue;
        if (left <= 0) {
            peer->cut = true;
            shutdown(peer->fd, SHUT_RDWR);
        } else if (next < 0 || left < next) {
            next = left;
        }
    }
    return next;
}

/* ---- requests ---- */

static struct str server_header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? str_from(value) : STR("");
}

static enum MHD_Result server_answer(struct MHD_Connection *connection, struct serve_answer *answer,
                                     struct str allow)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.len, answer->body.ptr, MHD_RESPMEM_MUST_COPY);
    buf_free(&answer->body);
    if (!response)
        return MHD_NO;
    enum MHD_Result good = MHD_add_response_header(
        response, "Content-Type", answer->type ? answer->type : "application/json");
    good = good && MHD_add_response_header(response, "Cache-Control", "no-store");
    good = good && MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (answer->status == 401)
        good = good && MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (answer->status == 405)
        good = good && MHD_add_response_header(response, "Allow", allow.ptr);
    good = good && MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return good;
}

/* The head of a request is here: refused now, or its body is read. */
static enum MHD_Result server_begin(struct serve *serve, struct MHD_Connection *connection,
                                    struct str method, struct str path, void **context)
{
    ARENA_AUTO struct arena scratch = {0};
    struct serve_answer refusal = {0};
    struct str allow;
    const struct route_head head = {
        .method = method,
        .path = path,
        .authorization = server_header(connection, "Authorization"),
        .worker_token = server_header(connection, "X-Worker-Token"),
        .token_in_url = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token"),
        .content_length = server_header(connection, "Content-Length")};
    const struct serve_route *route = route_find(&serve->config, &head, &scratch, &refusal, &allow);
    if (!route)
        return server_answer(connection, &refusal, allow);
    struct server_request *request = mem_alloc(sizeof *request);
    request->route = route;
    *context = request;
    return MHD_YES;
}

/* A body without a length told before is counted as it comes. */
static enum MHD_Result server_more(const struct serve *serve, struct server_request *request,
                                   struct str piece, size_t *taken)
{
    if (request->body.len + piece.len > serve->config.body_max)
        request->too_large = true;
    else
        buf_add(&request->body, piece);
    *taken = 0;
    return MHD_YES;
}

static enum MHD_Result server_end(const struct serve *serve, struct MHD_Connection *connection,
                                  struct str method, struct str path,
                                  struct server_request *request)
{
    struct serve_answer answer = {.status = 200};
    const struct serve_request asked = {
        .method = method, .path = path, .body = buf_str(&request->body), .arena = &request->arena};
    if (request->too_large)
        serve_problem(&answer, 413, STR("the body is larger than this route takes"));
    else
        request->route->handle(serve->config.state, &asked, &answer);
    return server_answer(connection, &answer, STR(""));
}

static enum MHD_Result server_handle(void *state, struct MHD_Connection *connection,
                                     const char *path, const char *method, const char *version,
                                     const char *piece, size_t *piece_len, void **context)
{
    struct serve *serve = state;
    (void)version;
    if (!*context)
        return server_begin(serve, connection, str_from(method), str_from(path), context);
    if (*piece_len)
        return server_more(serve, *context, str_of(piece, *piece_len), piece_len);
    return server_end(serve, connection, str_from(method), str_from(path), *context);
}

static void server_completed(void *state, struct MHD_Connection *connection, void **context,
                             enum MHD_RequestTerminationCode how)
{
    struct serve *serve = state;
    struct server_request *request = *context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    (void)how;
    if (info && info->socket_context)
        ((struct server_peer *)info->socket_context)->since_ms = server_now(serve);
    if (!request)
        return;
    buf_free(&request->body);
    arena_free(&request->arena);
    mem_free(request);
    *context = NULL;
}

/* ---- the thread ---- */

static int server_wait_ms(struct serve *serve)
{
    MHD_UNSIGNED_LONG_LONG library = 0;
    int64_t wait = server_cut_late(serve);
    if (MHD_get_timeout(serve->daemon, &library) == MHD_YES &&
        (wait < 0 || (int64_t)library < wait))
        wait = (int64_t)library;
    return wait > INT32_MAX ? INT32_MAX : (int)wait;
}

static void *server_thread(void *state)
{
    struct serve *serve = state;
    struct pollfd polled[] = {{.fd = serve->epoll, .events = POLLIN},
                              {.fd = serve->stop, .events = POLLIN}};
    while (!polled[1].revents) {
        (void)!poll(polled, 2, server_wait_ms(serve));
        MHD_run(serve->daemon);
    }
    return NULL;
}

/* What clients do wrong is answered to them; the operator's terminal is not theirs. */
static void server_quiet(void *state, const char *format, va_list args)
{
    (void)state;
    (void)format;
    (void)args;
}

static bool server_start(struct serve *serve, int fd, struct err *err)
{
    const struct serve_config *config = &serve->config;
    serve->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, server_handle, serve,
        MHD_OPTION_EXTERNAL_LOGGER, server_quiet, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, config->connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        config->header_max, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)((config->deadline_ms + 999) / 1000), MHD_OPTION_NOTIFY_CONNECTION, server_notify,
        serve, MHD_OPTION_NOTIFY_COMPLETED, server_completed, serve, MHD_OPTION_END);
    if (!serve->daemon)
        return err_set(err, ERR_SYSTEM, "the HTTP server does not start at " STR_FMT,
                       STR_ARG(serve->url));
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(serve->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    serve->epoll = info ? info->epoll_fd : -1;
    return serve->epoll >= 0 || err_set(err, ERR_SYSTEM, "the HTTP server has no epoll here");
}

/* Signals are the program's: none is taken by this thread. */
static bool server_begin_thread(struct serve *serve, struct err *err)
{
    sigset_t all, before;
    serve->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (serve->stop < 0)
        return err_errno(err, "making an event");
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&serve->thread, NULL, server_thread, serve);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 ||
           err_set(err, ERR_SYSTEM, "starting the HTTP server's thread: error %d", code);
}

static void server_defaults(struct serve_config *config)
{
    if (!config->header_max)
        config->header_max = SERVER_HEADER_MAX;
    if (!config->body_max)
        config->body_max = SERVER_BODY_MAX;
    if (!config->connections_max)
        config->connections_max = SERVER_CONNECTIONS_MAX;
    if (!config->deadline_ms)
        config->deadline_ms = SERVER_DEADLINE_MS;
}

static void server_drop(struct serve *serve)
{
    if (serve->daemon)
        MHD_stop_daemon(serve->daemon); /* closes the listening socket too */
    if (serve->stop >= 0)
        close(serve->stop);
    arena_free(&serve->arena);
    mem_free(serve);
}

bool serve_open(const struct serve_config *config, struct str address, struct serve **serve,
                struct err *err)
{
    struct listen_address parsed;
    int fd;
    if (!listen_parse(address, &parsed, err) || !mhd_load(err))
        return false;
    struct serve *made = mem_alloc(sizeof *made);
    made->config = *config;
    made->stop = -1;
    server_defaults(&made->config);
    if (!listen_open(&parsed, &made->arena, &fd, &made->url, err)) {
        server_drop(made);
        return false;
    }
    if (!server_start(made, fd, err) || !server_begin_thread(made, err)) {
        if (!made->daemon)
            close(fd);
        server_drop(made);
        return false;
    }
    *serve = made;
    return true;
}

void serve_close(struct serve **serve)
{
    if (!*serve)
        return;
    (void)!write((*serve)->stop, &(uint64_t){1}, sizeof(uint64_t));
    pthread_join((*serve)->thread, NULL);
    server_drop(*serve);
    *serve = NULL;
}
