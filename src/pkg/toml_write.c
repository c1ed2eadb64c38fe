#include "pkg/toml_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void toml_write_string(struct str text, struct buf *out)
{
    static const char shorts[][2] = {{'\b', 'b'}, {'\t', 't'}, {'\n', 'n'}, {'\f', 'f'},
                                     {'\r', 'r'}, {'"', '"'},  {'\\', '\\'}};
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        char brief = 0;
        for (size_t k = 0; k < sizeof shorts / sizeof *shorts; k++)
            if ((unsigned char)shorts[k][0] == c)
                brief = shorts[k][1];
        if (brief)
            buf_printf(out, "\\%c", brief);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\u%04X", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '"');
}

void toml_write_key(struct str key, struct buf *out)
{
    bool bare = key.len > 0;
    for (size_t i = 0; i < key.len && bare; i++)
        bare = char_is_alnum(key.ptr[i]) || key.ptr[i] == '-' || key.ptr[i] == '_';
    if (bare)
        buf_add(out, key);
    else
        toml_write_string(key, out);
}

static void write_time(const struct toml *value, struct buf *out)
{
    const struct toml_time *time = &value->time;
    bool date = value->kind != TOML_LOCAL_TIME, clock = value->kind != TOML_LOCAL_DATE;
    if (date)
        buf_printf(out, "%04d-%02d-%02d", time->year, time->month, time->day);
    if (date && clock)
        buf_add_char(out, 'T');
    if (clock) {
        buf_printf(out, "%02d:%02d:%02d", time->hour, time->minute, time->second);
        if (time->nanosecond)
            buf_printf(out, ".%09d", time->nanosecond);
    }
    if (value->kind != TOML_OFFSET_DATETIME)
        return;
    int offset = time->offset_minutes < 0 ? -time->offset_minutes : time->offset_minutes;
    if (offset)
        buf_printf(out, "%c%02d:%02d", time->offset_minutes < 0 ? '-' : '+', offset / 60,
                   offset % 60);
    else
        buf_add_char(out, 'Z');
}

/* 17 digits tell every double apart; a point or an exponent keeps it from being an integer. */
static void write_float(double number, struct buf *out)
{
    char text[40];
    if (isnan(number) || isinf(number)) {
        buf_add(out, isnan(number) ? STR("nan") : number < 0 ? STR("-inf") : STR("inf"));
        return;
    }
    snprintf(text, sizeof text, "%.17g", number);
    struct str written = str_from(text);
    buf_add(out, written);
    if (!str_has_char(written, '.') && !str_has_char(written, 'e'))
        buf_add(out, STR(".0"));
}

static void write_array(const struct toml *value, struct buf *out)
{
    buf_add_char(out, '[');
    for (size_t i = 0; i < value->array.len; i++) {
        buf_add(out, i ? STR(", ") : STR(""));
        toml_write_value(value->array.at[i], out);
    }
    buf_add_char(out, ']');
}

static void write_table(const struct toml *value, struct buf *out)
{
    buf_add_char(out, '{');
    for (size_t i = 0; i < value->table.len; i++) {
        buf_add(out, i ? STR(", ") : STR(""));
        toml_write_key(value->table.entries[i].key, out);
        buf_add(out, STR(" = "));
        toml_write_value(value->table.entries[i].value, out);
    }
    buf_add_char(out, '}');
}

void toml_write_value(const struct toml *value, struct buf *out)
{
    switch (value->kind) {
    case TOML_STRING:
        toml_write_string(value->string, out);
        break;
    case TOML_INTEGER:
        buf_printf(out, "%" PRId64, value->integer);
        break;
    case TOML_FLOAT:
        write_float(value->number, out);
        break;
    case TOML_BOOLEAN:
        buf_add(out, value->boolean ? STR("true") : STR("false"));
        break;
    case TOML_ARRAY:
        write_array(value, out);
        break;
    case TOML_TABLE:
        write_table(value, out);
        break;
    case TOML_OFFSET_DATETIME:
    case TOML_LOCAL_DATETIME:
    case TOML_LOCAL_DATE:
    case TOML_LOCAL_TIME:
        write_time(value, out);
        break;
    }
}
