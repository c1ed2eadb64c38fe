#include "cli/command.h"

bool cmd_plan(const struct call *call, int *status, struct err *err)
{
    (void)call;
    (void)status;
    return err_set(err, ERR_USAGE, "plan is not part of this build");
}
