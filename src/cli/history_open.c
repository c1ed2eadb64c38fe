#include "cli/history_open.h"

#include <unistd.h>

bool history_open(const struct call *call, struct store **store, struct err *err)
{
    const char *path = option_str(call->options, OPTION_HISTORY_DB).ptr;
    bool newest;
    if (access(path, F_OK) < 0)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no history at %s yet: name a cache with --cache or a database "
                       "with --db",
                       path);
    return store_open_to_read(path, store, &newest, err) &&
           (newest || store_open(path, clock_wall_ms(call->clock), store, err));
}

bool history_open_any(const struct call *call, struct store **store, struct err *err)
{
    struct err why = {0};
    return history_open(call, store, &why) || why.code == ERR_NOT_FOUND ||
           err_set(err, why.code, "%s", why.text);
}
