#include "cli/help.h"

enum { HELP_INDENT = 30, HELP_NARROWEST = 60 };

static const struct {
    int status;
    const char *meaning;
} help_statuses[] = {
    {COMMAND_OK, "everything asked for was done"},
    {COMMAND_FAILED,
     "something failed: a package, a check, the machine; what succeeded is delivered"},
    {COMMAND_USAGE, "the command line or the configuration makes no sense"},
    {COMMAND_UNREACHABLE, "a server or index cannot be reached"},
    {COMMAND_UNSAT, "the requirements cannot be satisfied"},
};

static void help_spaces(struct buf *out, size_t count)
{
    while (count-- > 0)
        buf_add_char(out, ' ');
}

/* Words of `text` from column `column` on, broken before `width`, continued at `indent`. */
static void help_wrap(struct buf *out, struct str text, size_t column, size_t indent, size_t width)
{
    struct str word;
    bool first = true;
    while (str_next(&text, ' ', &word)) {
        if (!first && column + 1 + word.len > width) {
            buf_add_char(out, '\n');
            help_spaces(out, indent);
            column = indent;
        } else if (!first) {
            buf_add_char(out, ' ');
            column++;
        }
        buf_add(out, word);
        column += word.len;
        first = false;
    }
    buf_add_char(out, '\n');
}

/* A left column and a text beside it, or below it where the left one is too long. */
static void help_entry(struct buf *out, struct str left, struct str text, size_t width)
{
    buf_add(out, left);
    if (left.len + 2 > HELP_INDENT) {
        buf_add_char(out, '\n');
        help_spaces(out, HELP_INDENT);
    } else {
        help_spaces(out, HELP_INDENT - left.len);
    }
    help_wrap(out, text, HELP_INDENT, HELP_INDENT, width);
}

static void help_statuses_text(struct buf *out, size_t width)
{
    buf_add(out, STR("\nExit status:\n"));
    for (size_t i = 0; i < sizeof help_statuses / sizeof *help_statuses; i++) {
        buf_printf(out, "  %d  ", help_statuses[i].status);
        help_wrap(out, str_from(help_statuses[i].meaning), 5, 5, width);
    }
}

void help_program(const char *program, size_t width, struct buf *out)
{
    if (width < HELP_NARROWEST)
        width = HELP_NARROWEST;
    buf_printf(out, "Usage: %s [COMMAND] [OPTION...]\n\n", program);
    help_wrap(out,
              STR("Turns sources into binary packages: wheels and requirements in, tested "
                  "wheels for another machine out."),
              0, 0, width);
    buf_add(out, STR("\nCommands:\n"));
    for (size_t id = 0; id < COMMAND_COUNT; id++) {
        const struct command_spec *spec = command_spec((enum command_id)id);
        BUF_AUTO struct buf left = {0};
        if (spec->traits & COMMAND_HIDDEN)
            continue;
        buf_printf(&left, "  %s %s", spec->name, spec->arguments);
        help_entry(out, buf_str(&left), str_from(spec->summary), width);
    }
    help_statuses_text(out, width);
    buf_printf(out, "\n\"%s COMMAND --help\" lists the options of a command.\n", program);
}

/* "--[no-]color", "--jobs N", "--recent, --limit N" */
static void help_option_names(const struct option_spec *spec, bool man, struct buf *out)
{
    struct str names = str_from(spec->names), name;
    bool first = true;
    if (spec->letter)
        buf_printf(out, man ? "*-%c*, " : "-%c, ", spec->letter);
    while (str_next(&names, '|', &name)) {
        bool flag = spec->kind == OPTION_FLAG && spec->environment[0] != '-';
        if (!first)
            buf_add(out, STR(", "));
        buf_printf(out, man ? "*--%s" STR_FMT "*" : "--%s" STR_FMT, flag ? "[no-]" : "",
                   STR_ARG(name));
        first = false;
    }
    if (*spec->metavar && spec->kind == OPTION_TOP)
        buf_printf(out, man ? " [_%s_]" : " [%s]", spec->metavar);
    else if (*spec->metavar)
        buf_printf(out, man ? " _%s_" : " %s", spec->metavar);
}

/* Help, choices, default and environment names of one option in one sentence. */
static void help_option_text(const struct option_spec *spec, struct buf *out)
{
    struct str words = str_from(spec->choices), word;
    bool first = true;
    buf_add(out, str_from(spec->help));
    while (words.len > 0 && str_next(&words, '|', &word)) {
        buf_add(out, first ? STR(": ") : STR(", "));
        buf_add(out, word);
        first = false;
    }
    if (*spec->fallback && spec->environment[0] != '-')
        buf_printf(out, " [default: %s]", spec->fallback);
    if (*spec->environment && spec->environment[0] != '-')
        buf_printf(out, " [%s]", spec->environment);
}

void help_command(const char *program, enum command_id id, size_t width, struct buf *out)
{
    const struct command_spec *command = command_spec(id);
    const char *group = "";
    if (width < HELP_NARROWEST)
        width = HELP_NARROWEST;
    buf_printf(out,
               id == COMMAND_RUN ? "Usage: %s [%s] [OPTION...]\n\n" : "Usage: %s %s [OPTION...]",
               program, command->name);
    if (id != COMMAND_RUN)
        buf_printf(out, "%s%s\n\n", *command->arguments ? " " : "", command->arguments);
    buf_printf(out, "%s\n", command->summary);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_spec *spec = option_spec((enum option_id)i);
        BUF_AUTO struct buf left = {0}, text = {0};
        if (!(spec->commands >> id & 1))
            continue;
        if (option_group((enum option_id)i) != group) {
            group = option_group((enum option_id)i);
            buf_printf(out, "\n%s:\n", group);
        }
        buf_add(&left, spec->letter ? STR("  ") : STR("      "));
        help_option_names(spec, false, &left);
        help_option_text(spec, &text);
        help_entry(out, buf_str(&left), buf_str(&text), width);
    }
    buf_add(out, STR("\nEach option can also be given in the environment as REFINERY_<NAME>, or in "
                     "the\n--config file under its long name.\n"));
    help_statuses_text(out, width);
}

/* Text in scdoc: what would begin formatting is escaped. */
static void help_man_text(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (str_has_char(STR("*_\\<>[]#"), text.ptr[i]))
            buf_add_char(out, '\\');
        buf_add_char(out, text.ptr[i]);
    }
}

static void help_man_options(struct buf *out)
{
    const char *group = "";
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_spec *spec = option_spec((enum option_id)i);
        BUF_AUTO struct buf text = {0};
        bool first = true;
        if (option_group((enum option_id)i) != group) {
            group = option_group((enum option_id)i);
            buf_printf(out, "\n## %s\n", group);
        }
        buf_add_char(out, '\n');
        help_option_names(spec, true, out);
        buf_add(out, STR("\n\t"));
        help_option_text(spec, &text);
        help_man_text(out, buf_str(&text));
        if (__builtin_popcountll(spec->commands) < COMMAND_COUNT) {
            buf_add(out, STR(". For "));
            for (size_t id = 0; id < COMMAND_COUNT; id++) {
                if (!(spec->commands >> id & 1))
                    continue;
                buf_printf(out, "%s*%s*", first ? "" : ", ",
                           command_spec((enum command_id)id)->name);
                first = false;
            }
        }
        buf_add(out, STR(".\n"));
    }
}

void help_man(struct buf *out)
{
    buf_add(out, STR("refinery(1)\n\n# NAME\n\nrefinery - turn sources into binary packages\n\n"
                     "# SYNOPSIS\n\n*refinery* [_COMMAND_] [_OPTION_...]\n\n"
                     "*refinery* --input _DIR_ --output _DIR_ --cache _DIR_ --python _X.Y_\n\n"
                     "# DESCRIPTION\n\n"
                     "A pile of Python wheels, sdists or requirements goes in; wheels for another "
                     "machine, s390x\nfirst, come out: planned, reused or built, repaired, tested "
                     "and listed in a manifest.\nWithout a command *run* is meant. The program may "
                     "also be called *build-swarmv3*.\n\n# COMMANDS\n"));
    for (size_t id = 0; id < COMMAND_COUNT; id++) {
        const struct command_spec *spec = command_spec((enum command_id)id);
        if (spec->traits & COMMAND_HIDDEN)
            continue;
        buf_printf(out, "\n*%s* ", spec->name);
        help_man_text(out, str_from(spec->arguments));
        buf_add(out, STR("\n\t"));
        help_man_text(out, str_from(spec->summary));
        buf_add(out, STR(".\n"));
    }
    buf_add(out,
            STR("\n# OPTIONS\n\nThe first of these gives an option's value: the command line, "
                "the environment\n(REFINERY_ and the name in capitals with underscores, then the "
                "names in brackets), the file\ngiven with *--config*, the default.\n"));
    help_man_options(out);
    buf_add(out, STR("\n# EXIT STATUS\n"));
    for (size_t i = 0; i < sizeof help_statuses / sizeof *help_statuses; i++) {
        buf_printf(out, "\n*%d*\n\t", help_statuses[i].status);
        help_man_text(out, str_from(help_statuses[i].meaning));
        buf_add(out, STR(".\n"));
    }
    buf_add(
        out,
        STR("\n# FILES\n\n_OUTPUT_/\\*.whl, _OUTPUT_/manifest.json, _OUTPUT_/report.html\n"
            "\tWhat a run delivers.\n\n"
            "_CACHE_/history.db, _CACHE_/cas, _CACHE_/logs\n"
            "\tHistory and retry queue, stored artifacts and one compressed log per attempt.\n\n"
            "_CACHE_/retry_queue.json\n"
            "\tRequests that an earlier system left: imported, then renamed.\n\n"
            "# ENVIRONMENT\n\n*NO_COLOR*\n\tAny value switches colours off.\n\n"
            "*XDG_CACHE_HOME*\n\tWhere the cache lies unless *--cache* says otherwise.\n"));
}
