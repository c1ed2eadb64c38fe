#include "cli/command.h"

#include <stdio.h>

#include "base/json.h"
#include "base/vec.h"
#include "build/slot.h"
#include "cli/plan_options.h"
#include "os/file.h"
#include "run/pin.h"

enum { PROVE_MANIFEST_MAX = 256 << 20, PROVE_TIMEOUT_MS = 3600000 };

/* The wheels that the manifest says were delivered. */
static bool prove_wheels(const struct call *call, struct str output, struct spec_files *wheels,
                         struct err *err)
{
    VEC(struct spec_file) files = {0};
    JSON_AUTO yyjson_doc *doc = NULL;
    struct str text;
    yyjson_val *package;
    size_t index, max;
    const char *path = arena_printf(call->arena, "%s/manifest.json", output.ptr).ptr;
    if (!file_read(AT_FDCWD, path, PROVE_MANIFEST_MAX, call->arena, &text, err) ||
        !json_parse(text, path, &doc, err))
        return err_wrap(err, "--output must be the directory of an earlier run");
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "packages"), index, max, package)
    {
        struct str wheel = json_get_str(package, "wheel");
        if (!wheel.len)
            continue;
        *vec_push(&files, call->arena) = (struct spec_file){
            .filename = arena_str(call->arena, wheel),
            .url = arena_printf(call->arena, "%s/" STR_FMT, output.ptr, STR_ARG(wheel)),
            .sha256 = arena_str(call->arena, json_get_str(package, "wheel_digest"))};
    }
    *wheels = (struct spec_files){files.at, files.len};
    return files.len || err_set(err, ERR_USAGE, "%s names no delivered wheel", path);
}

bool cmd_prove(const struct call *call, int *status, struct err *err)
{
    struct run_plan_config place = {0};
    struct str output;
    struct spec_result result;
    if (!file_absolute(option_str(call->options, OPTION_OUTPUT), call->arena, &output, err) ||
        !plan_options_place(call, &place, err))
        return false;
    struct spec spec = {.kind = SPEC_PROVE,
                        .python = place.python,
                        .arch = place.arch,
                        .platform_tag = place.platform_tag,
                        .preset = place.preset,
                        .mirror = place.mirror,
                        .keyring = place.keyring,
                        .cache = place.cache,
                        .net = place.net,
                        .timeout_ms = PROVE_TIMEOUT_MS,
                        .as_json = option_flag(call->options, OPTION_JSON)};
    if (!prove_wheels(call, output, &spec.wheels, err) ||
        (place.image.len && !pin_image(&place, LAYOUT_RUN, call->arena, &spec.image, err)) ||
        !slot_here(&spec, call->arena, &result, err))
        return false;
    *status = result.outcome == SPEC_OK ? COMMAND_OK : COMMAND_FAILED;
    return true;
}
