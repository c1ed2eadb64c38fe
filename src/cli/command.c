#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/term.h"

#define HIDDEN COMMAND_HIDDEN
#define RAW COMMAND_RAW

static const struct command_spec command_specs[] = {
#define COMMAND(id, name, arguments, fewest, most, traits, summary)                                \
    [COMMAND_##id] = {#name, arguments, summary, fewest, most, traits, cmd_##name},
#include "tables/commands.def"
};

const struct command_spec *command_spec(enum command_id id)
{
    return &command_specs[id];
}

bool command_find(struct str name, enum command_id *id)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (str_eq(str_from(command_specs[i].name), name)) {
            *id = (enum command_id)i;
            return true;
        }
    return false;
}

int command_status_of(const struct err *err)
{
    switch (err->code) {
    case ERR_USAGE:
        return COMMAND_USAGE;
    case ERR_NETWORK:
        return COMMAND_UNREACHABLE;
    case ERR_UNSAT:
        return COMMAND_UNSAT;
    default:
        return COMMAND_FAILED;
    }
}

static const char *command_env(void *state, const char *name)
{
    (void)state;
    return getenv(name);
}

static bool command_config(void *state, struct str path, struct arena *arena,
                           struct option_entries *out, struct err *err)
{
    (void)state;
    return config_read(path.ptr, arena, out, err);
}

static int command_fail(const char *program, const struct command_spec *spec, const struct err *err)
{
    log_error("%s", err->text);
    if (err->code == ERR_USAGE && spec)
        fprintf(stderr, "\"%s %s --help\" lists what can be said here.\n", program, spec->name);
    return command_status_of(err);
}

/* Output that went nowhere (a full disk, a closed pipe) is a failure, whatever else succeeded. */
static int command_flush(const char *program, int status)
{
    struct err err = {0};
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    (void)err_errno(&err, "cannot write to standard output");
    return command_fail(program, NULL, &err);
}

static int command_print(const char *program, const struct buf *text)
{
    fwrite(text->ptr, 1, text->len, stdout);
    return command_flush(program, COMMAND_OK);
}

static bool command_check_args(const struct command_spec *spec, struct option_list args,
                               struct err *err)
{
    if (args.len < (size_t)spec->fewest)
        return err_set(err, ERR_USAGE, "%s: needs %s", spec->name, spec->arguments);
    if (spec->most >= 0 && args.len > (size_t)spec->most)
        return err_set(err, ERR_USAGE, "%s: unexpected argument \"" STR_FMT "\"", spec->name,
                       STR_ARG(args.at[spec->most]));
    return true;
}

static int command_call(struct call *call, const struct command_spec *spec)
{
    struct err err = {0};
    int status = COMMAND_OK;
    if (!spec->handler(call, &status, &err))
        return command_fail(call->program, spec, &err);
    return command_flush(call->program, status);
}

static int command_run(const char *program, enum command_id id, char **args)
{
    const struct command_spec *spec = command_spec(id);
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf text = {0};
    struct options options = {0};
    struct err err = {0};
    struct call call = {.program = program,
                        .command = id,
                        .options = &options,
                        .raw = (const char *const *)args,
                        .clock = clock_system(),
                        .arena = &arena};
    struct option_sources sources = {
        .args = call.raw, .env = command_env, .config = command_config, .command = id};
    if (spec->traits & COMMAND_RAW)
        return command_call(&call, spec);
    if (!option_parse(&sources, &arena, &options, &call.args, &err))
        return command_fail(program, spec, &err);
    if (option_flag(&options, OPTION_HELP)) {
        help_command(program, id, term_width(STDOUT_FILENO), &text);
        return command_print(program, &text);
    }
    if (option_flag(&options, OPTION_VERSION)) {
        printf("%s %s\n", program, REFINERY_VERSION);
        return command_flush(program, COMMAND_OK);
    }
    if (!command_check_args(spec, call.args, &err))
        return command_fail(program, spec, &err);
    if (option_flag(&options, OPTION_VERBOSE))
        log_set_level(LOG_DEBUG);
    call.color = option_flag(&options, OPTION_COLOR) && term_wants_color(STDOUT_FILENO);
    return command_call(&call, spec);
}

static const char *command_program(const char *path)
{
    struct str name = str_from(path);
    size_t slash = str_rfind_char(name, '/');
    if (slash < name.len)
        name = str_from_pos(name, slash + 1);
    return str_eq(name, STR("build-swarmv3")) ? "build-swarmv3" : "refinery";
}

static int command_unknown(const char *name)
{
    BUF_AUTO struct buf names = {0};
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!(command_specs[i].traits & COMMAND_HIDDEN))
            buf_printf(&names, "%s%s", names.len ? ", " : "", command_specs[i].name);
    log_error("unknown command \"%s\"; there are: " STR_FMT, name, STR_ARG(buf_str(&names)));
    return COMMAND_USAGE;
}

int command_main(int argc, char **argv)
{
    /* Without TZ the C library looks at /etc/localtime for every member of every wheel, whose
     * times libzip converts; with the same place said, once. */
    setenv("TZ", ":/etc/localtime", 0);
    const char *program = command_program(argc > 0 ? argv[0] : "");
    BUF_AUTO struct buf text = {0};
    enum command_id id = COMMAND_RUN;
    char **args = argv + (argc > 0);
    if (!args[0] || str_eq(str_from(args[0]), STR("--help")) ||
        str_eq(str_from(args[0]), STR("-h"))) {
        help_program(program, term_width(STDOUT_FILENO), &text);
        if (args[0])
            return command_print(program, &text);
        fwrite(text.ptr, 1, text.len, stderr);
        return COMMAND_USAGE;
    }
    if (args[0][0] != '-' && !command_find(str_from(args[0]), &id))
        return command_unknown(args[0]);
    if (args[0][0] != '-')
        args++;
    return command_run(program, id, args);
}
