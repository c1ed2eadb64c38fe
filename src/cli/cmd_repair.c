#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/command.h"
#include "os/file.h"
#include "wheelfile/repair.h"
#include "wheelfile/sysroot.h"

static const char *const outcomes[] = {
    [WHEELFILE_REPAIRED] = "repaired",
    [WHEELFILE_ABOVE_FLOOR] = "above-floor",
    [WHEELFILE_PURE] = "pure",
    [WHEELFILE_REFUSED] = "refused",
};

static void show_json(const char *path, const struct wheelfile_repair_result *result,
                      struct buf *out)
{
    yyjson_mut_doc *doc JSON_MUT_AUTO = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "wheel", str_from(path));
    json_add_str(doc, root, "outcome", str_from(outcomes[result->outcome]));
    json_add_str(doc, root, "why", result->why);
    json_add_str(doc, root, "path", result->written ? result->path : (struct str){0});
    json_add_str(doc, root, "tags", result->tags);
    yyjson_mut_val *grafts = yyjson_mut_obj_add_arr(doc, root, "grafted");
    for (size_t i = 0; i < result->graft_count; i++) {
        yyjson_mut_val *graft = yyjson_mut_arr_add_obj(doc, grafts);
        json_add_str(doc, graft, "soname", result->grafts[i].soname);
        json_add_str(doc, graft, "path", result->grafts[i].path);
        json_add_str(doc, graft, "origin", result->grafts[i].origin);
        json_add_str(doc, graft, "sha256", str_from(result->grafts[i].sha256));
    }
    json_write(doc, false, out);
}

static void show(const char *path, const struct wheelfile_repair_result *result, struct buf *out)
{
    buf_printf(out, "%s: %s: " STR_FMT "\n", path, outcomes[result->outcome], STR_ARG(result->why));
    for (size_t i = 0; i < result->graft_count; i++)
        buf_printf(out, "  grafted " STR_FMT " as " STR_FMT "\n", STR_ARG(result->grafts[i].origin),
                   STR_ARG(result->grafts[i].path));
    if (result->written)
        buf_printf(out, "  wrote " STR_FMT "\n", STR_ARG(result->path));
}

static bool repair_one(const struct call *call, const char *path,
                       const struct wheelfile_repair_options *options, int *status, struct buf *out,
                       struct err *err)
{
    struct arena arena ARENA_AUTO = {0};
    struct wheelfile_repair_result result;
    if (!wheelfile_repair(path, options, &arena, &result, err))
        return false;
    if (option_flag(call->options, OPTION_JSON)) {
        show_json(path, &result, out);
        buf_add_char(out, '\n'); /* a line each */
    } else {
        show(path, &result, out);
    }
    if (!result.written)
        *status = COMMAND_FAILED;
    return true;
}

static int64_t source_epoch(void)
{
    uint64_t seconds = 0;
    const char *text = getenv("SOURCE_DATE_EPOCH");
    if (text == NULL || !str_to_u64(str_from(text), &seconds) || seconds > INT32_MAX)
        return 0;
    return (int64_t)seconds;
}

bool cmd_repair(const struct call *call, int *status, struct err *err)
{
    struct buf out BUF_AUTO = {0};
    struct wheelfile_sysroot *sysroot = NULL;
    struct option_list dirs = option_list(call->options, OPTION_LIBRARY_PATH);
    struct option_list stays = option_list(call->options, OPTION_EXCLUDE);
    struct str out_dir = option_str(call->options, OPTION_OUTPUT);
    struct elf_audit_lookup lookup = {0};
    if (out_dir.len != 0 && !file_mkdirs(AT_FDCWD, out_dir.ptr, 0777, err))
        return err_wrap(err, "--output");
    const char **roots = ARENA_ARRAY(call->arena, const char *, dirs.len);
    for (size_t i = 0; i < dirs.len; i++)
        roots[i] = dirs.at[i].ptr;
    if (dirs.len != 0) {
        if (!wheelfile_sysroot_open(roots, dirs.len, &sysroot, err))
            return false;
        lookup = wheelfile_sysroot_lookup(sysroot);
    }
    lookup.stays = stays.at;
    lookup.stay_count = stays.len;
    struct wheelfile_repair_options options = {
        .floor = option_is_set(call->options, OPTION_PLATFORM_TAG)
                     ? option_str(call->options, OPTION_PLATFORM_TAG)
                     : (struct str){0},
        .strict = str_eq(option_str(call->options, OPTION_FLOOR), STR("strict")),
        .out_dir = out_dir.len != 0 ? out_dir.ptr : ".",
        .source_epoch = source_epoch(),
        .lookup = &lookup,
    };
    /* A file that cannot be read does not keep the others from being repaired. */
    size_t unreadable = 0;
    for (size_t i = 0; i < call->args.len; i++) {
        struct err one = {0};
        if (repair_one(call, call->args.at[i].ptr, &options, status, &out, &one))
            continue;
        if (unreadable++ == 0)
            *err = one; /* said at the end, with the status */
        else
            log_error("%s", one.text);
    }
    fwrite(out.ptr, 1, out.len, stdout);
    wheelfile_sysroot_close(&sysroot);
    return unreadable == 0;
}
