/*
 * retry_queue.json of an earlier system, read: what its dashboard and its API left for the next
 * worker. The document is a list of requests, or an object with that list as "items", "queue",
 * "requests", "builds" or "packages"; a request is the name of a package, or an object:
 *
 *     {"package": "lxml", "version": "5.2.1", "python_tag": "cp311",
 *      "platform_tag": "manylinux2014_s390x", "recipes": ["apt:libxml2-dev"], "attempts": 2}
 *
 * "name" serves for "package"; recipes are words, or lists by kind ({"apt": ["libxml2-dev"]});
 * "strategy" and "reason" (also "detail", "error") are taken too. Whatever else an object holds is
 * named once and left out, like requests that are none. One package, version and target twice is
 * one entry with the recipes of both. Pure.
 */
#ifndef REFINERY_RUN_RETRY_FILE_H
#define REFINERY_RUN_RETRY_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "build/spec.h"

enum {
    RETRY_FILE_BYTES = 16 << 20,
    RETRY_FILE_ENTRIES = 100000,
    RETRY_FILE_RECIPES = 64,   /* of one entry */
    RETRY_FILE_COMPLAINTS = 20 /* said one by one; the rest is counted */
};

struct retry_request {
    struct str name;    /* normalised */
    struct str version; /* empty: whichever fits */
    struct str target;  /* as plans name it; empty: the worker's */
    struct spec_list recipes;
    struct str strategy, reason;
    int64_t attempts;
};

struct retry_file {
    const struct retry_request *at; /* in the order of the file */
    size_t len;
    const struct str *complaints; /* sentences */
    size_t complaints_len, complaints_more;
};

/* ERR_FORMAT: no JSON (with the byte), or no list; ERR_LIMIT. `what` names the file in errors. */
CHECKED bool retry_file_parse(struct str text, const char *what, struct arena *arena,
                              struct retry_file *file, struct err *err);

/* "cp311" and "manylinux2014_s390x" -> "cp311-s390x-manylinux_2_17"; false: they name none. */
CHECKED bool retry_file_target(struct str python_tag, struct str platform_tag, struct arena *arena,
                               struct str *target, struct err *err);

#endif
