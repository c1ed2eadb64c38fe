/*
 * The options of the command line, from one table (tables/options.def). A value comes from the
 * first of: the command line, the environment (REFINERY_<NAME>, then the names in the table), the
 * YAML file given with --config, the default. Parsing is pure: arguments, environment and
 * configuration come in as data. Everything a getter returns lives in the arena given to
 * option_parse and is NUL-terminated, so that `.ptr` serves as a path.
 */
#ifndef REFINERY_CLI_OPTION_H
#define REFINERY_CLI_OPTION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define GROUP(title)
#define OPTION(id, ...) OPTION_##id,
enum option_id {
#include "tables/options.def"
    OPTION_COUNT
};

enum option_kind {
    OPTION_FLAG,
    OPTION_STRING,
    OPTION_PATH,
    OPTION_LIST,
    OPTION_INT,
    OPTION_TOP,
    OPTION_DECIMAL,
    OPTION_DURATION,
    OPTION_SIZE,
    OPTION_TIME,
    OPTION_CHOICE,
};

enum option_origin { OPTION_BY_DEFAULT, OPTION_BY_CONFIG, OPTION_BY_ENVIRONMENT, OPTION_BY_FLAG };

struct option_spec {
    const char *names; /* "recent|limit" */
    char letter;       /* 0: none */
    enum option_kind kind;
    const char *metavar;
    const char *fallback;
    const char *environment; /* names separated by spaces; "-": not from the environment at all */
    uint64_t commands;       /* bit per enum command_id */
    const char *choices;
    const char *help;
};

const struct option_spec *option_spec(enum option_id id);
const char *option_group(enum option_id id); /* the section of --help it belongs to */
struct str option_name(enum option_id id);   /* its first name, without dashes */

struct option_list {
    const struct str *at;
    size_t len;
};

struct option_value {
    enum option_origin origin;
    struct str source; /* "--jobs", "REFINERY_JOBS", "config.yaml:3", "default" */
    struct str text;
    struct option_list list;
    int64_t number; /* flag 0/1, count, thousandths, milliseconds or bytes by kind */
};

struct options {
    struct option_value values[OPTION_COUNT];
};

/* One entry of a configuration file (config.h). */
struct option_entry {
    struct str key;
    struct option_list values;
    unsigned line;
};
struct option_entries {
    struct str file;
    const struct option_entry *at;
    size_t len;
};

struct option_sources {
    const char *const *args; /* after program name and command; ended by NULL */
    const char *(*env)(void *state, const char *name); /* NULL when unset */
    /* Reads the configuration file; NULL: there are none. */
    bool (*config)(void *state, struct str path, struct arena *arena, struct option_entries *out,
                   struct err *err);
    void *state;
    unsigned command; /* enum command_id whose options are known */
};

/*
 * ERR_USAGE for an unknown option (names the nearest one), a value that is none, a missing value.
 * `rest` gets the arguments that are not options, in order.
 */
CHECKED bool option_parse(const struct option_sources *sources, struct arena *arena,
                          struct options *options, struct option_list *rest, struct err *err);

struct str option_str(const struct options *options, enum option_id id);
struct option_list option_list(const struct options *options, enum option_id id);
bool option_flag(const struct options *options, enum option_id id);
int64_t option_int(const struct options *options, enum option_id id);   /* INT, TOP */
int64_t option_milli(const struct options *options, enum option_id id); /* DECIMAL, thousandths */
int64_t option_ms(const struct options *options, enum option_id id); /* DURATION; TIME: Unix ms */
int64_t option_bytes(const struct options *options, enum option_id id); /* SIZE */
bool option_is_set(const struct options *options, enum option_id id);   /* not the default */

/* The option whose name is nearest to a mistyped one, or OPTION_COUNT when none is near. */
enum option_id option_nearest(struct str name, unsigned command);

#endif
