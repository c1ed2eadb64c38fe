#include "build/slot.h"
#include "cli/command.h"

/* One attempt in a process of its own (drone/agent.h): refinery slot SPEC FD. */
bool cmd_slot(const struct call *call, int *status, struct err *err)
{
    uint64_t fd;
    if (!str_to_u64(call->args.at[1], &fd) || fd > INT32_MAX)
        return err_set(err, ERR_USAGE, "slot: \"%s\" is not a descriptor", call->args.at[1].ptr);
    *status = slot_main(call->args.at[0].ptr, (int)fd);
    return true;
}
