#include "serve/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 128 };

bool listen_parse(struct str text, struct listen_address *address, struct err *err)
{
    struct str all = str_trim(text), host = {0};
    size_t colon = str_rfind_char(all, ':');
    uint64_t port = 0;
    struct str digits = all;
    if (colon < all.len) {
        host = str_slice(all, 0, colon);
        digits = str_from_pos(all, colon + 1);
    }
    bool bracketed = str_starts(host, STR("[")) && str_ends(host, STR("]"));
    if (bracketed)
        host = str_slice(host, 1, host.len - 1);
    if (!str_to_u64(digits, &port) || port > UINT16_MAX || (colon < all.len && !host.len) ||
        (str_has_char(host, ':') && !bracketed))
        return err_set(err, ERR_USAGE,
                       "\"" STR_FMT "\" is no address to listen at: say PORT, HOST:PORT or "
                       "[ADDRESS]:PORT",
                       STR_ARG(str_slice(text, 0, 100)));
    *address = (struct listen_address){host, digits};
    return true;
}

static bool listen_say(int fd, struct arena *arena, struct str *url, struct err *err)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (getsockname(fd, (struct sockaddr *)&name, &len) < 0 ||
        getnameinfo((struct sockaddr *)&name, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return err_errno(err, "asking for the address that is listened at");
    *url = arena_printf(arena, name.ss_family == AF_INET6 ? "http://[%s]:%s" : "http://%s:%s", host,
                        port);
    return true;
}

static int listen_try(const struct addrinfo *at)
{
    int on = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

bool listen_open(const struct listen_address *address, struct arena *arena, int *fd,
                 struct str *url, struct err *err)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *list = NULL;
    struct str host = address->host.len ? address->host : STR("127.0.0.1");
    int code =
        getaddrinfo(arena_cstr(arena, host), arena_cstr(arena, address->port), &wanted, &list);
    if (code != 0)
        return err_set(err, ERR_USAGE, "cannot listen at " STR_FMT ": %s", STR_ARG(host),
                       gai_strerror(code));
    int made = -1;
    for (const struct addrinfo *at = list; at && made < 0; at = at->ai_next)
        made = listen_try(at);
    freeaddrinfo(list);
    if (made < 0)
        return err_errno(err, "cannot listen at " STR_FMT ":" STR_FMT, STR_ARG(host),
                         STR_ARG(address->port));
    if (!listen_say(made, arena, url, err)) {
        close(made);
        return false;
    }
    *fd = made;
    return true;
}
