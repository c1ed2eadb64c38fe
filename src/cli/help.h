/* Help texts and the man page, made from the tables of options and commands. Pure. */
#ifndef REFINERY_CLI_HELP_H
#define REFINERY_CLI_HELP_H

#include "base/buf.h"
#include "cli/command.h"

void help_program(const char *program, size_t width, struct buf *out);
void help_command(const char *program, enum command_id id, size_t width, struct buf *out);

/* refinery(1) in scdoc's source form. */
void help_man(struct buf *out);

#endif
