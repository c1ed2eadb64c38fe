#include "base/vec.h"
#include "cli/command.h"
#include "cli/option.h"
#include "cli/option_value.h"

/*
 * Flags are read first, then environment and configuration for what no flag gave, then defaults:
 * the configuration file is itself named by an option.
 */
struct option_parse {
    const struct option_sources *sources;
    struct arena *arena;
    struct options *options;
    bool given[OPTION_COUNT];
    VEC(struct str) lists[OPTION_COUNT];
};

static struct str option_parse_choices(const struct option_spec *spec, struct arena *arena)
{
    struct str rest = str_from(spec->choices), word;
    struct str text = STR("");
    while (str_next(&rest, '|', &word))
        text = text.len == 0
                   ? word
                   : arena_printf(arena, STR_FMT ", " STR_FMT, STR_ARG(text), STR_ARG(word));
    return text;
}

static bool option_parse_set(struct option_parse *parse, enum option_id id,
                             enum option_origin origin, struct str source, struct str text,
                             struct err *err)
{
    const struct option_spec *spec = option_spec(id);
    struct option_value *value = &parse->options->values[id];
    int64_t number;
    text = arena_str(parse->arena, text);
    if (spec->kind == OPTION_CHOICE && !option_value_is_choice(spec->choices, text)) {
        struct str choices = option_parse_choices(spec, parse->arena);
        return err_set(err, ERR_USAGE, STR_FMT ": \"" STR_FMT "\" is none of: " STR_FMT,
                       STR_ARG(source), STR_ARG(text), STR_ARG(choices));
    }
    if (spec->kind == OPTION_PATH && !text.len) /* "$UNSET" would mean the working directory */
        return err_set(err, ERR_USAGE, STR_FMT ": is empty; give a path", STR_ARG(source));
    if (!option_value_number(spec->kind, text, &number))
        return err_set(err, ERR_USAGE, STR_FMT ": \"" STR_FMT "\" is not %s", STR_ARG(source),
                       STR_ARG(text), option_value_expected(spec->kind));
    if (spec->kind == OPTION_LIST)
        *vec_push(&parse->lists[id], parse->arena) = text;
    value->origin = origin;
    value->source = source;
    value->text = text;
    value->number = number;
    parse->given[id] = true;
    return true;
}

/* The option with this long name among those of the command; `inverted` for --no-x. */
static bool option_parse_find(const struct option_parse *parse, struct str name, bool any_command,
                              enum option_id *id, bool *inverted)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_spec *spec = option_spec((enum option_id)i);
        struct str names = str_from(spec->names), piece;
        if (!any_command && !(spec->commands >> parse->sources->command & 1))
            continue;
        while (str_next(&names, '|', &piece)) {
            bool no = spec->kind == OPTION_FLAG && str_starts(name, STR("no-")) &&
                      str_eq(str_from_pos(name, 3), piece);
            if (!no && !str_eq(name, piece))
                continue;
            *id = (enum option_id)i;
            *inverted = no;
            return true;
        }
    }
    return false;
}

static bool option_parse_unknown(const struct option_parse *parse, struct str name, struct err *err)
{
    const struct command_spec *command = command_spec((enum command_id)parse->sources->command);
    enum option_id id, near = option_nearest(name, parse->sources->command);
    bool inverted;
    if (option_parse_find(parse, name, true, &id, &inverted))
        return err_set(err, ERR_USAGE, "--" STR_FMT " is not an option of \"%s\"", STR_ARG(name),
                       command->name);
    if (near == OPTION_COUNT)
        return err_set(err, ERR_USAGE, "unknown option --" STR_FMT, STR_ARG(name));
    return err_set(err, ERR_USAGE, "unknown option --" STR_FMT "; did you mean --" STR_FMT "?",
                   STR_ARG(name), STR_ARG(option_name(near)));
}

/* A TOP option takes the next argument only when that is a number. */
static bool option_parse_takes_next(const struct option_spec *spec, const char *next)
{
    uint64_t number;
    if (spec->kind == OPTION_TOP)
        return next && str_to_u64(str_from(next), &number);
    return true;
}

static bool option_parse_long(struct option_parse *parse, const char *const **at, struct err *err)
{
    struct str argument = str_from_pos(str_from(**at), 2), name, text;
    bool has_value = str_cut(argument, '=', &name, &text), inverted;
    const struct option_spec *spec;
    enum option_id id;
    struct str source;
    if (!option_parse_find(parse, name, false, &id, &inverted))
        return option_parse_unknown(parse, name, err);
    spec = option_spec(id);
    source = arena_printf(parse->arena, "--" STR_FMT, STR_ARG(name));
    if (spec->kind == OPTION_FLAG) {
        if (inverted && has_value)
            return err_set(err, ERR_USAGE, STR_FMT " takes no value", STR_ARG(source));
        if (!has_value)
            text = inverted ? STR("no") : STR("yes");
    } else if (!has_value) {
        const char *next = (*at)[1];
        if (!option_parse_takes_next(spec, next)) {
            text = STR("10");
        } else if (!next) {
            return err_set(err, ERR_USAGE, STR_FMT " needs a value: %s", STR_ARG(source),
                           spec->metavar);
        } else {
            text = str_from(next);
            ++*at;
        }
    }
    ++*at;
    return option_parse_set(parse, id, OPTION_BY_FLAG, source, text, err);
}

static bool option_parse_letters(struct option_parse *parse, const char *const **at,
                                 struct err *err)
{
    struct str letters = str_from_pos(str_from(**at), 1);
    ++*at;
    while (letters.len > 0) {
        char letter = letters.ptr[0];
        struct str source = arena_printf(parse->arena, "-%c", letter), text = STR("yes");
        size_t id = 0;
        letters = str_from_pos(letters, 1);
        while (id < OPTION_COUNT &&
               (option_spec((enum option_id)id)->letter != letter ||
                !(option_spec((enum option_id)id)->commands >> parse->sources->command & 1)))
            id++;
        if (id == OPTION_COUNT)
            return err_set(err, ERR_USAGE, "unknown option -%c", letter);
        if (option_spec((enum option_id)id)->kind != OPTION_FLAG) {
            if (letters.len == 0 && !**at)
                return err_set(err, ERR_USAGE, "-%c needs a value: %s", letter,
                               option_spec((enum option_id)id)->metavar);
            text = letters.len > 0 ? letters : str_from(*(*at)++);
            letters = STR("");
        }
        if (!option_parse_set(parse, (enum option_id)id, OPTION_BY_FLAG, source, text, err))
            return false;
    }
    return true;
}

static bool option_parse_flags(struct option_parse *parse, struct option_list *rest,
                               struct err *err)
{
    const char *const *at = parse->sources->args;
    VEC(struct str) others = {0};
    while (*at) {
        struct str argument = str_from(*at);
        if (str_eq(argument, STR("--"))) {
            while (*++at)
                *vec_push(&others, parse->arena) = arena_str(parse->arena, str_from(*at));
        } else if (str_starts(argument, STR("--"))) {
            if (!option_parse_long(parse, &at, err))
                return false;
        } else if (argument.len > 1 && argument.ptr[0] == '-') {
            if (!option_parse_letters(parse, &at, err))
                return false;
        } else {
            *vec_push(&others, parse->arena) = arena_str(parse->arena, argument);
            at++;
        }
    }
    *rest = (struct option_list){others.at, others.len};
    return true;
}

/* A list in the environment is separated by white space, as pip does it. */
static bool option_parse_words(struct option_parse *parse, enum option_id id,
                               enum option_origin origin, struct str source, struct str text,
                               struct err *err)
{
    if (option_spec(id)->kind != OPTION_LIST)
        return option_parse_set(parse, id, origin, source, text, err);
    while (text.len > 0) {
        size_t end = 0;
        while (end < text.len && !char_is_space(text.ptr[end]))
            end++;
        if (end > 0 && !option_parse_set(parse, id, origin, source, str_slice(text, 0, end), err))
            return false;
        text = str_from_pos(text, end + 1);
    }
    return true;
}

static const char *option_parse_env(const struct option_parse *parse, const char *name)
{
    const char *value;
    if (!parse->sources->env)
        return NULL;
    value = parse->sources->env(parse->sources->state, name);
    return value && *value ? value : NULL;
}

static bool option_parse_environment(struct option_parse *parse, enum option_id id, struct err *err)
{
    const struct option_spec *spec = option_spec(id);
    struct str long_name = option_name(id), names = str_from(spec->environment), name;
    struct str own = arena_printf(parse->arena, "REFINERY_" STR_FMT, STR_ARG(long_name));
    char *upper = (char *)arena_cstr(parse->arena, own);
    const char *value;
    if (str_eq(names, STR("-")) || parse->given[id])
        return true;
    for (size_t i = 0; upper[i]; i++)
        upper[i] = (char)(upper[i] == '-'                      ? '_'
                          : upper[i] >= 'a' && upper[i] <= 'z' ? upper[i] - ('a' - 'A')
                                                               : upper[i]);
    value = option_parse_env(parse, upper);
    if (value)
        return option_parse_words(parse, id, OPTION_BY_ENVIRONMENT, str_from(upper),
                                  str_from(value), err);
    while (str_next(&names, ' ', &name)) {
        const char *cname = arena_cstr(parse->arena, name);
        value = option_parse_env(parse, cname);
        if (value)
            return option_parse_words(parse, id, OPTION_BY_ENVIRONMENT, str_from(cname),
                                      str_from(value), err);
    }
    return true;
}

static bool option_parse_entry(struct option_parse *parse, const struct option_entries *config,
                               const struct option_entry *entry, struct err *err)
{
    struct arena *arena = parse->arena;
    struct str key = arena_str(arena, entry->key);
    char *dashed = (char *)arena_cstr(arena, key);
    struct str source = arena_printf(arena, STR_FMT ":%u: " STR_FMT, STR_ARG(config->file),
                                     entry->line, STR_ARG(key));
    enum option_id id;
    bool inverted = false;
    for (size_t i = 0; dashed[i]; i++)
        if (dashed[i] == '_')
            dashed[i] = '-';
    if (!option_parse_find(parse, str_from(dashed), true, &id, &inverted) || inverted ||
        option_spec(id)->environment[0] == '-') {
        enum option_id near = option_nearest(str_from(dashed), parse->sources->command);
        struct str hint = near == OPTION_COUNT
                              ? STR("")
                              : arena_printf(arena, "; did you mean \"" STR_FMT "\"?",
                                             STR_ARG(option_name(near)));
        return err_set(err, ERR_USAGE, STR_FMT ": no such option" STR_FMT, STR_ARG(source),
                       STR_ARG(hint));
    }
    /* One file serves several commands: what is another one's is no mistake. */
    if (parse->given[id] || !(option_spec(id)->commands >> parse->sources->command & 1))
        return true;
    if (entry->values.len != 1 && option_spec(id)->kind != OPTION_LIST)
        return err_set(err, ERR_USAGE, STR_FMT ": takes one value, not a list", STR_ARG(source));
    for (size_t i = 0; i < entry->values.len; i++)
        if (!option_parse_set(parse, id, OPTION_BY_CONFIG, source, entry->values.at[i], err))
            return false;
    return true;
}

static bool option_parse_config(struct option_parse *parse, struct err *err)
{
    struct option_entries config = {0};
    struct str file = parse->options->values[OPTION_CONFIG].text;
    if (file.len == 0 || !parse->sources->config)
        return true;
    if (!parse->sources->config(parse->sources->state, file, parse->arena, &config, err))
        return false;
    for (size_t i = 0; i < config.len; i++)
        if (!option_parse_entry(parse, &config, &config.at[i], err))
            return false;
    return true;
}

/* A default path may stand below another option's value or the user's cache directory. */
static struct str option_parse_expand(struct option_parse *parse, struct str text)
{
    static const struct str xdg = STR_INIT("$XDG_CACHE_HOME"), cache = STR_INIT("$cache"),
                            output = STR_INIT("$output");
    const char *base, *below = "";
    struct str rest;
    if (str_starts(text, cache) || str_starts(text, output)) {
        bool is_cache = str_starts(text, cache);
        rest = str_from_pos(text, is_cache ? cache.len : output.len);
        struct str of = parse->options->values[is_cache ? OPTION_CACHE : OPTION_OUTPUT].text;
        return arena_printf(parse->arena, STR_FMT STR_FMT, STR_ARG(of), STR_ARG(rest));
    }
    if (!str_starts(text, xdg))
        return text;
    rest = str_from_pos(text, xdg.len);
    base = option_parse_env(parse, "XDG_CACHE_HOME");
    if (!base) {
        base = option_parse_env(parse, "HOME");
        below = "/.cache";
    }
    return arena_printf(parse->arena, "%s%s" STR_FMT, base ? base : "/var/tmp", below,
                        STR_ARG(rest));
}

static void option_parse_default(struct option_parse *parse, enum option_id id)
{
    const struct option_spec *spec = option_spec(id);
    struct option_value *value = &parse->options->values[id];
    if (parse->given[id])
        return;
    value->source = STR("default");
    value->text = arena_str(parse->arena, option_parse_expand(parse, str_from(spec->fallback)));
    if (value->text.len > 0)
        (void)option_value_number(spec->kind, value->text, &value->number);
}

bool option_parse(const struct option_sources *sources, struct arena *arena,
                  struct options *options, struct option_list *rest, struct err *err)
{
    struct options result = {0};
    struct option_list others;
    struct option_parse parse = {.sources = sources, .arena = arena, .options = &result};
    if (!option_parse_flags(&parse, &others, err))
        return false;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if ((option_spec((enum option_id)i)->commands >> sources->command & 1) &&
            !option_parse_environment(&parse, (enum option_id)i, err))
            return false;
    if (!option_parse_config(&parse, err))
        return false;
    option_parse_default(&parse, OPTION_CACHE);
    parse.given[OPTION_CACHE] = true;
    option_parse_default(&parse, OPTION_OUTPUT);
    parse.given[OPTION_OUTPUT] = true;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        option_parse_default(&parse, (enum option_id)i);
        result.values[i].list = (struct option_list){parse.lists[i].at, parse.lists[i].len};
    }
    *options = result;
    *rest = others;
    return true;
}
