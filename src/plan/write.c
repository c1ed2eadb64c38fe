#include "plan/write.h"
#include "base/json.h"
#include "base/vec.h"

enum { WRITE_FORMAT = 1 };

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct str text)
{
    if (text.len)
        json_add_str(doc, object, key, text);
}

static void add_texts(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                      const struct str *texts, size_t count)
{
    if (!count)
        return;
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, object, key);
    for (size_t i = 0; i < count; i++)
        json_append_str(doc, array, texts[i]);
}

static void add_source(yyjson_mut_doc *doc, yyjson_mut_val *object,
                       const struct graph_source *source)
{
    yyjson_mut_val *made = yyjson_mut_obj_add_obj(doc, object, "source");
    add_text(doc, made, "filename", source->filename);
    add_text(doc, made, "url", source->url);
    add_text(doc, made, "path", source->path);
    add_text(doc, made, "sha256", source->sha256);
    add_text(doc, made, "commit", source->commit);
    if (source->size)
        yyjson_mut_obj_add_uint(doc, made, "size", source->size);
    add_text(doc, made, "origin", source->origin);
    add_text(doc, made, "index", source->index);
}

static void add_edges(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct graph *graph,
                      const struct graph_node *node)
{
    if (!node->edges_len)
        return;
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, object, "edges");
    for (size_t i = 0; i < node->edges_len; i++) {
        yyjson_mut_val *edge = yyjson_mut_arr_add_obj(doc, array);
        json_add_str(doc, edge, "type", graph_edge_text(node->edges[i].type));
        json_add_str(doc, edge, "to", graph->nodes[node->edges[i].to].id);
    }
}

static void add_refused(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct graph_node *node)
{
    if (!node->refused_len)
        return;
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, object, "refused");
    for (size_t i = 0; i < node->refused_len; i++) {
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, array);
        json_add_str(doc, one, "filename", node->refused[i].filename);
        json_add_str(doc, one, "why", node->refused[i].why);
    }
}

/* A document of its own, four spaces in. */
static void write_node(const struct graph *graph, const struct graph_node *node, struct buf *out)
{
    yyjson_mut_doc *doc JSON_MUT_AUTO = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *made = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, made);
    json_add_str(doc, made, "id", node->id);
    json_add_str(doc, made, "kind", graph_kind_text(node->kind));
    json_add_str(doc, made, "action", graph_action_text(node->action));
    json_add_str(doc, made, "name", node->name);
    json_add_str(doc, made, "version", node->version);
    json_add_str(doc, made, "target", node->target);
    json_add_str(doc, made, "why", node->why);
    add_text(doc, made, "version_why", node->version_why);
    yyjson_mut_obj_add_bool(doc, made, "direct", node->direct);
    yyjson_mut_obj_add_bool(doc, made, "pure", node->pure);
    add_source(doc, made, &node->source);
    add_texts(doc, made, "extras", node->extras, node->extras_len);
    add_text(doc, made, "backend", node->backend);
    add_texts(doc, made, "build_requires", node->build_requires, node->build_requires_len);
    add_texts(doc, made, "packs", node->packs, node->packs_len);
    add_edges(doc, made, graph, node);
    add_texts(doc, made, "asked_by", node->asked_by, node->asked_by_len);
    add_refused(doc, made, node);
    json_write(doc, true, &text);
    struct str rest = str_trim(buf_str(&text)), line;
    for (bool first = true; str_next_line(&rest, &line); first = false) {
        buf_add(out, first ? STR("    ") : STR("\n    "));
        buf_add(out, line);
    }
}

/* The document is written without nodes, and they are put into it one by one: never all of them as
 * values and as text at once. */
void write_json(const struct graph *graph, struct buf *out)
{
    static const struct str none = STR_INIT("\"nodes\": []");
    BUF_AUTO struct buf around = {0};
    yyjson_mut_doc *doc JSON_MUT_AUTO = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_int(doc, root, "format", WRITE_FORMAT);
    json_add_str(doc, root, "target", graph->target);
    yyjson_mut_obj_add_arr(doc, root, "nodes");
    add_texts(doc, root, "notes", graph->notes, graph->notes_len);
    json_write(doc, true, &around);
    size_t at = str_find(buf_str(&around), none); /* in no string: its quotes would be escaped */
    buf_add(out, str_slice(buf_str(&around), 0, at + none.len - 1));
    for (size_t i = 0; i < graph->nodes_len; i++) {
        buf_add(out, i ? STR(",\n") : STR("\n"));
        write_node(graph, &graph->nodes[i], out);
    }
    buf_add(out, graph->nodes_len ? STR("\n  ") : STR(""));
    buf_add(out, str_from_pos(buf_str(&around), at + none.len - 1));
}

static void quoted(struct str text, struct buf *out)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, text.ptr[i]);
    }
    buf_add_char(out, '"');
}

void write_dot(const struct graph *graph, struct buf *out)
{
    static const char *const shapes[] = {"box", "ellipse"};
    static const char *const colours[] = {"palegreen", "lightblue", "lightsalmon"};
    static const char *const styles[] = {"solid", "bold", "dashed"};
    buf_add(out, STR("digraph plan {\n  rankdir=LR;\n  node [style=filled];\n"));
    for (size_t i = 0; i < graph->nodes_len; i++) {
        const struct graph_node *node = &graph->nodes[i];
        struct arena arena ARENA_AUTO = {0};
        buf_add(out, STR("  "));
        quoted(node->id, out);
        buf_add(out, STR(" [label="));
        quoted(arena_printf(&arena, "%s%.*s %.*s",
                            node->kind == GRAPH_REQUIRES ? "requires of " : "", STR_ARG(node->name),
                            STR_ARG(node->version)),
               out);
        buf_printf(out, ", shape=%s, fillcolor=%s];\n", shapes[node->kind], colours[node->action]);
    }
    for (size_t i = 0; i < graph->nodes_len; i++)
        for (size_t k = 0; k < graph->nodes[i].edges_len; k++) {
            const struct graph_edge *edge = &graph->nodes[i].edges[k];
            buf_add(out, STR("  "));
            quoted(graph->nodes[i].id, out);
            buf_add(out, STR(" -> "));
            quoted(graph->nodes[edge->to].id, out);
            buf_printf(out, " [style=%s];\n", styles[edge->type]);
        }
    buf_add(out, STR("}\n"));
}

struct tree {
    const struct graph *graph;
    struct buf *out;
    bool *shown;
    unsigned depth;
};

enum { TREE_DEPTH_LIMIT = 100 };

static void tree_node(struct tree *tree, uint32_t index)
{
    const struct graph_node *node = &tree->graph->nodes[index];
    bool again = tree->shown[index];
    buf_printf(tree->out, "%*s", (int)tree->depth * 2, "");
    if (node->kind == GRAPH_REQUIRES) {
        buf_printf(tree->out, "(%.*s)\n", STR_ARG(node->why));
        return;
    }
    buf_add(tree->out, node->name);
    for (size_t i = 0; i < node->extras_len; i++)
        buf_printf(tree->out, "%s%.*s", i ? "," : "[", STR_ARG(node->extras[i]));
    buf_printf(tree->out, "%s %.*s  %.*s", node->extras_len ? "]" : "", STR_ARG(node->version),
               STR_ARG(graph_action_text(node->action)));
    if (!str_eq(node->target, tree->graph->target))
        buf_printf(tree->out, " (for the build)");
    if (again) {
        buf_printf(tree->out, "%s\n", node->edges_len ? " (shown above)" : "");
        return;
    }
    tree->shown[index] = true;
    buf_printf(tree->out, "  %.*s\n", STR_ARG(node->why));
    for (size_t i = 0; i < node->packs_len; i++)
        buf_printf(tree->out, "%*s  (pack %.*s: a native library from source)\n",
                   (int)tree->depth * 2, "", STR_ARG(node->packs[i]));
    if (++tree->depth < TREE_DEPTH_LIMIT)
        for (size_t i = 0; i < node->edges_len; i++)
            tree_node(tree, node->edges[i].to);
    tree->depth--;
}

void write_tree(const struct graph *graph, struct buf *out)
{
    struct arena arena ARENA_AUTO = {0};
    struct tree tree = {graph, out, ARENA_ARRAY(&arena, bool, graph->nodes_len), 0};
    size_t counts[3] = {0};
    for (uint32_t i = 0; i < graph->nodes_len; i++)
        if (graph->nodes[i].direct)
            tree_node(&tree, i);
    for (size_t i = 0; i < graph->nodes_len; i++)
        if (graph->nodes[i].kind == GRAPH_WHEEL && str_eq(graph->nodes[i].target, graph->target))
            counts[graph->nodes[i].action]++;
    buf_printf(out, "%.*s: %zu reused, %zu to build", STR_ARG(graph->target), counts[GRAPH_REUSE],
               counts[GRAPH_MAKE]);
    if (counts[GRAPH_SKIP])
        buf_printf(out, ", %zu cannot be had", counts[GRAPH_SKIP]);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < graph->notes_len; i++)
        buf_printf(out, "note: %.*s\n", STR_ARG(graph->notes[i]));
}
