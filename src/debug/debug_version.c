#include "debug/debug_make.h"
#include "pkg/range.h"

#include <stdlib.h>

static bool read_version(const struct debug_call *call, const char *key, struct version *version,
                         struct err *err)
{
    struct str text;
    return debug_op_str(call, key, &text, err) && version_parse(text, version, err);
}

/* The number of a part, or null where the version does not have it. */
static void add_part(const struct debug_call *call, yyjson_mut_val *object, const char *key,
                     const struct version *version, bool has, struct version_part part)
{
    yyjson_mut_obj_add_val(
        call->doc, object, key,
        debug_op_make_digits(call, has ? version_digits(version, part) : STR("")));
}

static void add_release(const struct debug_call *call, yyjson_mut_val *object,
                        const struct version *version)
{
    yyjson_mut_val *release = yyjson_mut_obj_add_arr(call->doc, object, "release");
    size_t at = version->release.at;
    struct version_part number;
    while (version_next_number(version, &at, &number))
        yyjson_mut_arr_append(release, debug_op_make_digits(call, version_digits(version, number)));
}

static void add_pre(const struct debug_call *call, yyjson_mut_val *object,
                    const struct version *version)
{
    static const char *const kinds[] = {"", "a", "b", "rc"};
    if (!version->has_pre) {
        yyjson_mut_obj_add_null(call->doc, object, "pre");
        return;
    }
    yyjson_mut_val *pre = yyjson_mut_obj_add_arr(call->doc, object, "pre");
    yyjson_mut_arr_add_str(call->doc, pre, kinds[version->pre_kind]);
    yyjson_mut_arr_append(pre, debug_op_make_digits(call, version_digits(version, version->pre)));
}

bool debug_version_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct version v;
    struct str public, local;
    if (!read_version(call, "version", &v, err))
        return false;
    yyjson_mut_val *object = yyjson_mut_obj(call->doc);
    struct str normal = version_normal(&v, call->arena);
    str_cut(normal, '+', &public, &local);
    yyjson_mut_obj_add_val(call->doc, object, "normal", debug_op_make_str(call, normal));
    yyjson_mut_obj_add_val(call->doc, object, "public", debug_op_make_str(call, public));
    yyjson_mut_obj_add_val(call->doc, object, "base",
                           debug_op_make_str(call, version_base(&v, call->arena)));
    add_part(call, object, "epoch", &v, true, v.epoch);
    add_release(call, object, &v);
    add_pre(call, object, &v);
    add_part(call, object, "post", &v, v.has_post, v.post);
    add_part(call, object, "dev", &v, v.has_dev, v.dev);
    debug_op_add_or_null(call, object, "local", local);
    yyjson_mut_obj_add_bool(call->doc, object, "is_prerelease", version_is_pre(&v));
    yyjson_mut_obj_add_bool(call->doc, object, "is_postrelease", v.has_post);
    yyjson_mut_obj_add_bool(call->doc, object, "is_devrelease", v.has_dev);
    *result = object;
    return true;
}

bool debug_version_compare(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct version a, b;
    if (!read_version(call, "a", &a, err) || !read_version(call, "b", &b, err))
        return false;
    int order = version_cmp(&a, &b);
    *result = yyjson_mut_int(call->doc, (order > 0) - (order < 0));
    return true;
}

struct placed {
    struct version version;
    struct str text; /* as it was sent */
    size_t place;
};

static int placed_cmp(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    int order = version_cmp(&a->version, &b->version);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

bool debug_version_sort(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    const struct str *texts;
    size_t count;
    if (!debug_op_strs(call->request, "versions", call->arena, &texts, &count, err))
        return false;
    struct placed *sorted = ARENA_ARRAY(call->arena, struct placed, count + 1);
    for (size_t i = 0; i < count; i++) {
        sorted[i].place = i;
        sorted[i].text = texts[i];
        if (!version_parse(texts[i], &sorted[i].version, err))
            return err_wrap(err, "versions[%zu]", i);
    }
    qsort(sorted, count, sizeof *sorted, placed_cmp);
    *result = yyjson_mut_arr(call->doc);
    for (size_t i = 0; i < count; i++)
        yyjson_mut_arr_append(*result, debug_op_make_str(call, sorted[i].text));
    return true;
}

static bool read_set(const struct debug_call *call, struct specifier_set *set, struct err *err)
{
    struct str text;
    return debug_op_str(call, "specifier", &text, err) &&
           specifier_set_parse(text, call->arena, set, err);
}

/* null (or absent), true or false. */
static bool read_policy(const struct debug_call *call, enum specifier_pre *policy, struct err *err)
{
    yyjson_val *value = yyjson_obj_get(call->request, "prereleases");
    *policy = SPECIFIER_PRE_IF_NEEDED;
    if (!value || yyjson_is_null(value))
        return true;
    if (!yyjson_is_bool(value))
        return err_set(err, ERR_USAGE, "\"prereleases\" must be true, false or null");
    *policy = yyjson_get_bool(value) ? SPECIFIER_PRE_ALLOW : SPECIFIER_PRE_NEVER;
    return true;
}

yyjson_mut_val *debug_make_clauses(const struct debug_call *call, const struct specifier_set *set)
{
    yyjson_mut_val *clauses = yyjson_mut_arr(call->doc);
    for (size_t i = 0; i < set->len; i++) {
        const struct specifier *s = &set->at[i];
        struct str text = s->text;
        if (s->wildcard)
            text.len += 2;
        yyjson_mut_val *clause = yyjson_mut_arr_add_obj(call->doc, clauses);
        yyjson_mut_obj_add_val(call->doc, clause, "operator",
                               debug_op_make_str(call, specifier_op_text(s->op)));
        yyjson_mut_obj_add_val(call->doc, clause, "version", debug_op_make_str(call, text));
    }
    return clauses;
}

bool debug_specifier_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct specifier_set set;
    if (!read_set(call, &set, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_val(call->doc, *result, "normal",
                           debug_op_make_str(call, specifier_set_normal(&set, call->arena)));
    yyjson_mut_obj_add_val(call->doc, *result, "clauses", debug_make_clauses(call, &set));
    yyjson_mut_obj_add_bool(call->doc, *result, "names_prereleases", specifier_set_names_pre(&set));
    yyjson_mut_obj_add_bool(call->doc, *result, "pins", specifier_set_pins(&set));
    return true;
}

bool debug_specifier_contains(const struct debug_call *call, yyjson_mut_val **result,
                              struct err *err)
{
    struct specifier_set set;
    struct str text;
    size_t kept;
    enum specifier_pre policy;
    if (!read_set(call, &set, err) || !debug_op_str(call, "version", &text, err) ||
        !read_policy(call, &policy, err))
        return false;
    specifier_set_filter(&set, &text, 1, policy, &(size_t){0}, &kept);
    *result = yyjson_mut_bool(call->doc, kept == 1);
    return true;
}

bool debug_specifier_filter(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct specifier_set set;
    const struct str *texts;
    size_t count, kept;
    enum specifier_pre policy;
    if (!read_set(call, &set, err) ||
        !debug_op_strs(call->request, "versions", call->arena, &texts, &count, err) ||
        !read_policy(call, &policy, err))
        return false;
    size_t *places = ARENA_ARRAY(call->arena, size_t, count + 1);
    specifier_set_filter(&set, texts, count, policy, places, &kept);
    *result = yyjson_mut_arr(call->doc);
    for (size_t i = 0; i < kept; i++)
        yyjson_mut_arr_append(*result, debug_op_make_str(call, texts[places[i]]));
    return true;
}

static bool read_ranges(const struct debug_call *call, const char *key, struct ranges *ranges,
                        struct err *err)
{
    struct str text;
    struct specifier_set set;
    return debug_op_str(call, key, &text, err) &&
           specifier_set_parse(text, call->arena, &set, err) &&
           range_make(&set, call->arena, ranges, err);
}

bool debug_specifier_relation(const struct debug_call *call, yyjson_mut_val **result,
                              struct err *err)
{
    struct ranges a, b;
    if (!read_ranges(call, "a", &a, err) || !read_ranges(call, "b", &b, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_bool(call->doc, *result, "subset", range_is_subset(&a, &b, call->arena));
    yyjson_mut_obj_add_bool(call->doc, *result, "superset", range_is_subset(&b, &a, call->arena));
    yyjson_mut_obj_add_bool(call->doc, *result, "disjoint", range_is_disjoint(&a, &b, call->arena));
    return true;
}

/* A set with === holds that text or nothing. */
static bool text_satisfies(const struct specifier_set *set, enum specifier_pre policy, bool *answer)
{
    for (size_t i = 0; i < set->len; i++)
        if (set->at[i].op == SPECIFIER_ARBITRARY) {
            size_t place, kept;
            specifier_set_filter(set, &set->at[i].text, 1, policy, &place, &kept);
            *answer = kept == 1;
            return true;
        }
    return false;
}

bool debug_specifier_satisfiable(const struct debug_call *call, yyjson_mut_val **result,
                                 struct err *err)
{
    struct specifier_set set;
    struct ranges ranges;
    enum specifier_pre policy;
    bool answer;
    if (!read_set(call, &set, err) || !read_policy(call, &policy, err))
        return false;
    if (!text_satisfies(&set, policy, &answer)) {
        if (!range_make(&set, call->arena, &ranges, err))
            return false;
        answer =
            policy == SPECIFIER_PRE_NEVER ? range_has_final(&ranges, call->arena) : ranges.len > 0;
    }
    *result = yyjson_mut_bool(call->doc, answer);
    return true;
}
