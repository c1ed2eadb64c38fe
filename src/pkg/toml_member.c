#include "pkg/toml_member.h"

#include <stdarg.h>
#include <stdio.h>

bool toml_member_wrong(const struct toml_reader *reader, const struct toml *at, const char *fmt,
                       ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set(reader->err, ERR_FORMAT, "%s:%u:%u: %s", reader->what, at->line, at->column,
                   text);
}

bool toml_member(const struct toml_reader *reader, const struct toml *table, const char *key,
                 enum toml_kind kind, enum toml_need need, const struct toml **value)
{
    const struct toml *found = toml_get(table, str_from(key));
    if (!found && need == TOML_REQUIRED)
        return toml_member_wrong(reader, table, "\"%s\" is missing here", key);
    if (found && found->kind != kind)
        return toml_member_wrong(reader, found, "%s must be %s, not %s", key, toml_kind_name(kind),
                                 toml_kind_name(found->kind));
    *value = found;
    return true;
}

bool toml_member_string(const struct toml_reader *reader, const struct toml *table, const char *key,
                        enum toml_need need, struct str *out)
{
    const struct toml *value;
    if (!toml_member(reader, table, key, TOML_STRING, need, &value))
        return false;
    if (value)
        *out = value->string;
    return true;
}

static bool member_items(const struct toml_reader *reader, const struct toml *array,
                         const char *key, enum toml_kind kind)
{
    for (size_t i = 0; i < array->array.len; i++)
        if (array->array.at[i]->kind != kind)
            return toml_member_wrong(reader, array->array.at[i], "%s must hold %ss only, not %s",
                                     key, kind == TOML_STRING ? "string" : "table",
                                     toml_kind_name(array->array.at[i]->kind));
    return true;
}

bool toml_member_strings(const struct toml_reader *reader, const struct toml *table,
                         const char *key, enum toml_need need, const struct str **out, size_t *len)
{
    const struct toml *value;
    if (!toml_member(reader, table, key, TOML_ARRAY, need, &value) ||
        (value && !member_items(reader, value, key, TOML_STRING)))
        return false;
    if (!value)
        return true;
    struct str *strings = ARENA_ARRAY(reader->arena, struct str, value->array.len + 1);
    for (size_t i = 0; i < value->array.len; i++)
        strings[i] = value->array.at[i]->string;
    *out = strings;
    *len = value->array.len;
    return true;
}

bool toml_member_tables(const struct toml_reader *reader, const struct toml *table, const char *key,
                        enum toml_need need, const struct toml **array)
{
    const struct toml *value;
    if (!toml_member(reader, table, key, TOML_ARRAY, need, &value) ||
        (value && !member_items(reader, value, key, TOML_TABLE)))
        return false;
    *array = value;
    return true;
}
