#include "build/check_spec.h"

#include "base/embedded.h"
#include "os/file.h"

extern const struct embedded_file build_checks[];

static void check_spec_list(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                            const struct str *names, size_t len)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, key);
    for (size_t i = 0; i < len; i++)
        json_append_str(doc, list, names[i]);
}

struct str check_spec_source(struct str name, struct arena *arena)
{
    return embedded_find(build_checks, arena_printf(arena, STR_FMT ".py", STR_ARG(name)));
}

bool check_spec_add(yyjson_mut_doc *doc, yyjson_mut_val *object, struct str name,
                    const struct modules *found, const char *dir, const char *inside,
                    struct arena *arena, struct err *err)
{
    struct str file = arena_printf(arena, STR_FMT ".py", STR_ARG(name));
    struct str check = embedded_find(build_checks, file);
    check_spec_list(doc, object, "modules", found->modules.at, found->modules.len);
    check_spec_list(doc, object, "extensions", found->extensions.at, found->extensions.len);
    if (!check.ptr)
        return true;
    json_add_str(doc, object, "check", arena_printf(arena, "%s/check-%s", inside, file.ptr));
    return file_write(AT_FDCWD, arena_printf(arena, "%s/check-%s", dir, file.ptr).ptr, 0644, check,
                      err);
}
