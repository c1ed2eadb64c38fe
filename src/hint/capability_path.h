/*
 * What a file of a distribution's package is good for, told from its path alone: a header to
 * include, a library to link with, a program to run. The rest of an index (documentation, data)
 * is of no use to a build that lacks something. Pure.
 */
#ifndef REFINERY_HINT_CAPABILITY_PATH_H
#define REFINERY_HINT_CAPABILITY_PATH_H

#include "base/arena.h"

enum capability_kind {
    CAPABILITY_HEADER,    /* "openssl/ssl.h" of #include */
    CAPABILITY_PKGCONFIG, /* "libssl" of pkg-config */
    CAPABILITY_LIBRARY,   /* "ssl" of -lssl */
    CAPABILITY_CMAKE,     /* "OpenSSL" of find_package() */
    CAPABILITY_PROGRAM,   /* "swig" */
    CAPABILITY_PYTHON,    /* "yaml", "google.protobuf" of import */
    CAPABILITY_SONAME,    /* "libssl.so.3" */
    CAPABILITY_KINDS,
};

/* The word for it on the command line: "header", "pkgconfig", ... */
const char *capability_path_kind_name(enum capability_kind kind);
bool capability_path_kind(struct str name, enum capability_kind *kind);

/* Whether the target's package is meant; else one for the machine that builds. */
bool capability_path_is_of_target(enum capability_kind kind);

/* A file as the map knows it: found by kind and key, told from its kin by its directory. */
struct capability_file {
    enum capability_kind kind;
    struct str key; /* name of the file ("ssl.h", "libssl.a"); of Python the module ("a.b") */
    struct str dir; /* "usr/include/openssl": without slashes at its ends; borrowed */
};

enum { CAPABILITY_PATH_MAX = 4095, CAPABILITY_NAME_MAX = 1000 };

/*
 * `path` as indexes have it, with or without a slash before it. False: of no use to a build, or for
 * another machine than the index (cross compilers, firmware), or longer than a path can be. What is
 * not borrowed from the path lives in the arena.
 */
bool capability_path_read(struct str path, struct arena *arena, struct capability_file *file);

/* What a log names, as keys of the map: a library is there as libX.so or libX.a. */
struct capability_keys {
    struct str at[2];
    size_t len;       /* 0: no name of that kind */
    struct str under; /* the folder that is named before it: "openssl" of <openssl/ssl.h> */
};

struct capability_keys capability_path_keys(enum capability_kind kind, struct str name,
                                            struct arena *arena);

#endif
