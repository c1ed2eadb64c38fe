#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/term.h"

bool cmd_help(const struct call *call, int *status, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    size_t width = term_width(STDOUT_FILENO);
    enum command_id id;
    (void)status;
    if (call->args.len == 0) {
        help_program(call->program, width, &text);
    } else {
        if (!command_find(call->args.at[0], &id))
            return err_set(err, ERR_USAGE, "there is no command \"" STR_FMT "\"",
                           STR_ARG(call->args.at[0]));
        help_command(call->program, id, width, &text);
    }
    fwrite(text.ptr, 1, text.len, stdout);
    return true;
}
