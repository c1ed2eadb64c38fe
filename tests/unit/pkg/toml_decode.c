/* Reads TOML on standard input and writes the tagged JSON that the toml-test suite compares. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "os/file.h"
#include "pkg/toml.h"

static yyjson_mut_val *tagged(yyjson_mut_doc *doc, const char *type, struct str text)
{
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    json_add_str(doc, object, "type", str_from(type));
    json_add_str(doc, object, "value", text);
    return object;
}

static struct str time_text(const struct toml *value, struct arena *arena)
{
    const struct toml_time *t = &value->time;
    struct str date = arena_printf(arena, "%04d-%02d-%02d", t->year, t->month, t->day);
    struct str clock = arena_printf(arena, "%02d:%02d:%02d", t->hour, t->minute, t->second);
    if (t->nanosecond)
        clock = arena_printf(arena, STR_FMT ".%09d", STR_ARG(clock), t->nanosecond);
    int off = abs(t->offset_minutes);
    struct str zone = off ? arena_printf(arena, "%c%02d:%02d", t->offset_minutes < 0 ? '-' : '+',
                                         off / 60, off % 60)
                          : STR("Z");
    switch (value->kind) {
    case TOML_LOCAL_DATE:
        return date;
    case TOML_LOCAL_TIME:
        return clock;
    case TOML_LOCAL_DATETIME:
        return arena_printf(arena, STR_FMT "T" STR_FMT, STR_ARG(date), STR_ARG(clock));
    default:
        return arena_printf(arena, STR_FMT "T" STR_FMT STR_FMT, STR_ARG(date), STR_ARG(clock),
                            STR_ARG(zone));
    }
}

static yyjson_mut_val *convert(yyjson_mut_doc *doc, const struct toml *value, struct arena *arena)
{
    static const char *const times[] = {[TOML_OFFSET_DATETIME] = "datetime",
                                        [TOML_LOCAL_DATETIME] = "datetime-local",
                                        [TOML_LOCAL_DATE] = "date-local",
                                        [TOML_LOCAL_TIME] = "time-local"};
    yyjson_mut_val *out;
    switch (value->kind) {
    case TOML_STRING:
        return tagged(doc, "string", value->string);
    case TOML_INTEGER:
        return tagged(doc, "integer", arena_printf(arena, "%lld", (long long)value->integer));
    case TOML_FLOAT:
        return tagged(doc, "float", arena_printf(arena, "%.17g", value->number));
    case TOML_BOOLEAN:
        return tagged(doc, "bool", value->boolean ? STR("true") : STR("false"));
    case TOML_ARRAY:
        out = yyjson_mut_arr(doc);
        for (size_t i = 0; i < value->array.len; i++)
            yyjson_mut_arr_append(out, convert(doc, value->array.at[i], arena));
        return out;
    case TOML_TABLE:
        out = yyjson_mut_obj(doc);
        for (size_t i = 0; i < value->table.len; i++)
            yyjson_mut_obj_add(out,
                               yyjson_mut_strncpy(doc, value->table.entries[i].key.ptr,
                                                  value->table.entries[i].key.len),
                               convert(doc, value->table.entries[i].value, arena));
        return out;
    default:
        return tagged(doc, times[value->kind], time_text(value, arena));
    }
}

int main(void)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf out = {0};
    struct err err = {0};
    struct str text;
    const struct toml *root;
    if (!file_read_fd(0, "standard input", TOML_LIMIT, &arena, &text, &err) ||
        !toml_parse(text, "standard input", &arena, &root, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(doc, convert(doc, root, &arena));
    json_write(doc, true, &out);
    return file_write_all(1, "standard output", buf_str(&out), &err) ? 0 : 1;
}
