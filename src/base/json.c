#include "base/json.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Behind the string whose content begins at `at`. Most of a document is strings: memchr crosses
 * them. */
static size_t json_string_end(struct str text, size_t at)
{
    for (size_t start = at; at < text.len; at++) {
        const char *quote = memchr(text.ptr + at, '"', text.len - at);
        if (!quote)
            return text.len;
        at = (size_t)(quote - text.ptr);
        size_t slashes = 0;
        while (at - slashes > start && text.ptr[at - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return at;
    }
    return text.len;
}

/* yyjson parses without recursion; our own walkers recurse, so depth is limited here. */
static bool json_depth_ok(struct str text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"') {
            i = json_string_end(text, i + 1);
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH_LIMIT)
                return false;
        } else if ((c == ']' || c == '}') && depth) {
            depth--;
        }
    }
    return true;
}

bool json_parse(struct str text, const char *what, yyjson_doc **doc, struct err *err)
{
    if (!json_depth_ok(text))
        return err_set(err, ERR_LIMIT, "%s: JSON nested deeper than %d levels", what,
                       JSON_DEPTH_LIMIT);
    yyjson_read_err problem;
    yyjson_doc *parsed =
        yyjson_read_opts((char *)(uintptr_t)text.ptr, text.len, YYJSON_READ_NOFLAG, NULL, &problem);
    if (!parsed)
        return err_set(err, ERR_FORMAT, "%s: not JSON at byte %zu: %s", what, problem.pos,
                       problem.msg);
    *doc = parsed;
    return true;
}

struct str json_str(yyjson_val *value)
{
    return yyjson_is_str(value) ? str_of(yyjson_get_str(value), yyjson_get_len(value)) : STR("");
}

struct str json_get_str(yyjson_val *object, const char *key)
{
    return json_str(yyjson_obj_get(object, key));
}

int64_t json_get_int(yyjson_val *object, const char *key, int64_t otherwise)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    if (yyjson_is_sint(value))
        return yyjson_get_sint(value);
    if (yyjson_is_uint(value) && yyjson_get_uint(value) <= INT64_MAX)
        return (int64_t)yyjson_get_uint(value);
    return otherwise;
}

bool json_get_bool(yyjson_val *object, const char *key, bool otherwise)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_bool(value) ? yyjson_get_bool(value) : otherwise;
}

yyjson_val *json_get_array(yyjson_val *object, const char *key)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_arr(value) ? value : NULL;
}

yyjson_val *json_get_object(yyjson_val *object, const char *key)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_obj(value) ? value : NULL;
}

void json_add_str(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct str value)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str clean = utf8_clean(value, &scratch); /* other bytes would make it unreadable */
    yyjson_mut_obj_add_strncpy(doc, object, key, clean.ptr ? clean.ptr : "", clean.len);
}

void json_append_str(yyjson_mut_doc *doc, yyjson_mut_val *array, struct str value)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str clean = utf8_clean(value, &scratch);
    yyjson_mut_arr_add_strncpy(doc, array, clean.ptr ? clean.ptr : "", clean.len);
}

void json_write(const yyjson_mut_doc *doc, bool pretty, struct buf *out)
{
    size_t len = 0;
    yyjson_write_flag flags = pretty ? YYJSON_WRITE_PRETTY_TWO_SPACES : YYJSON_WRITE_NOFLAG;
    char *text = yyjson_mut_write(doc, flags | YYJSON_WRITE_ALLOW_INVALID_UNICODE, &len);
    if (!text)
        abort(); /* only memory can be missing: invalid bytes are allowed above */
    buf_add(out, str_of(text, len));
    if (pretty)
        buf_add_char(out, '\n');
    free(text);
}

void json_doc_free(yyjson_doc **doc)
{
    yyjson_doc_free(*doc);
}

void json_mut_doc_free(yyjson_mut_doc **doc)
{
    yyjson_mut_doc_free(*doc);
}
