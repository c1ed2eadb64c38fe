#include "pkg/toml.h"
#include "base/vec.h"
#include "pkg/toml_scan.h"

#include <string.h>

/* How a table or an array came to be decides what may still be added to it. */
enum {
    TOML_IMPLICIT, /* a part of a longer header: may still get its own */
    TOML_DEFINED,  /* has had its header */
    TOML_DOTTED,   /* made by a dotted key */
    TOML_CLOSED,   /* inline table or array value: complete */
    TOML_TABLES,   /* array of tables */
};

typedef VEC(struct str) toml_key;

static struct toml *toml_new(struct toml_scan *scan, enum toml_kind kind, unsigned char state)
{
    struct toml *value = ARENA_NEW(scan->arena, struct toml);
    value->kind = kind;
    value->state = state;
    toml_scan_position(scan, &value->line, &value->column);
    return value;
}

static bool toml_key_parse(struct toml_scan *scan, toml_key *key)
{
    do {
        struct str part;
        if (key->len == TOML_DEPTH_LIMIT)
            return toml_scan_fail(scan, "a key with more than %d parts", TOML_DEPTH_LIMIT);
        toml_scan_space(scan);
        if (!toml_scan_simple_key(scan, &part))
            return false;
        *vec_push(key, scan->arena) = part;
        toml_scan_space(scan);
    } while (toml_scan_eat(scan, '.'));
    return true;
}

static bool toml_duplicate(struct toml_scan *scan, struct str key)
{
    return toml_scan_fail(scan, "\"%.*s\" is already defined", (int)(key.len < 80 ? key.len : 80),
                          key.ptr);
}

/* The table that a header's part leads to, made when absent. */
static struct toml *toml_enter_header(struct toml_scan *scan, struct toml *table, struct str key)
{
    struct toml **place = (struct toml **)map_at(&table->table, scan->arena, key);
    struct toml *value = *place;
    if (!value)
        return *place = toml_new(scan, TOML_TABLE, TOML_IMPLICIT);
    if (value->kind == TOML_ARRAY && value->state == TOML_TABLES)
        return value->array.at[value->array.len - 1];
    if (value->kind == TOML_TABLE && value->state != TOML_CLOSED)
        return value;
    toml_duplicate(scan, key);
    return NULL;
}

static struct toml *toml_append(struct toml_scan *scan, struct toml *array, struct toml *value)
{
    array->array.at = vec_reserve(scan->arena, array->array.at, array->array.len, &array->array.cap,
                                  sizeof *array->array.at);
    return array->array.at[array->array.len++] = value;
}

/* [a.b] and [[a.b]]: the table that the next keys go to. */
static bool toml_header(struct toml_scan *scan, struct toml *root, struct toml **current)
{
    toml_key key = {0};
    struct toml *table = root;
    size_t start = scan->at++;
    bool array = toml_scan_eat(scan, '[');
    if (!toml_key_parse(scan, &key))
        return false;
    if (!toml_scan_eat(scan, ']') || (array && !toml_scan_eat(scan, ']')))
        return toml_scan_fail(scan, "%s is expected here", array ? "]]" : "]");
    size_t end = scan->at;
    scan->at = start; /* positions and complaints name the header */
    for (size_t i = 0; i + 1 < key.len; i++)
        if (!(table = toml_enter_header(scan, table, key.at[i])))
            return false;
    struct str last = key.at[key.len - 1];
    struct toml **place = (struct toml **)map_at(&table->table, scan->arena, last);
    if (array) {
        if (!*place)
            *place = toml_new(scan, TOML_ARRAY, TOML_TABLES);
        if ((*place)->kind != TOML_ARRAY || (*place)->state != TOML_TABLES)
            return toml_duplicate(scan, last);
        *current = toml_append(scan, *place, toml_new(scan, TOML_TABLE, TOML_DEFINED));
    } else {
        if (!*place)
            *place = toml_new(scan, TOML_TABLE, TOML_IMPLICIT);
        if ((*place)->kind != TOML_TABLE || (*place)->state != TOML_IMPLICIT)
            return toml_duplicate(scan, last);
        (*place)->state = TOML_DEFINED;
        *current = *place;
    }
    scan->at = end;
    return true;
}

static struct toml *toml_value(struct toml_scan *scan, unsigned depth);

/* key = value, into the table or the tables that a dotted key makes in it. */
static bool toml_pair(struct toml_scan *scan, struct toml *table, unsigned depth)
{
    toml_key key = {0};
    size_t start = scan->at;
    if (!toml_key_parse(scan, &key))
        return false;
    size_t end = scan->at;
    scan->at = start;
    for (size_t i = 0; i + 1 < key.len; i++) {
        struct toml **place = (struct toml **)map_at(&table->table, scan->arena, key.at[i]);
        if (!*place)
            *place = toml_new(scan, TOML_TABLE, TOML_DOTTED);
        table = *place;
        if (table->kind != TOML_TABLE ||
            (table->state != TOML_DOTTED && table->state != TOML_IMPLICIT))
            return toml_duplicate(scan, key.at[i]);
        table->state = TOML_DOTTED;
    }
    struct str last = key.at[key.len - 1];
    if (map_get(&table->table, last))
        return toml_duplicate(scan, last);
    scan->at = end;
    if (!toml_scan_eat(scan, '='))
        return toml_scan_fail(scan, "\"=\" is expected here");
    toml_scan_space(scan);
    struct toml *value = toml_value(scan, depth);
    if (!value)
        return false;
    *(struct toml **)map_at(&table->table, scan->arena, last) = value;
    return true;
}

static bool toml_array(struct toml_scan *scan, struct toml *array, unsigned depth)
{
    scan->at++;
    for (;;) {
        toml_scan_blank(scan);
        if (toml_scan_eat(scan, ']'))
            return true;
        struct toml *value = toml_value(scan, depth + 1);
        if (!value)
            return false;
        toml_append(scan, array, value);
        toml_scan_blank(scan);
        if (!toml_scan_eat(scan, ',') && toml_scan_peek(scan) != ']')
            return toml_scan_fail(scan, "\",\" or \"]\" is expected here");
    }
}

static bool toml_inline_table(struct toml_scan *scan, struct toml *table, unsigned depth)
{
    scan->at++;
    toml_scan_space(scan);
    if (toml_scan_eat(scan, '}'))
        return true;
    for (;;) {
        toml_scan_space(scan);
        if (!toml_pair(scan, table, depth + 1))
            return false;
        toml_scan_space(scan);
        if (toml_scan_eat(scan, '}'))
            return true;
        if (!toml_scan_eat(scan, ','))
            return toml_scan_fail(scan, "\",\" or \"}\" is expected here");
    }
}

/* NULL after a failure. */
static struct toml *toml_value(struct toml_scan *scan, unsigned depth)
{
    char c = toml_scan_peek(scan);
    enum toml_kind kind = c == '[' ? TOML_ARRAY : c == '{' ? TOML_TABLE : TOML_STRING;
    struct toml *value = toml_new(scan, kind, TOML_CLOSED);
    bool ok;
    if (depth > TOML_DEPTH_LIMIT)
        ok = toml_scan_fail(scan, "nested deeper than %d levels", TOML_DEPTH_LIMIT);
    else if (++scan->values > TOML_VALUE_LIMIT)
        ok = toml_scan_fail(scan, "more than %d values", TOML_VALUE_LIMIT);
    else if (c == '[')
        ok = toml_array(scan, value, depth);
    else if (c == '{')
        ok = toml_inline_table(scan, value, depth);
    else if (c == '"' || c == '\'')
        ok = toml_scan_string(scan, true, &value->string);
    else
        ok = toml_scan_scalar(scan, value);
    return ok ? value : NULL;
}

bool toml_parse(struct str text, const char *what, struct arena *arena, const struct toml **root,
                struct err *err)
{
    if (text.len > TOML_LIMIT)
        return err_set(err, ERR_LIMIT, "%s: %zu bytes, more than the %d allowed", what, text.len,
                       TOML_LIMIT);
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_from_pos(text, 3);
    struct toml_scan scan = {.text = text, .what = what, .arena = arena, .err = err};
    struct toml *top = toml_new(&scan, TOML_TABLE, TOML_DEFINED), *current = top;
    if (!toml_scan_check(&scan))
        return false;
    for (;;) {
        toml_scan_blank(&scan);
        if (scan.at >= text.len)
            break;
        bool header = toml_scan_peek(&scan) == '[';
        if (header ? !toml_header(&scan, top, &current) : !toml_pair(&scan, current, 0))
            return false;
        toml_scan_space(&scan);
        toml_scan_comment(&scan);
        if (scan.at < text.len && !toml_scan_newline(&scan))
            return toml_scan_fail(&scan, "the end of the line is expected here");
    }
    *root = top;
    return true;
}

const struct toml *toml_get(const struct toml *table, struct str key)
{
    return table && table->kind == TOML_TABLE ? map_get(&table->table, key) : NULL;
}

const struct toml *toml_path(const struct toml *table, const char *path)
{
    struct str rest = str_from(path), part;
    while (table && str_next(&rest, '.', &part))
        table = toml_get(table, part);
    return table;
}

const char *toml_kind_name(enum toml_kind kind)
{
    static const char *const names[] = {
        "a string",          "an integer",   "a float",      "a boolean", "an offset date-time",
        "a local date-time", "a local date", "a local time", "an array",  "a table",
    };
    return names[kind];
}
