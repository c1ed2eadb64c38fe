#include "cli/config.h"

#include <yaml.h>

#include "base/vec.h"
#include "os/file.h"

struct config {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    struct str name;
    struct arena *arena;
    struct err *err;
    VEC(struct option_entry) entries;
};

static bool config_fail(struct config *config, const char *what)
{
    return err_set(config->err, ERR_USAGE, STR_FMT ":%zu: %s", STR_ARG(config->name),
                   config->event.start_mark.line + 1, what);
}

static bool config_next(struct config *config)
{
    if (config->has_event)
        yaml_event_delete(&config->event);
    config->has_event = yaml_parser_parse(&config->parser, &config->event) != 0;
    if (!config->has_event)
        return err_set(config->err, ERR_USAGE, STR_FMT ":%zu: not YAML: %s", STR_ARG(config->name),
                       config->parser.problem_mark.line + 1,
                       config->parser.problem ? config->parser.problem : "unreadable");
    return true;
}

/* The scalar of the current event: a null ("", "~", "null" unquoted) is the empty string. */
static bool config_scalar(struct config *config, struct str *text)
{
    const yaml_event_t *event = &config->event;
    struct str value;
    if (event->type != YAML_SCALAR_EVENT)
        return config_fail(config, event->type == YAML_ALIAS_EVENT
                                       ? "aliases are not allowed here"
                                       : "a plain value is expected here");
    value = str_of(event->data.scalar.value, event->data.scalar.length);
    if (str_has_char(value, 0))
        return config_fail(config, "a value may not hold a NUL character");
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        (str_eq(value, STR("~")) || str_eq(value, STR("null"))))
        value = STR("");
    *text = arena_str(config->arena, value);
    return true;
}

static bool config_values(struct config *config, struct option_entry *entry)
{
    VEC(struct str) values = {0};
    struct str value;
    if (config->event.type != YAML_SEQUENCE_START_EVENT) {
        if (!config_scalar(config, &value))
            return false;
        *vec_push(&values, config->arena) = value;
    } else {
        for (;;) {
            if (!config_next(config))
                return false;
            if (config->event.type == YAML_SEQUENCE_END_EVENT)
                break;
            if (values.len >= CONFIG_ENTRY_LIMIT)
                return config_fail(config, "more values than allowed");
            if (!config_scalar(config, &value))
                return false;
            *vec_push(&values, config->arena) = value;
        }
    }
    entry->values = (struct option_list){values.at, values.len};
    return true;
}

static bool config_mapping(struct config *config)
{
    for (;;) {
        struct option_entry entry = {0};
        if (!config_next(config))
            return false;
        if (config->event.type == YAML_MAPPING_END_EVENT)
            return true;
        if (config->entries.len >= CONFIG_ENTRY_LIMIT)
            return config_fail(config, "more options than allowed");
        if (!config_scalar(config, &entry.key))
            return false;
        for (size_t i = 0; i < config->entries.len; i++)
            if (str_eq(config->entries.at[i].key, entry.key))
                return config_fail(config, "this option is given twice");
        entry.line = (unsigned)config->event.start_mark.line + 1;
        if (!config_next(config) || !config_values(config, &entry))
            return false;
        *vec_push(&config->entries, config->arena) = entry;
    }
}

static bool config_document(struct config *config)
{
    if (!config_next(config)) /* the stream's start */
        return false;
    if (!config_next(config))
        return false;
    if (config->event.type == YAML_STREAM_END_EVENT)
        return true;
    if (!config_next(config))
        return false;
    if (config->event.type == YAML_SCALAR_EVENT && config->event.data.scalar.length == 0)
        return true;
    if (config->event.type != YAML_MAPPING_START_EVENT)
        return config_fail(config, "a mapping of options is expected: \"jobs: 2\"");
    if (!config_mapping(config) || !config_next(config)) /* up to the document's end */
        return false;
    if (!config_next(config))
        return false;
    if (config->event.type != YAML_STREAM_END_EVENT)
        return config_fail(config, "only one document is allowed");
    return true;
}

bool config_parse(struct str text, struct str name, struct arena *arena,
                  struct option_entries *entries, struct err *err)
{
    struct config config = {.name = name, .arena = arena, .err = err};
    bool ok;
    if (text.len > CONFIG_SIZE_LIMIT)
        return err_set(err, ERR_LIMIT, STR_FMT ": larger than %d bytes", STR_ARG(name),
                       CONFIG_SIZE_LIMIT);
    if (!yaml_parser_initialize(&config.parser))
        return err_set(err, ERR_SYSTEM, "out of memory");
    yaml_parser_set_input_string(&config.parser, (const unsigned char *)text.ptr, text.len);
    yaml_parser_set_encoding(&config.parser, YAML_UTF8_ENCODING);
    ok = config_document(&config);
    if (config.has_event)
        yaml_event_delete(&config.event);
    yaml_parser_delete(&config.parser);
    if (ok)
        *entries = (struct option_entries){name, config.entries.at, config.entries.len};
    return ok;
}

bool config_read(const char *path, struct arena *arena, struct option_entries *entries,
                 struct err *err)
{
    struct str text;
    if (!file_read(AT_FDCWD, path, CONFIG_SIZE_LIMIT, arena, &text, err))
        return err_wrap(err, "configuration");
    return config_parse(text, str_from(path), arena, entries, err);
}
