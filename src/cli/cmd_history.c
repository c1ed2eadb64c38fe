#include "cli/command.h"

bool cmd_history(const struct call *call, int *status, struct err *err)
{
    (void)call;
    (void)status;
    return err_set(err, ERR_USAGE, "history is not part of this build");
}
