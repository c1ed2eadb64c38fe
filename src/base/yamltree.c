#include "base/yamltree.h"

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

#include "base/map.h"
#include "base/vec.h"

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    struct str file;
    unsigned first_line;
    size_t nodes;
    struct arena *arena;
    struct err *err;
};

static unsigned line_of(const struct reader *reader)
{
    return (unsigned)reader->event.start_mark.line + reader->first_line;
}

static bool fail(const struct reader *reader, const char *what)
{
    return err_set(reader->err, ERR_FORMAT, STR_FMT ":%u: %s", STR_ARG(reader->file),
                   line_of(reader), what);
}

static bool next(struct reader *reader)
{
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = yaml_parser_parse(&reader->parser, &reader->event) != 0;
    if (reader->has_event)
        return true;
    /* A quotation mark that is not closed shows at the end; where it opened is the place to mend.
     */
    const yaml_parser_t *parser = &reader->parser;
    size_t line = parser->context ? parser->context_mark.line : parser->problem_mark.line;
    return err_set(reader->err, ERR_FORMAT, STR_FMT ":%zu: not YAML: %s%s%s", STR_ARG(reader->file),
                   line + reader->first_line, parser->context ? parser->context : "",
                   parser->context ? ": " : "", parser->problem ? parser->problem : "unreadable");
}

/* Past the events of the stream's or the document's own, which say nothing. */
static bool skip(struct reader *reader, int events)
{
    while (events-- > 0)
        if (!next(reader))
            return false;
    return true;
}

static bool scalar(const struct reader *reader, struct str *text)
{
    const yaml_event_t *event = &reader->event;
    struct str value = str_of(event->data.scalar.value, event->data.scalar.length);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (str_has_char(value, 0))
        return fail(reader, "a value may not hold a NUL character");
    if (plain && (str_eq(value, STR("~")) || str_eq(value, STR("null"))))
        value = STR("");
    *text = arena_str(reader->arena, value);
    return true;
}

static bool node(struct reader *reader, int depth, struct yamltree *out);

static bool key(struct reader *reader, struct map *known, struct str *out)
{
    if (reader->event.type != YAML_SCALAR_EVENT)
        return fail(reader, "a key is a plain value");
    if (!scalar(reader, out))
        return false;
    void **seen = map_at(known, reader->arena, *out);
    if (*seen)
        return fail(reader, "this key stands twice");
    *seen = reader;
    return true;
}

/* Up to the end of a sequence or mapping. */
static bool children(struct reader *reader, int depth, struct yamltree *out)
{
    VEC(struct yamltree) items = {0};
    struct map known = {0};
    bool map = out->kind == YAMLTREE_MAP;
    yaml_event_type_t end = map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    if (depth == YAMLTREE_DEPTH_LIMIT)
        return fail(reader, "nested deeper than allowed");
    while (next(reader)) {
        struct yamltree item = {.key = STR("")};
        if (reader->event.type == end) {
            out->items = items.at;
            out->len = items.len;
            return true;
        }
        unsigned line = line_of(reader);
        if (map && (!key(reader, &known, &item.key) || !next(reader)))
            return false;
        if (!node(reader, depth + 1, &item))
            return false;
        item.line = line;
        *vec_push(&items, reader->arena) = item;
    }
    return false;
}

/* The node that the current event begins; its key is kept. */
static bool node(struct reader *reader, int depth, struct yamltree *out)
{
    out->line = line_of(reader);
    out->file = reader->file;
    if (++reader->nodes > YAMLTREE_NODE_LIMIT)
        return fail(reader, "more values than allowed");
    switch (reader->event.type) {
    case YAML_SCALAR_EVENT:
        out->kind = YAMLTREE_TEXT;
        return scalar(reader, &out->text);
    case YAML_SEQUENCE_START_EVENT:
        out->kind = YAMLTREE_LIST;
        return children(reader, depth, out);
    case YAML_MAPPING_START_EVENT:
        out->kind = YAMLTREE_MAP;
        return children(reader, depth, out);
    default:
        return fail(reader, "aliases are not allowed here");
    }
}

static bool document(struct reader *reader, struct yamltree *root)
{
    *root =
        (struct yamltree){.kind = YAMLTREE_MAP, .line = reader->first_line, .file = reader->file};
    if (!skip(reader, 2)) /* the stream's start; the document's, or the end */
        return false;
    if (reader->event.type == YAML_STREAM_END_EVENT)
        return true;
    if (!next(reader) || !node(reader, 0, root))
        return false;
    if (root->kind == YAMLTREE_TEXT && !root->text.len)
        root->kind = YAMLTREE_MAP;
    if (!skip(reader, 2)) /* the document's end; the stream's */
        return false;
    return reader->event.type == YAML_STREAM_END_EVENT ||
           fail(reader, "only one document is allowed");
}

bool yamltree_read(struct str text, struct str file, unsigned line, struct arena *arena,
                   struct yamltree *root, struct err *err)
{
    struct reader reader = {.file = file, .first_line = line, .arena = arena, .err = err};
    if (text.len > YAMLTREE_SIZE_LIMIT)
        return err_set(err, ERR_LIMIT, STR_FMT ": larger than %d bytes", STR_ARG(file),
                       YAMLTREE_SIZE_LIMIT);
    if (!yaml_parser_initialize(&reader.parser))
        return err_set(err, ERR_SYSTEM, "out of memory");
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.ptr, text.len);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    bool ok = document(&reader, root);
    if (reader.has_event)
        yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return ok;
}

const struct yamltree *yamltree_get(const struct yamltree *tree, const char *key)
{
    for (size_t i = 0; tree->kind == YAMLTREE_MAP && i < tree->len; i++)
        if (str_eq(tree->items[i].key, str_from(key)))
            return &tree->items[i];
    return NULL;
}

bool yamltree_fail(const struct yamltree *at, struct err *err, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set(err, ERR_FORMAT, STR_FMT ":%u: %s", STR_ARG(at->file), at->line, text);
}

bool yamltree_text(const struct yamltree *map, const char *key, struct str *out, struct err *err)
{
    const struct yamltree *entry = yamltree_get(map, key);
    if (!entry)
        return true;
    if (entry->kind != YAMLTREE_TEXT)
        return yamltree_fail(entry, err, "%s is one plain value", key);
    *out = entry->text;
    return true;
}

bool yamltree_list(const struct yamltree *map, const char *key, struct arena *arena,
                   struct yamltree_texts *out, struct err *err)
{
    const struct yamltree *entry = yamltree_get(map, key);
    if (!entry)
        return true;
    bool one = entry->kind == YAMLTREE_TEXT;
    size_t len = one ? entry->text.len > 0 : entry->len;
    struct str *texts = ARENA_ARRAY(arena, struct str, len);
    for (size_t i = 0; i < len; i++) {
        const struct yamltree *item = one ? entry : &entry->items[i];
        if (item->kind != YAMLTREE_TEXT || entry->kind == YAMLTREE_MAP)
            return yamltree_fail(item, err, "%s is a list of plain values", key);
        texts[i] = item->text;
    }
    *out = (struct yamltree_texts){texts, len};
    return true;
}

bool yamltree_only(const struct yamltree *map, const char *const *keys, struct err *err)
{
    if (map->kind != YAMLTREE_MAP)
        return yamltree_fail(map, err, "a mapping is expected here");
    for (size_t i = 0; i < map->len; i++) {
        const char *const *known = keys;
        while (*known && !str_eq(map->items[i].key, str_from(*known)))
            known++;
        if (!*known)
            return yamltree_fail(&map->items[i], err, "\"" STR_FMT "\" means nothing here",
                                 STR_ARG(str_slice(map->items[i].key, 0, 100)));
    }
    return true;
}
