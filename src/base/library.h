/*
 * Shared libraries that are loaded when the program first needs them and not when it starts
 * (decision 0006). A file such as os/archive.c defines the functions of such a library under their
 * own names and forwards them, so that its callers include the library's header and know nothing of
 * this. Any thread may load; a library is never unloaded, since what it brings may outlive it.
 */
#ifndef REFINERY_BASE_LIBRARY_H
#define REFINERY_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct library_symbol {
    const char *name;
    void *slot; /* a pointer to the function's pointer */
};

struct library {
    const char *file; /* "libarchive.so.13" */
    const struct library_symbol *symbols;
    size_t count;
    bool loaded; /* set once all slots are */
};

/* Fills the slots. False when the library or a symbol is missing; what was wanted stands in `why`,
 * the dynamic linker's words, valid until this thread asks it again. */
CHECKED bool library_load(struct library *library, const char **why);

/* The same for callers that cannot be told: what is missing ends the program with a sentence and
 * status 127, as it would have at start. */
void library_need(struct library *library);

/*
 * For the file that defines a library's functions: its tables hold one F(result, name, parameters,
 * arguments) a function, for these four. `calls` and `library` are the file's own.
 */
#define LIBRARY_SLOT(result, name, parameters, arguments) __typeof__(name) *name;
#define LIBRARY_SYMBOL(result, name, parameters, arguments) {#name, &calls.name},
#define LIBRARY_FORWARD(result, name, parameters, arguments)                                       \
    result name parameters                                                                         \
    {                                                                                              \
        library_need(&library);                                                                    \
        return calls.name arguments;                                                               \
    }
#define LIBRARY_FORWARD_PROCEDURE(result, name, parameters, arguments)                             \
    result name parameters                                                                         \
    {                                                                                              \
        library_need(&library);                                                                    \
        calls.name arguments;                                                                      \
    }

#endif
