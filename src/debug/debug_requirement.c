#include "debug/debug_make.h"
#include "debug/debug_op.h"
#include "pkg/marker_tree.h"
#include "pkg/name.h"
#include "pkg/requirement.h"

bool debug_name_normalize(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str name;
    if (!debug_op_str(call, "name", &name, err))
        return false;
    *result = debug_op_make_str(call, name_normal(name, call->arena));
    return true;
}

bool debug_name_validate(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str name;
    if (!debug_op_str(call, "name", &name, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    bool valid = name_is_valid(name);
    yyjson_mut_obj_add_bool(call->doc, *result, "valid", valid);
    yyjson_mut_obj_add_bool(call->doc, *result, "is_normal", valid && name_is_normal(name));
    yyjson_mut_obj_add_val(call->doc, *result, "normal",
                           debug_op_make_str(call, name_normal(name, call->arena)));
    return true;
}

static struct str marker_text(const struct marker *marker, struct arena *arena)
{
    BUF_AUTO struct buf text = {0};
    marker_write(marker, &text);
    return arena_str(arena, buf_str(&text));
}

yyjson_mut_val *debug_make_requirement(const struct debug_call *call, const struct requirement *req)
{
    BUF_AUTO struct buf normal = {0};
    yyjson_mut_val *object = yyjson_mut_obj(call->doc);
    struct str specifier = specifier_set_normal(&req->specifiers, call->arena);
    requirement_write(req, &normal);
    yyjson_mut_obj_add_val(call->doc, object, "name", debug_op_make_str(call, req->name));
    yyjson_mut_obj_add_val(call->doc, object, "written", debug_op_make_str(call, req->written));
    yyjson_mut_obj_add_val(call->doc, object, "extras",
                           debug_op_make_strs(call, req->extras, req->extras_len));
    yyjson_mut_obj_add_val(call->doc, object, "specifier", debug_op_make_str(call, specifier));
    yyjson_mut_obj_add_val(call->doc, object, "clauses",
                           debug_make_clauses(call, &req->specifiers));
    debug_op_add_or_null(call, object, "url", req->url);
    debug_op_add_or_null(call, object, "marker", marker_text(req->marker, call->arena));
    yyjson_mut_obj_add_val(call->doc, object, "normal",
                           debug_op_make_str(call, arena_str(call->arena, buf_str(&normal))));
    return object;
}

bool debug_requirement_parse(const struct debug_call *call, yyjson_mut_val **result,
                             struct err *err)
{
    struct str text;
    struct requirement req;
    if (!debug_op_str(call, "requirement", &text, err) ||
        !requirement_parse(text, call->arena, &req, err))
        return false;
    *result = debug_make_requirement(call, &req);
    return true;
}

static yyjson_mut_val *make_value(const struct debug_call *call, const struct marker_value *value)
{
    yyjson_mut_val *object = yyjson_mut_obj(call->doc);
    if (value->literal)
        yyjson_mut_obj_add_val(call->doc, object, "literal", debug_op_make_str(call, value->text));
    else
        yyjson_mut_obj_add_val(call->doc, object, "variable",
                               debug_op_make_str(call, marker_key_name(value->key)));
    return object;
}

/* Depth is that of the parentheses, which the parser limits. */
static yyjson_mut_val *make_tree(const struct debug_call *call, const struct marker *marker)
{
    yyjson_mut_val *object = yyjson_mut_obj(call->doc);
    if (marker->kind == MARKER_COMPARE) {
        yyjson_mut_obj_add_val(call->doc, object, "left", make_value(call, &marker->left));
        yyjson_mut_obj_add_val(call->doc, object, "op",
                               debug_op_make_str(call, marker_op_text(marker->op)));
        yyjson_mut_obj_add_val(call->doc, object, "right", make_value(call, &marker->right));
        return object;
    }
    yyjson_mut_val *list =
        yyjson_mut_obj_add_arr(call->doc, object, marker->kind == MARKER_AND ? "and" : "or");
    for (const struct marker *m = marker->child; m; m = m->next)
        yyjson_mut_arr_append(list, make_tree(call, m));
    return object;
}

static bool read_marker(const struct debug_call *call, const struct marker **marker,
                        struct err *err)
{
    struct str text;
    return debug_op_str(call, "marker", &text, err) && marker_parse(text, call->arena, marker, err);
}

bool debug_marker_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    const struct marker *marker;
    if (!read_marker(call, &marker, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_val(call->doc, *result, "normal",
                           debug_op_make_str(call, marker_text(marker, call->arena)));
    yyjson_mut_val *variables = yyjson_mut_obj_add_arr(call->doc, *result, "variables");
    for (enum marker_key key = 0; key < MARKER_KEYS; key++)
        if (marker_uses(marker, key))
            yyjson_mut_arr_append(variables, debug_op_make_str(call, marker_key_name(key)));
    yyjson_mut_obj_add_val(call->doc, *result, "tree", make_tree(call, marker));
    return true;
}

/* Members of "env" replace those of the default environment; another member is an error. */
static bool read_env(const struct debug_call *call, struct marker_env *env,
                     struct marker_wants *wants, struct err *err)
{
    yyjson_val *object = yyjson_obj_get(call->request, "env"), *key, *value;
    size_t i, max;
    if (!object || yyjson_is_null(object))
        return true;
    if (!yyjson_is_obj(object))
        return err_set(err, ERR_USAGE, "\"env\" must be an object of strings");
    yyjson_obj_foreach(object, i, max, key, value)
    {
        enum marker_key at = 0;
        while (at < MARKER_KEYS && !str_eq(marker_key_name(at), json_str(key)))
            at++;
        if (at == MARKER_EXTRA && yyjson_is_null(value))
            wants->extra = STR("");
        else if (at <= MARKER_EXTRA && !yyjson_is_str(value))
            return err_set(err, ERR_USAGE, "\"env\": the value of \"%s\" must be a string",
                           yyjson_get_str(key));
        else if (at == MARKER_EXTRA)
            wants->extra = name_normal(json_str(value), call->arena);
        else if (at < MARKER_KEYS_TEXT)
            env->text[at] = json_str(value);
        else if (at == MARKER_KEYS)
            return err_set(err, ERR_USAGE, "\"env\": there is no marker variable \"%s\"",
                           yyjson_get_str(key));
    }
    return true;
}

static bool read_names(const struct debug_call *call, const char *key, const struct str **at,
                       size_t *len, struct err *err)
{
    yyjson_val *env = yyjson_obj_get(call->request, "env");
    yyjson_val *from = yyjson_obj_get(call->request, key) ? call->request : env;
    const struct str *written;
    if (!debug_op_strs(from, key, call->arena, &written, len, err))
        return false;
    struct str *normal = ARENA_ARRAY(call->arena, struct str, *len + 1);
    for (size_t i = 0; i < *len; i++)
        normal[i] = name_normal(written[i], call->arena);
    *at = normal;
    return true;
}

bool debug_marker_evaluate(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    const struct marker *marker;
    struct marker_wants wants = {0};
    struct str python, machine, extra, undefined;
    if (!read_marker(call, &marker, err) || !debug_op_maybe_str(call, "python", &python, err) ||
        !debug_op_maybe_str(call, "machine", &machine, err) ||
        !debug_op_maybe_str(call, "extra", &extra, err))
        return false;
    struct marker_env env =
        marker_env_linux(python.len ? python : STR("3.11.0"), machine.len ? machine : STR("s390x"));
    wants.extra = name_normal(extra, call->arena);
    if (!read_env(call, &env, &wants, err) ||
        !read_names(call, "extras", &wants.extras, &wants.extras_len, err) ||
        !read_names(call, "dependency_groups", &wants.groups, &wants.groups_len, err))
        return false;
    const struct marker *bad = marker_undefined(marker, &env, &wants);
    if (bad) {
        undefined = marker_text(bad, call->arena);
        return err_set(err, ERR_FORMAT, STR_FMT ": this comparison is not defined for its values",
                       STR_ARG(str_slice(undefined, 0, 200)));
    }
    *result = yyjson_mut_bool(call->doc, marker_holds(marker, &env, &wants));
    return true;
}
