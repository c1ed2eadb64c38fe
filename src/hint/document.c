#include "hint/document.h"

#include <yaml.h>

#include "base/utf8.h"
#include "base/vec.h"

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    size_t first_line, nodes;
    struct arena *arena;
    struct err *err;
};

static size_t document_line(const struct reader *reader)
{
    return reader->event.start_mark.line + reader->first_line;
}

static bool document_fail(struct reader *reader, size_t line, const char *what)
{
    return err_set_at(reader->err, ERR_FORMAT, line, 0, "line %zu: %s", line, what);
}

static bool document_next(struct reader *reader)
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
    line += reader->first_line;
    return err_set_at(reader->err, ERR_FORMAT, line, 0, "line %zu: not YAML: %s%s%s", line,
                      parser->context ? parser->context : "", parser->context ? ": " : "",
                      parser->problem ? parser->problem : "unreadable");
}

static bool document_scalar(struct reader *reader, struct str *text)
{
    const yaml_event_t *event = &reader->event;
    struct str value = str_of(event->data.scalar.value, event->data.scalar.length);
    if (str_has_char(value, 0))
        return document_fail(reader, document_line(reader), "a value may not hold a NUL character");
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        (str_eq(value, STR("~")) || str_eq(value, STR("null"))))
        value = STR("");
    *text = arena_str(reader->arena, value);
    return true;
}

static bool document_node(struct reader *reader, int depth, struct document_node **out);

/* Values up to the end of a list or a map, whose start is the current event. */
static bool document_values(struct reader *reader, int depth, struct document_node *node)
{
    VEC(struct document_node *) values = {0};
    yaml_event_type_t end =
        node->kind == DOCUMENT_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    if (depth >= DOCUMENT_DEPTH_LIMIT)
        return document_fail(reader, node->line, "nested too deep");
    for (;;) {
        struct str key = {0};
        size_t key_line;
        struct document_node *value;
        if (!document_next(reader))
            return false;
        if (reader->event.type == end)
            break;
        key_line = document_line(reader);
        if (node->kind == DOCUMENT_MAP) {
            if (reader->event.type != YAML_SCALAR_EVENT)
                return document_fail(reader, key_line, "a key is a plain word");
            if (!document_scalar(reader, &key) || !document_next(reader))
                return false;
            for (size_t i = 0; i < values.len; i++)
                if (str_eq(values.at[i]->key, key))
                    return document_fail(reader, key_line, "this key is given twice");
        }
        if (!document_node(reader, depth + 1, &value))
            return false;
        value->key = key;
        value->key_line = key_line;
        *vec_push(&values, reader->arena) = value;
    }
    node->items = values.at;
    node->len = values.len;
    return true;
}

static bool document_node(struct reader *reader, int depth, struct document_node **out)
{
    struct document_node *node = ARENA_NEW(reader->arena, struct document_node);
    node->line = document_line(reader);
    if (++reader->nodes > DOCUMENT_NODE_LIMIT)
        return document_fail(reader, node->line, "more values than allowed");
    *out = node;
    switch (reader->event.type) {
    case YAML_SCALAR_EVENT:
        node->kind = DOCUMENT_SCALAR;
        return document_scalar(reader, &node->text);
    case YAML_SEQUENCE_START_EVENT:
        node->kind = DOCUMENT_LIST;
        return document_values(reader, depth, node);
    case YAML_MAPPING_START_EVENT:
        node->kind = DOCUMENT_MAP;
        return document_values(reader, depth, node);
    default:
        return document_fail(reader, node->line,
                             reader->event.type == YAML_ALIAS_EVENT ? "aliases are not allowed here"
                                                                    : "a value is expected here");
    }
}

static bool document_document(struct reader *reader, struct document_node **root)
{
    struct document_node *node = NULL;
    if (!document_next(reader) || !document_next(reader)) /* the stream's start */
        return false;
    if (reader->event.type == YAML_STREAM_END_EVENT) {
        node = ARENA_NEW(reader->arena, struct document_node);
        node->line = reader->first_line;
    } else {
        if (!document_next(reader) || !document_node(reader, 0, &node) || !document_next(reader) ||
            !document_next(reader)) /* up to the document's end */
            return false;
        if (reader->event.type != YAML_STREAM_END_EVENT)
            return document_fail(reader, document_line(reader), "only one document is allowed");
    }
    *root = node;
    return true;
}

const struct document_node *document_get(const struct document_node *map, const char *key)
{
    for (size_t i = 0; map && map->kind == DOCUMENT_MAP && i < map->len; i++)
        if (str_eq(map->items[i]->key, str_from(key)))
            return map->items[i];
    return NULL;
}

bool document_parse(struct str text, size_t line, struct arena *arena, struct document_node **root,
                    struct err *err)
{
    struct reader reader = {.first_line = line, .arena = arena, .err = err};
    bool ok;
    if (text.len > DOCUMENT_SIZE_LIMIT)
        return err_set(err, ERR_LIMIT, "larger than %d bytes", DOCUMENT_SIZE_LIMIT);
    if (!yaml_parser_initialize(&reader.parser))
        return err_set(err, ERR_SYSTEM, "out of memory");
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.ptr, text.len);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    ok = document_document(&reader, root);
    if (reader.has_event)
        yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return ok;
}

/* An item of a list that stands on lines of its own: where "- " is on its first. */
static bool document_is_item(struct str line, size_t indent)
{
    for (size_t i = 0; i < indent; i++)
        if (i >= line.len || line.ptr[i] != ' ')
            return false;
    return line.len > indent && line.ptr[indent] == '-' &&
           (line.len == indent + 1 || line.ptr[indent + 1] == ' ');
}

static size_t document_indent(struct str line)
{
    size_t indent = 0;
    while (indent < line.len && line.ptr[indent] == ' ')
        indent++;
    return indent;
}

/* What may stand before the items: comments, "---" and a key such as "hints:". */
static bool document_is_head(struct str line)
{
    struct str text = str_trim(line);
    return text.len == 0 || text.ptr[0] == '#' || str_eq(text, STR("---")) ||
           (document_indent(line) == 0 &&
            (str_eq(text, STR("hints:")) || str_starts(text, STR("version:"))));
}

/* A document that is a list with one item, or all of a file in one piece. */
static void document_piece(struct str text, size_t line, struct arena *arena, document_item *each,
                           void *state)
{
    struct document_node *root;
    const struct document_node *list;
    struct err why = {0};
    if (!document_parse(text, line, arena, &root, &why)) {
        each(state, NULL, &why);
        return;
    }
    list = document_get(root, "hints") ? document_get(root, "hints") : root;
    if (list->kind == DOCUMENT_SCALAR && list->text.len) {
        (void)err_set_at(&why, ERR_FORMAT, list->line, 0, "line %zu: a list of hints is expected",
                         list->line);
        each(state, NULL, &why);
    }
    if (list->kind == DOCUMENT_MAP && (document_get(list, "pattern") || document_get(list, "id"))) {
        each(state, list, NULL);
        return;
    }
    for (size_t i = 0; i < list->len; i++)
        each(state, list->items[i], NULL);
}

void document_each(struct str text, struct arena *arena, document_item *each, void *state)
{
    struct str rest = text, line;
    size_t number = 0, start_line = 0, indent = 0;
    const char *start = NULL;
    struct err why = {0};
    if (text.len > DOCUMENT_SIZE_LIMIT) {
        (void)err_set(&why, ERR_LIMIT, "larger than %d bytes", DOCUMENT_SIZE_LIMIT);
        each(state, NULL, &why);
        return;
    }
    while (str_next_line(&rest, &line)) {
        number++;
        if (!start && !document_is_item(line, document_indent(line))) {
            if (document_is_head(line))
                continue;
            break; /* not a list on lines of its own */
        }
        if (start && !document_is_item(line, indent))
            continue;
        if (start)
            document_piece(str_of(start, (size_t)(line.ptr - start)), start_line, arena, each,
                           state);
        else
            indent = document_indent(line);
        start = line.ptr;
        start_line = number;
    }
    if (start)
        document_piece(str_of(start, (size_t)(text.ptr + text.len - start)), start_line, arena,
                       each, state);
    else
        document_piece(text, 1, arena, each, state);
}
