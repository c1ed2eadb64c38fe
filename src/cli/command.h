/*
 * The commands of the program, from one table (tables/commands.def). Each has one file,
 * src/cli/cmd_<name>.c, with one function cmd_<name>. A handler returns false with an error when
 * our own machinery failed: the program prints it once and ends with the status that belongs to its
 * code. Results, failed builds among them, are success with *status set.
 */
#ifndef REFINERY_CLI_COMMAND_H
#define REFINERY_CLI_COMMAND_H

#include "base/clock.h"
#include "cli/option.h"

/* Exit statuses, the same for every command. */
enum command_status {
    COMMAND_OK = 0,
    COMMAND_FAILED = 1,      /* something failed: a package, a check, the machine */
    COMMAND_USAGE = 2,       /* the command line or configuration makes no sense */
    COMMAND_UNREACHABLE = 3, /* a server cannot be reached */
    COMMAND_UNSAT = 4,       /* the requirements cannot be satisfied */
};

#define COMMAND(id, ...) COMMAND_##id,
enum command_id {
#include "tables/commands.def"
    COMMAND_COUNT
};

struct call {
    const char *program; /* "refinery" or "build-swarmv3" */
    enum command_id command;
    const struct options *options;
    struct option_list args; /* what is not an option; NUL-terminated slices */
    const char *const *raw;  /* everything after the command's name, ended by NULL */
    const struct clock *clock;
    struct arena *arena; /* lives as long as the command runs */
    bool color;          /* standard output is a terminal and colours are wanted */
};

typedef bool command_fn(const struct call *call, int *status, struct err *err);

enum command_traits { COMMAND_HIDDEN = 1, COMMAND_RAW = 2 };

struct command_spec {
    const char *name, *arguments, *summary;
    int fewest, most;
    unsigned traits;
    command_fn *handler;
};

const struct command_spec *command_spec(enum command_id id);
bool command_find(struct str name, enum command_id *id);

/* The whole program: from argv to the exit status. */
int command_main(int argc, char **argv);

/* Exit status that belongs to an error. */
int command_status_of(const struct err *err);

#define COMMAND(id, name, ...) CHECKED command_fn cmd_##name;
#include "tables/commands.def"

#endif
