#include "debug/debug.h"
#include "debug/debug_op.h"

#define DEBUG_OP(name, function, request, result) {name, function, request, result},
#define DEBUG_GROUP(title) {title, NULL, NULL, NULL},
static const struct debug_op ops[] = {
#include "tables/debug_pkg.def"
};
enum { OPS = sizeof ops / sizeof *ops };

static const struct debug_op *find_op(struct str name)
{
    for (size_t i = 0; i < OPS; i++)
        if (ops[i].answer && str_eq(name, str_from(ops[i].name)))
            return &ops[i];
    return NULL;
}

static bool is_type(yyjson_val *value, const char *key, bool right, const char *wanted,
                    struct err *err)
{
    if (right)
        return true;
    if (!value)
        return err_set(err, ERR_USAGE, "the member \"%s\" is missing; it is %s", key, wanted);
    return err_set(err, ERR_USAGE, "the member \"%s\" must be %s, not %s", key, wanted,
                   yyjson_get_type_desc(value));
}

bool debug_op_str(const struct debug_call *call, const char *key, struct str *value,
                  struct err *err)
{
    yyjson_val *member = yyjson_obj_get(call->request, key);
    if (!is_type(member, key, yyjson_is_str(member), "a string", err))
        return false;
    *value = json_str(member);
    return true;
}

bool debug_op_maybe_str(const struct debug_call *call, const char *key, struct str *value,
                        struct err *err)
{
    yyjson_val *member = yyjson_obj_get(call->request, key);
    if (!member || yyjson_is_null(member)) {
        *value = STR("");
        return true;
    }
    return debug_op_str(call, key, value, err);
}

bool debug_op_strs(yyjson_val *object, const char *key, struct arena *arena, const struct str **at,
                   size_t *len, struct err *err)
{
    yyjson_val *list = yyjson_obj_get(object, key), *item;
    size_t i, max;
    if (!list || yyjson_is_null(list)) {
        *at = NULL;
        *len = 0;
        return true;
    }
    if (!is_type(list, key, yyjson_is_arr(list), "an array of strings", err))
        return false;
    struct str *strings = ARENA_ARRAY(arena, struct str, yyjson_arr_size(list));
    yyjson_arr_foreach(list, i, max, item)
    {
        if (!is_type(item, key, yyjson_is_str(item), "an array of strings", err))
            return false;
        strings[i] = json_str(item);
    }
    *at = strings;
    *len = yyjson_arr_size(list);
    return true;
}

yyjson_mut_val *debug_op_make_str(const struct debug_call *call, struct str text)
{
    return yyjson_mut_strncpy(call->doc, text.ptr ? text.ptr : "", text.len);
}

yyjson_mut_val *debug_op_make_strs(const struct debug_call *call, const struct str *at, size_t len)
{
    yyjson_mut_val *list = yyjson_mut_arr(call->doc);
    for (size_t i = 0; i < len; i++)
        yyjson_mut_arr_append(list, debug_op_make_str(call, at[i]));
    return list;
}

void debug_op_add_or_null(const struct debug_call *call, yyjson_mut_val *object, const char *key,
                          struct str text)
{
    yyjson_mut_obj_add_val(call->doc, object, key,
                           text.len ? debug_op_make_str(call, text) : yyjson_mut_null(call->doc));
}

yyjson_mut_val *debug_op_make_digits(const struct debug_call *call, struct str digits)
{
    return digits.len ? yyjson_mut_rawncpy(call->doc, digits.ptr, digits.len)
                      : yyjson_mut_null(call->doc);
}

static const char *code_name(enum err_code code)
{
    return code == ERR_USAGE       ? "usage"
           : code == ERR_LIMIT     ? "limit"
           : code == ERR_NOT_FOUND ? "not-found"
                                   : "format";
}

static yyjson_mut_val *make_error(yyjson_mut_doc *doc, const struct err *err)
{
    yyjson_mut_val *error = yyjson_mut_obj(doc);
    yyjson_mut_obj_add_str(doc, error, "code", code_name(err->code));
    json_add_str(doc, error, "message", str_from(err->text));
    yyjson_mut_obj_add_val(doc, error, "line",
                           err->line ? yyjson_mut_uint(doc, err->line) : yyjson_mut_null(doc));
    yyjson_mut_obj_add_val(doc, error, "position",
                           err->position ? yyjson_mut_uint(doc, err->position)
                                         : yyjson_mut_null(doc));
    return error;
}

static bool answer_op(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str name;
    if (!yyjson_is_obj(call->request))
        return err_set(err, ERR_USAGE, "a request is a JSON object on one line");
    if (!debug_op_str(call, "op", &name, err))
        return false;
    const struct debug_op *op = find_op(name);
    if (!op)
        return err_set(err, ERR_USAGE, "there is no op \"" STR_FMT "\"; the op \"ops\" lists them",
                       STR_ARG(str_slice(name, 0, 100)));
    return op->answer(call, result, err);
}

static void write_answer(yyjson_mut_doc *doc, yyjson_val *id, yyjson_mut_val *result,
                         const struct err *err, struct buf *out)
{
    yyjson_mut_val *answer = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, answer);
    if (id)
        yyjson_mut_obj_add_val(doc, answer, "id", yyjson_val_mut_copy(doc, id));
    yyjson_mut_obj_add_bool(doc, answer, "ok", result != NULL);
    if (result)
        yyjson_mut_obj_add_val(doc, answer, "result", result);
    else
        yyjson_mut_obj_add_val(doc, answer, "error", make_error(doc, err));
    json_write(doc, false, out);
    buf_add_char(out, '\n');
}

void debug_answer(struct str line, struct buf *out)
{
    ARENA_AUTO struct arena arena = {0};
    JSON_AUTO yyjson_doc *request = NULL;
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    struct debug_call call = {.doc = doc, .arena = &arena};
    yyjson_mut_val *result = NULL;
    struct err err = {0};
    if (json_parse(line, "the request", &request, &err)) {
        call.request = yyjson_doc_get_root(request);
        if (!answer_op(&call, &result, &err))
            result = NULL;
    }
    write_answer(doc, yyjson_obj_get(call.request, "id"), result, &err, out);
}

void debug_answer_too_long(struct buf *out)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    struct err err = {0};
    err_set(&err, ERR_LIMIT, "a line of more than %d bytes", DEBUG_LINE_LIMIT);
    write_answer(doc, NULL, NULL, &err, out);
}

bool debug_ops(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    yyjson_mut_val *list = yyjson_mut_arr(call->doc);
    (void)err;
    for (size_t i = 0; i < OPS; i++) {
        if (!ops[i].answer)
            continue;
        yyjson_mut_val *op = yyjson_mut_arr_add_obj(call->doc, list);
        yyjson_mut_obj_add_str(call->doc, op, "op", ops[i].name);
        yyjson_mut_obj_add_str(call->doc, op, "request", ops[i].request);
        yyjson_mut_obj_add_str(call->doc, op, "result", ops[i].result);
    }
    *result = list;
    return true;
}

void debug_document(struct buf *out)
{
    for (size_t i = 0; i < OPS; i++) {
        if (ops[i].answer)
            buf_printf(out, "### %s\n\nRequest: %s\n\nResult: %s\n\n", ops[i].name, ops[i].request,
                       ops[i].result);
        else
            buf_printf(out, "## %s\n\n", ops[i].name);
    }
    out->len--; /* one line end at the end of the file */
}
