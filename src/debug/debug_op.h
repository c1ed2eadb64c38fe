/*
 * The ops of the line protocol, for the files of this room. Each reads its members from the request
 * and makes its result in the answer's document; an error becomes the answer's "error".
 */
#ifndef REFINERY_DEBUG_OP_H
#define REFINERY_DEBUG_OP_H

#include "base/arena.h"
#include "base/json.h"

struct debug_call {
    yyjson_val *request;
    yyjson_mut_doc *doc; /* of the answer */
    struct arena *arena; /* lives as long as the answer is written */
};

typedef bool debug_op_fn(const struct debug_call *call, yyjson_mut_val **result, struct err *err);

struct debug_op {
    const char *name;
    debug_op_fn *answer;
    const char *request, *result; /* in words, for the documentation */
};

#define DEBUG_OP(name, function, request, result) CHECKED debug_op_fn function;
#define DEBUG_GROUP(title)
#include "tables/debug_pkg.def"

/* A member that must be there, and of that type. */
CHECKED bool debug_op_str(const struct debug_call *call, const char *key, struct str *value,
                          struct err *err);
/* A member that may be absent or null. */
CHECKED bool debug_op_maybe_str(const struct debug_call *call, const char *key, struct str *value,
                                struct err *err);
/* An array of strings; absent gives none. */
CHECKED bool debug_op_strs(yyjson_val *object, const char *key, struct arena *arena,
                           const struct str **at, size_t *len, struct err *err);

/* Values of the answer. */
yyjson_mut_val *debug_op_make_str(const struct debug_call *call, struct str text);
yyjson_mut_val *debug_op_make_strs(const struct debug_call *call, const struct str *at, size_t len);
/* A text, or null where it is empty. */
void debug_op_add_or_null(const struct debug_call *call, yyjson_mut_val *object, const char *key,
                          struct str text);
/* Decimal digits of any length as a JSON number, or null where there are none. */
yyjson_mut_val *debug_op_make_digits(const struct debug_call *call, struct str digits);

#endif
