/*
 * JSON (RFC 8259) is yyjson; this header only adds what every reader of a
 * hostile document wants: a parse with limits and a position in the message,
 * and member look-ups that give slices. Values are borrowed from the document.
 */
#ifndef REFINERY_BASE_JSON_H
#define REFINERY_BASE_JSON_H

#include <yyjson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define JSON_AUTO __attribute__((cleanup(json_doc_free)))
#define JSON_MUT_AUTO __attribute__((cleanup(json_mut_doc_free)))

enum { JSON_DEPTH_LIMIT = 64 };

/* `what` names the document in the error. The document owns a copy of the strings. */
CHECKED bool json_parse(struct str text, const char *what, yyjson_doc **doc, struct err *err);

/* Members of an object; an absent member or one of another type gives the empty value. */
struct str json_get_str(yyjson_val *object, const char *key);
int64_t json_get_int(yyjson_val *object, const char *key, int64_t otherwise);
bool json_get_bool(yyjson_val *object, const char *key, bool otherwise);
yyjson_val *json_get_array(yyjson_val *object, const char *key);  /* NULL when not an array */
yyjson_val *json_get_object(yyjson_val *object, const char *key); /* NULL when not an object */
struct str json_str(yyjson_val *value);                           /* empty when not a string */

/*
 * Adds a member with a copied string value (keys are borrowed literals). Bytes that are not UTF-8
 * become U+FFFD: what is written can always be read again.
 */
void json_add_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct str value);
/* Appends a copied string to an array. */
void json_append_str(yyjson_mut_doc *doc, yyjson_mut_val *array, struct str value);

/* The whole document into buf: two-space indentation and a final newline, or one line. */
void json_write(const yyjson_mut_doc *doc, bool pretty, struct buf *out);

void json_doc_free(yyjson_doc **doc);
void json_mut_doc_free(yyjson_mut_doc **doc);

#endif
