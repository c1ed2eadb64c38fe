/*
 * libmicrohttpd, loaded when the first server opens and not when the program starts: it brings
 * GnuTLS with all that needs (decisions 0006 and 0710). Names and types are the library's own.
 */
#include <microhttpd.h>
#include <stdarg.h>

#include "base/library.h"
#include "serve/mhd.h"

static struct {
    struct MHD_Daemon *(*start_daemon_va)(unsigned, uint16_t, MHD_AcceptPolicyCallback, void *,
                                          MHD_AccessHandlerCallback, void *, va_list);
    void (*stop_daemon)(struct MHD_Daemon *);
    enum MHD_Result (*run)(struct MHD_Daemon *);
    enum MHD_Result (*get_timeout)(struct MHD_Daemon *, MHD_UNSIGNED_LONG_LONG *);
    const union MHD_DaemonInfo *(*get_daemon_info)(struct MHD_Daemon *, enum MHD_DaemonInfoType,
                                                   ...);
    const union MHD_ConnectionInfo *(*get_connection_info)(struct MHD_Connection *,
                                                           enum MHD_ConnectionInfoType, ...);
    const char *(*lookup_connection_value)(struct MHD_Connection *, enum MHD_ValueKind,
                                           const char *);
    struct MHD_Response *(*create_response_from_buffer)(size_t, void *,
                                                        enum MHD_ResponseMemoryMode);
    enum MHD_Result (*add_response_header)(struct MHD_Response *, const char *, const char *);
    enum MHD_Result (*queue_response)(struct MHD_Connection *, unsigned, struct MHD_Response *);
    void (*destroy_response)(struct MHD_Response *);
} mhd;

static const struct library_symbol names[] = {
    {"MHD_start_daemon_va", &mhd.start_daemon_va},
    {"MHD_stop_daemon", &mhd.stop_daemon},
    {"MHD_run", &mhd.run},
    {"MHD_get_timeout", &mhd.get_timeout},
    {"MHD_get_daemon_info", &mhd.get_daemon_info},
    {"MHD_get_connection_info", &mhd.get_connection_info},
    {"MHD_lookup_connection_value", &mhd.lookup_connection_value},
    {"MHD_create_response_from_buffer", &mhd.create_response_from_buffer},
    {"MHD_add_response_header", &mhd.add_response_header},
    {"MHD_queue_response", &mhd.queue_response},
    {"MHD_destroy_response", &mhd.destroy_response},
};

static struct library library = {
    .file = "libmicrohttpd.so.12", .symbols = names, .count = sizeof names / sizeof *names};

bool mhd_load(struct err *err)
{
    const char *why = "";
    return library_load(&library, &why) ||
           err_set(err, ERR_SYSTEM,
                   "the HTTP server's library is not there (%s); install the "
                   "package libmicrohttpd12 (Debian 13: libmicrohttpd12t64)",
                   why);
}

/* mhd_load comes before every call of these; the headers name their parameters otherwise. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
struct MHD_Daemon *MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                    void *accept_state, MHD_AccessHandlerCallback handle,
                                    void *handle_state, ...)
{
    va_list options;
    va_start(options, handle_state);
    struct MHD_Daemon *daemon =
        mhd.start_daemon_va(flags, port, accept, accept_state, handle, handle_state, options);
    va_end(options);
    return daemon;
}

void MHD_stop_daemon(struct MHD_Daemon *daemon)
{
    mhd.stop_daemon(daemon);
}

enum MHD_Result MHD_run(struct MHD_Daemon *daemon)
{
    return mhd.run(daemon);
}

enum MHD_Result MHD_get_timeout(struct MHD_Daemon *daemon, MHD_UNSIGNED_LONG_LONG *timeout)
{
    return mhd.get_timeout(daemon, timeout);
}

/* None of the kinds that are asked for here takes a further argument. */
const union MHD_DaemonInfo *MHD_get_daemon_info(struct MHD_Daemon *daemon,
                                                enum MHD_DaemonInfoType kind, ...)
{
    return mhd.get_daemon_info(daemon, kind);
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType kind, ...)
{
    return mhd.get_connection_info(connection, kind);
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                        const char *key)
{
    return mhd.lookup_connection_value(connection, kind, key);
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *bytes,
                                                     enum MHD_ResponseMemoryMode mode)
{
    return mhd.create_response_from_buffer(size, bytes, mode);
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *name,
                                        const char *value)
{
    return mhd.add_response_header(response, name, value);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *response)
{
    return mhd.queue_response(connection, status, response);
}

void MHD_destroy_response(struct MHD_Response *response)
{
    mhd.destroy_response(response);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
