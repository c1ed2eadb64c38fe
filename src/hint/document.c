#include "hint/document.h"

#include "base/err.h"

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

struct reading {
    struct str name;
    struct arena *arena;
    document_item *each;
    void *state;
};

/* A document that is a list with one item, or all of a file in one piece. */
static void document_piece(const struct reading *reading, struct str text, unsigned line)
{
    struct yamltree root;
    struct err why = {0};
    if (!yamltree_read(text, reading->name, line, reading->arena, &root, &why)) {
        reading->each(reading->state, NULL, &why);
        return;
    }
    const struct yamltree *hints = yamltree_get(&root, "hints");
    const struct yamltree *list = hints ? hints : &root;
    if (list->kind == YAMLTREE_TEXT && list->text.len) {
        (void)!yamltree_fail(list, &why, "a list of hints is expected");
        reading->each(reading->state, NULL, &why);
    }
    if (yamltree_get(list, "pattern") || yamltree_get(list, "id")) {
        reading->each(reading->state, list, NULL);
        return;
    }
    for (size_t i = 0; i < list->len; i++)
        reading->each(reading->state, &list->items[i], NULL);
}

void document_each(struct str text, struct str name, struct arena *arena, document_item *each,
                   void *state)
{
    const struct reading reading = {name, arena, each, state};
    struct str rest = text, line;
    unsigned number = 0, start_line = 0;
    size_t indent = 0;
    const char *start = NULL;
    struct err why = {0};
    if (text.len > DOCUMENT_SIZE_LIMIT) {
        (void)err_set(&why, ERR_LIMIT, STR_FMT ": larger than %d bytes", STR_ARG(name),
                      DOCUMENT_SIZE_LIMIT);
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
            document_piece(&reading, str_of(start, (size_t)(line.ptr - start)), start_line);
        else
            indent = document_indent(line);
        start = line.ptr;
        start_line = number;
    }
    if (start)
        document_piece(&reading, str_of(start, (size_t)(text.ptr + text.len - start)), start_line);
    else
        document_piece(&reading, text, 1);
}
