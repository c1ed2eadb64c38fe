#include <stdio.h>

#include "cli/command.h"
#include "cli/help.h"

bool cmd_man(const struct call *call, int *status, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    (void)call;
    (void)status;
    (void)err;
    help_man(&text);
    fwrite(text.ptr, 1, text.len, stdout);
    return true;
}
