#include "cli/command.h"

#include "cli/hint_catalogue.h"
#include "cli/hint_log.h"
#include "cli/hint_map.h"
#include "cli/hint_stats.h"

static const struct {
    const char *name;
    size_t words; /* behind it */
    const char *form;
    command_fn *handler;
} hint_rows[] = {
    {"list", 0, "list", hint_catalogue_list},
    {"show", 1, "show ID", hint_catalogue_show},
    {"test", 1, "test LOG", hint_log_test},
    {"stats", 0, "stats", hint_stats},
    {"add", 1, "add FILE", hint_catalogue_add},
    {"import", 1, "import FILE", hint_catalogue_import},
    {"build-map", 0, "build-map [--output FILE]", hint_map_build},
    {"lookup", 2, "lookup KIND NAME", hint_map_lookup},
};

bool cmd_hint(const struct call *call, int *status, struct err *err)
{
    for (size_t i = 0; i < sizeof hint_rows / sizeof *hint_rows; i++) {
        if (!str_eq(call->args.at[0], str_from(hint_rows[i].name)))
            continue;
        if (call->args.len != hint_rows[i].words + 1)
            return err_set(err, ERR_USAGE, "hint takes: %s", hint_rows[i].form);
        return hint_rows[i].handler(call, status, err);
    }
    return err_set(
        err, ERR_USAGE,
        "hint has list, show, test, stats, add, import, build-map and lookup, not \"" STR_FMT "\"",
        STR_ARG(call->args.at[0]));
}
