#include "run/hints.h"

#include "base/log.h"
#include "base/vec.h"
#include "hint/document.h"
#include "os/file.h"

struct hints {
    struct arena *arena;
    VEC(struct hint_source) sources;
};

static bool hints_visit(void *state, int dirfd, struct str name, struct err *err)
{
    struct hints *hints = state;
    struct hint_source source = {.name = arena_str(hints->arena, name), .origin = ORIGIN_LOCAL};
    if (!str_ends(name, STR(".yaml")) && !str_ends(name, STR(".yml")))
        return true;
    if (!file_read(dirfd, source.name.ptr, DOCUMENT_SIZE_LIMIT, hints->arena, &source.text, err))
        return err_wrap(err, "hints");
    *vec_push(&hints->sources, hints->arena) = source;
    return true;
}

bool hints_open(struct str cache, struct arena *arena, struct hint_catalogue *catalogue,
                struct err *err)
{
    struct hints hints = {.arena = arena};
    struct hint_complaints complaints;
    struct err missing = {0};
    struct str folder = arena_printf(arena, STR_FMT "/hints", STR_ARG(cache));
    if (!file_each(AT_FDCWD, folder.ptr, hints_visit, &hints, &missing) &&
        missing.code != ERR_NOT_FOUND) {
        *err = missing;
        return false;
    }
    catalogue_open(hints.sources.at, hints.sources.len, true, arena, catalogue, &complaints);
    for (size_t i = 0; i < complaints.len; i++)
        log_warn(STR_FMT, STR_ARG(complaints.at[i]));
    return true;
}
