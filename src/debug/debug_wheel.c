#include "debug/debug_op.h"
#include "pkg/filename.h"
#include "pkg/metadata.h"
#include "pkg/record.h"
#include "pkg/tags.h"

/* "3.11" */
static bool read_python(struct str text, unsigned *minor)
{
    uint64_t number;
    if (!str_starts(text, STR("3.")) || !str_to_u64(str_from_pos(text, 2), &number) ||
        number > 1000)
        return false;
    *minor = (unsigned)number;
    return true;
}

/* The tags of the target that "python", "platform" and "free_threaded" name. */
static bool read_target(const struct debug_call *call, struct tags *tags, struct err *err)
{
    struct tag_target target = {0};
    struct str python, platform;
    if (!debug_op_maybe_str(call, "python", &python, err) ||
        !debug_op_maybe_str(call, "platform", &platform, err))
        return false;
    if (!read_python(python.len ? python : STR("3.11"), &target.python_minor))
        return err_set(err, ERR_USAGE, "\"python\" is a version such as 3.11");
    target.free_threaded = json_get_bool(call->request, "free_threaded", false);
    return tags_parse_platform(platform.len ? platform : STR("manylinux2014_s390x"), &target,
                               err) &&
           tags_build(&target, call->arena, tags, err);
}

static struct str tag_text(struct tag tag, struct arena *arena)
{
    return arena_printf(arena, STR_FMT "-" STR_FMT "-" STR_FMT, STR_ARG(tag.python),
                        STR_ARG(tag.abi), STR_ARG(tag.platform));
}

bool debug_tags_list(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct tags tags;
    if (!read_target(call, &tags, err))
        return false;
    *result = yyjson_mut_arr(call->doc);
    for (size_t i = 0; i < tags.len; i++)
        yyjson_mut_arr_append(*result, debug_op_make_str(call, tag_text(tags.at[i], call->arena)));
    return true;
}

static void add_tags(const struct debug_call *call, yyjson_mut_val *object, const char *key,
                     const struct tag *at, size_t len)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(call->doc, object, key);
    for (size_t i = 0; i < len; i++)
        yyjson_mut_arr_append(list, debug_op_make_str(call, tag_text(at[i], call->arena)));
}

bool debug_tags_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text;
    const struct tag *at;
    size_t len;
    if (!debug_op_str(call, "tag", &text, err) || !tags_expand(text, call->arena, &at, &len, err))
        return false;
    *result = yyjson_mut_arr(call->doc);
    for (size_t i = 0; i < len; i++)
        yyjson_mut_arr_append(*result, debug_op_make_str(call, tag_text(at[i], call->arena)));
    return true;
}

/* The set to look for: of "wheel", a file name, or "tag". */
static bool read_set(const struct debug_call *call, struct tag *set, struct err *err)
{
    struct str name, text;
    struct wheel_name wheel;
    if (!debug_op_maybe_str(call, "wheel", &name, err))
        return false;
    if (name.len) {
        if (!filename_parse_wheel(name, call->arena, &wheel, err))
            return false;
        *set = (struct tag){wheel.python, wheel.abi, wheel.platform};
        return true;
    }
    return debug_op_str(call, "tag", &text, err) && tags_split(text, set, err);
}

/* Of "tags", an ordered list of supported tags, the first that the set holds; -1 when none. */
static bool rank_in_list(const struct debug_call *call, struct tag set, const struct str *listed,
                         size_t count, long *rank, struct err *err)
{
    const struct tag *at;
    size_t len;
    if (!tags_expand(tag_text(set, call->arena), call->arena, &at, &len, err))
        return false;
    *rank = -1;
    for (size_t i = 0; i < count && *rank < 0; i++)
        for (size_t k = 0; k < len && *rank < 0; k++)
            if (str_eq_nocase(tag_text(at[k], call->arena), listed[i]))
                *rank = (long)i;
    return true;
}

bool debug_tags_compatible(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    BUF_AUTO struct buf why = {0};
    struct tag set;
    struct tags tags;
    const struct str *listed;
    size_t count;
    long rank;
    if (!read_set(call, &set, err) ||
        !debug_op_strs(call->request, "tags", call->arena, &listed, &count, err))
        return false;
    if (yyjson_obj_get(call->request, "tags")) {
        if (!rank_in_list(call, set, listed, count, &rank, err))
            return false;
    } else {
        if (!read_target(call, &tags, err))
            return false;
        rank = tags_rank(&tags, set.python, set.abi, set.platform);
        tags_refusal(&tags, set.python, set.abi, set.platform, &why);
    }
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_bool(call->doc, *result, "compatible", rank >= 0);
    yyjson_mut_obj_add_val(call->doc, *result, "rank",
                           rank >= 0 ? yyjson_mut_int(call->doc, rank)
                                     : yyjson_mut_null(call->doc));
    debug_op_add_or_null(call, *result, "refusal", arena_str(call->arena, buf_str(&why)));
    return true;
}

static void add_build(const struct debug_call *call, yyjson_mut_val *object,
                      const struct wheel_name *wheel)
{
    if (!wheel->has_build) {
        yyjson_mut_obj_add_null(call->doc, object, "build");
        return;
    }
    yyjson_mut_val *build = yyjson_mut_obj_add_arr(call->doc, object, "build");
    yyjson_mut_arr_append(build, yyjson_mut_uint(call->doc, wheel->build));
    yyjson_mut_arr_append(build, debug_op_make_str(call, wheel->build_suffix));
}

bool debug_wheel_name(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str filename;
    struct wheel_name wheel;
    const struct tag *at;
    size_t len;
    if (!debug_op_str(call, "filename", &filename, err) ||
        !filename_parse_wheel(filename, call->arena, &wheel, err))
        return false;
    struct str set = tag_text((struct tag){wheel.python, wheel.abi, wheel.platform}, call->arena);
    if (!tags_expand(set, call->arena, &at, &len, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_val(call->doc, *result, "name", debug_op_make_str(call, wheel.name));
    yyjson_mut_obj_add_val(call->doc, *result, "version",
                           debug_op_make_str(call, version_normal(&wheel.version, call->arena)));
    add_build(call, *result, &wheel);
    yyjson_mut_obj_add_val(call->doc, *result, "python", debug_op_make_str(call, wheel.python));
    yyjson_mut_obj_add_val(call->doc, *result, "abi", debug_op_make_str(call, wheel.abi));
    yyjson_mut_obj_add_val(call->doc, *result, "platform", debug_op_make_str(call, wheel.platform));
    add_tags(call, *result, "tags", at, len);
    return true;
}

bool debug_sdist_name(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    static const char *const kinds[] = {".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".tar"};
    struct str filename, project;
    struct sdist_name sdist;
    if (!debug_op_str(call, "filename", &filename, err) ||
        !debug_op_maybe_str(call, "project", &project, err) ||
        !filename_parse_sdist(filename, project, call->arena, &sdist, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_val(call->doc, *result, "name", debug_op_make_str(call, sdist.name));
    yyjson_mut_obj_add_val(call->doc, *result, "version",
                           debug_op_make_str(call, version_normal(&sdist.version, call->arena)));
    yyjson_mut_obj_add_str(call->doc, *result, "ending", kinds[sdist.kind]);
    return true;
}

bool debug_record_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text;
    struct record record;
    if (!debug_op_str(call, "text", &text, err) || !record_parse(text, call->arena, &record, err))
        return false;
    *result = yyjson_mut_arr(call->doc);
    for (size_t i = 0; i < record.len; i++) {
        const struct record_row *row = &record.rows[i];
        yyjson_mut_val *out = yyjson_mut_arr_add_obj(call->doc, *result);
        yyjson_mut_obj_add_val(call->doc, out, "path", debug_op_make_str(call, row->path));
        debug_op_add_or_null(call, out, "algorithm", row->algorithm);
        debug_op_add_or_null(call, out, "digest", row->digest);
        yyjson_mut_obj_add_val(call->doc, out, "size",
                               row->has_size ? yyjson_mut_uint(call->doc, row->size)
                                             : yyjson_mut_null(call->doc));
    }
    return true;
}

bool debug_wheel_parse(const struct debug_call *call, yyjson_mut_val **result, struct err *err)
{
    struct str text;
    struct metadata_wheel wheel;
    if (!debug_op_str(call, "text", &text, err) ||
        !metadata_parse_wheel(text, call->arena, &wheel, err))
        return false;
    *result = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_val(call->doc, *result, "wheel_version",
                           debug_op_make_str(call, wheel.wheel_version));
    debug_op_add_or_null(call, *result, "generator", wheel.generator);
    yyjson_mut_obj_add_bool(call->doc, *result, "root_is_purelib", wheel.root_is_purelib);
    debug_op_add_or_null(call, *result, "build", wheel.build);
    yyjson_mut_obj_add_val(call->doc, *result, "tags",
                           debug_op_make_strs(call, wheel.tags, wheel.tags_len));
    return true;
}
