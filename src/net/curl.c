/*
 * libcurl, loaded when the first client opens and not when the program starts: it brings some 30
 * further libraries (TLS, Kerberos, LDAP, SSH), which cost every command 4 ms, those most that need
 * no network. The names and types are libcurl's own, from its header.
 */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/library.h"

/* Macros of the header that would stand in the way of definitions. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

static struct {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    void (*easy_reset)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    const char *(*easy_strerror)(CURLcode);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_cleanup)(CURLM *);
    CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
    CURLMcode (*multi_add_handle)(CURLM *, CURL *);
    CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
    CURLMcode (*multi_perform)(CURLM *, int *);
    CURLMcode (*multi_poll)(CURLM *, struct curl_waitfd[], unsigned, int, int *);
    CURLMsg *(*multi_info_read)(CURLM *, int *);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
    time_t (*getdate)(const char *, const time_t *);
} curl;

static const struct library_symbol names[] = {
    {"curl_global_init", &curl.global_init},
    {"curl_easy_init", &curl.easy_init},
    {"curl_easy_cleanup", &curl.easy_cleanup},
    {"curl_easy_reset", &curl.easy_reset},
    {"curl_easy_setopt", &curl.easy_setopt},
    {"curl_easy_getinfo", &curl.easy_getinfo},
    {"curl_easy_strerror", &curl.easy_strerror},
    {"curl_multi_init", &curl.multi_init},
    {"curl_multi_cleanup", &curl.multi_cleanup},
    {"curl_multi_setopt", &curl.multi_setopt},
    {"curl_multi_add_handle", &curl.multi_add_handle},
    {"curl_multi_remove_handle", &curl.multi_remove_handle},
    {"curl_multi_perform", &curl.multi_perform},
    {"curl_multi_poll", &curl.multi_poll},
    {"curl_multi_info_read", &curl.multi_info_read},
    {"curl_slist_append", &curl.slist_append},
    {"curl_slist_free_all", &curl.slist_free_all},
    {"curl_getdate", &curl.getdate},
};

static struct library library = {
    .file = "libcurl.so.4", .symbols = names, .count = sizeof names / sizeof *names};

/* The headers name their parameters otherwise. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
/* Every client begins here (http_open); what follows may rely on it. */
CURLcode curl_global_init(long flags)
{
    const char *why;
    if (!library_load(&library, &why))
        return CURLE_FAILED_INIT;
    return curl.global_init(flags);
}

/* The one argument behind an option has the type that the option's number says. */
// NOLINTBEGIN(bugprone-branch-clone): they differ in the type that va_arg takes
#define FORWARD(result, call, handle, option)                                                      \
    do {                                                                                           \
        va_list args;                                                                              \
        va_start(args, option);                                                                    \
        int number = (int)(option);                                                                \
        if (number < CURLOPTTYPE_OBJECTPOINT)                                                      \
            result = call(handle, option, va_arg(args, long));                                     \
        else if (number >= CURLOPTTYPE_FUNCTIONPOINT && number < CURLOPTTYPE_OFF_T)                \
            result = call(handle, option, va_arg(args, void (*)(void)));                           \
        else if (number >= CURLOPTTYPE_OFF_T && number < CURLOPTTYPE_BLOB)                         \
            result = call(handle, option, va_arg(args, curl_off_t));                               \
        else                                                                                       \
            result = call(handle, option, va_arg(args, void *));                                   \
        va_end(args);                                                                              \
    } while (0)

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    CURLcode result;
    FORWARD(result, curl.easy_setopt, easy, option);
    return result;
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...)
{
    CURLMcode result;
    FORWARD(result, curl.multi_setopt, multi, option);
    return result;
}
// NOLINTEND(bugprone-branch-clone)

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    va_list args;
    va_start(args, info);
    CURLcode result = curl.easy_getinfo(easy, info, va_arg(args, void *));
    va_end(args);
    return result;
}

CURL *curl_easy_init(void)
{
    return curl.easy_init();
}

void curl_easy_cleanup(CURL *easy)
{
    curl.easy_cleanup(easy);
}

void curl_easy_reset(CURL *easy)
{
    curl.easy_reset(easy);
}

const char *curl_easy_strerror(CURLcode code)
{
    return curl.easy_strerror(code);
}

CURLM *curl_multi_init(void)
{
    return curl.multi_init();
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
    return curl.multi_cleanup(multi);
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    return curl.multi_add_handle(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    return curl.multi_remove_handle(multi, easy);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    return curl.multi_perform(multi, running);
}

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned count, int timeout_ms,
                          int *events)
{
    return curl.multi_poll(multi, extra, count, timeout_ms, events);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
    return curl.multi_info_read(multi, left);
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text)
{
    return curl.slist_append(list, text);
}

time_t curl_getdate(const char *text, const time_t *unused)
{
    return curl.getdate(text, unused);
}

void curl_slist_free_all(struct curl_slist *list)
{
    curl.slist_free_all(list);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
