/*
 * The one error type. A function that can fail returns bool (true is success)
 * and takes `struct err *` last. Success leaves the error untouched, failure
 * leaves the outputs untouched. The text says what happened, where, and what to
 * do next; callers add their context in front while it travels up, and only the
 * outermost one prints it. A build that fails is data, not an error.
 */
#ifndef REFINERY_BASE_ERR_H
#define REFINERY_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum err_code {
    ERR_NONE = 0,
    ERR_USAGE,     /* the caller asked for something that makes no sense */
    ERR_SYSTEM,    /* the operating system refused: disk, permissions, processes */
    ERR_FORMAT,    /* input that does not parse */
    ERR_LIMIT,     /* input larger, deeper or longer than allowed */
    ERR_NOT_FOUND, /* expected: the thing asked for is not there */
    ERR_CONFLICT,  /* expected: somebody else holds or changed it (stale lease, duplicate) */
    ERR_NETWORK,   /* a peer cannot be reached or answers nonsense */
    ERR_DIGEST,    /* bytes are not the ones promised */
    ERR_UNSAT,     /* the requirements cannot be satisfied */
    ERR_CANCELLED, /* asked to stop */
};

struct err {
    enum err_code code;
    char text[1024];
    size_t line, position; /* in the text that was read, from 1; 0 where the message names none */
};

#define CHECKED __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Sets the error and returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same for a failed system call: appends ": " and errno's text. ENOENT gives ERR_NOT_FOUND. */
bool err_errno(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * The same for a parser that knows where in its input it stopped, for programs that read errors as
 * data; the message says it too. 0: not known.
 */
bool err_set_at(struct err *err, enum err_code code, size_t line, size_t position, const char *fmt,
                ...) PRINTF_LIKE(5, 6);

/* Puts context in front of an error on its way up: "context: old text". Returns false. */
bool err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
