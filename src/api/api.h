/* What the files of librefinery share: the way from C strings and into errors. */
#ifndef REFINERY_API_API_H
#define REFINERY_API_API_H

#define REFINERY_API __attribute__((visibility("default")))

#include "base/arena.h"
#include "refinery/refinery.h"

/*
 * An object is the first thing in its own arena, which it holds as the member `arena`: all of it
 * goes at once with api_free(object->arena).
 */
#define API_NEW(type) ((type *)api_new(sizeof(type), offsetof(type, arena)))
void *api_new(size_t size, size_t at);
void api_free(struct arena arena);

/* Hands `err` to the caller; returns false. `error` may be NULL. */
bool api_fail(const struct err *err, struct refinery_error *error);

#endif
