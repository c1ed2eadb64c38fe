#include "plan/read.h"
#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"

enum { READ_FORMAT = 1, READ_NODES_LIMIT = 1000000 };

struct reader {
    struct arena *arena;
    const char *what;
    struct map by_id; /* id -> uint32_t */
    struct err *err;
};

static struct str copy(struct reader *r, yyjson_val *object, const char *key)
{
    struct str text = json_get_str(object, key);
    return text.len ? arena_str(r->arena, text) : STR("");
}

static const struct str *copy_texts(struct reader *r, yyjson_val *object, const char *key,
                                    size_t *count)
{
    yyjson_val *array = json_get_array(object, key);
    size_t len = array ? yyjson_arr_size(array) : 0;
    struct str *texts = ARENA_ARRAY(r->arena, struct str, len);
    size_t i, max;
    yyjson_val *value;
    *count = len;
    if (array)
        yyjson_arr_foreach(array, i, max, value) texts[i] = arena_str(r->arena, json_str(value));
    return texts;
}

static bool complain(struct reader *r, size_t node, const char *what)
{
    return err_set(r->err, ERR_FORMAT, "%s: node %zu: %s; plan again to write it anew", r->what,
                   node + 1, what);
}

static void read_source(struct reader *r, yyjson_val *object, struct graph_source *source)
{
    yyjson_val *from = json_get_object(object, "source");
    int64_t size = json_get_int(from, "size", 0);
    source->filename = copy(r, from, "filename");
    source->url = copy(r, from, "url");
    source->path = copy(r, from, "path");
    source->sha256 = copy(r, from, "sha256");
    source->commit = copy(r, from, "commit");
    source->origin = copy(r, from, "origin");
    source->index = copy(r, from, "index");
    source->size = size > 0 ? (uint64_t)size : 0;
}

static void read_refused(struct reader *r, yyjson_val *object, struct graph_node *node)
{
    yyjson_val *array = json_get_array(object, "refused"), *value;
    size_t len = array ? yyjson_arr_size(array) : 0, i, max;
    struct graph_refused *refused = ARENA_ARRAY(r->arena, struct graph_refused, len);
    if (array)
        yyjson_arr_foreach(array, i, max, value)
        {
            refused[i].filename = copy(r, value, "filename");
            refused[i].why = copy(r, value, "why");
        }
    node->refused = refused;
    node->refused_len = len;
}

/* All but the edges, which may point at later nodes. */
static bool read_node(struct reader *r, yyjson_val *object, size_t index, struct graph_node *node)
{
    node->id = copy(r, object, "id");
    node->name = copy(r, object, "name");
    node->version = copy(r, object, "version");
    node->target = copy(r, object, "target");
    if (!node->id.len || !node->name.len || !node->version.len || !node->target.len)
        return complain(r, index, "id, name, version or target is missing");
    if (!graph_kind_read(json_get_str(object, "kind"), &node->kind))
        return complain(r, index, "unknown kind");
    if (!graph_action_read(json_get_str(object, "action"), &node->action))
        return complain(r, index, "unknown action");
    void **place = map_at(&r->by_id, r->arena, node->id);
    if (*place)
        return complain(r, index, "its id stands at an earlier node too");
    uint32_t *number = ARENA_NEW(r->arena, uint32_t);
    *number = (uint32_t)index;
    *place = number;
    node->why = copy(r, object, "why");
    node->version_why = copy(r, object, "version_why");
    node->direct = json_get_bool(object, "direct", false);
    node->pure = json_get_bool(object, "pure", false);
    node->backend = copy(r, object, "backend");
    node->extras = copy_texts(r, object, "extras", &node->extras_len);
    node->asked_by = copy_texts(r, object, "asked_by", &node->asked_by_len);
    node->build_requires = copy_texts(r, object, "build_requires", &node->build_requires_len);
    node->packs = copy_texts(r, object, "packs", &node->packs_len);
    read_source(r, object, &node->source);
    read_refused(r, object, node);
    return true;
}

static bool read_edges(struct reader *r, yyjson_val *object, size_t index, struct graph_node *node)
{
    yyjson_val *array = json_get_array(object, "edges"), *value;
    size_t len = array ? yyjson_arr_size(array) : 0, i, max;
    struct graph_edge *edges = ARENA_ARRAY(r->arena, struct graph_edge, len);
    node->edges = edges;
    node->edges_len = len;
    if (!array)
        return true;
    yyjson_arr_foreach(array, i, max, value)
    {
        const uint32_t *to = map_get(&r->by_id, json_get_str(value, "to"));
        if (!graph_edge_read(json_get_str(value, "type"), &edges[i].type))
            return complain(r, index, "unknown type of edge");
        if (!to)
            return complain(r, index, "an edge leads to no node");
        if (edges[i].type != GRAPH_RUNTIME_LOOSE && *to >= index)
            return complain(r, index, "it stands before what it needs");
        edges[i].to = *to;
    }
    return true;
}

static bool read_graph(struct reader *r, yyjson_val *root, struct graph *graph)
{
    yyjson_val *array = json_get_array(root, "nodes"), *value;
    size_t i, max;
    if (json_get_int(root, "format", 0) != READ_FORMAT)
        return err_set(r->err, ERR_FORMAT, "%s: not a plan of format %d", r->what, READ_FORMAT);
    if (!array)
        return err_set(r->err, ERR_FORMAT, "%s: a plan has a list of nodes", r->what);
    struct graph made = {.nodes_len = yyjson_arr_size(array)};
    if (made.nodes_len > READ_NODES_LIMIT)
        return err_set(r->err, ERR_LIMIT, "%s: more than %d nodes", r->what, READ_NODES_LIMIT);
    struct graph_node *nodes = ARENA_ARRAY(r->arena, struct graph_node, made.nodes_len);
    made.target = copy(r, root, "target");
    made.notes = copy_texts(r, root, "notes", &made.notes_len);
    yyjson_arr_foreach(array, i, max, value)
    {
        if (!read_node(r, value, i, &nodes[i]))
            return false;
    }
    yyjson_arr_foreach(array, i, max, value)
    {
        if (!read_edges(r, value, i, &nodes[i]))
            return false;
    }
    made.nodes = nodes;
    *graph = made;
    return true;
}

bool read_json(struct str text, const char *what, struct arena *arena, struct graph *graph,
               struct err *err)
{
    yyjson_doc *doc JSON_AUTO = NULL;
    struct reader r = {.arena = arena, .what = what, .err = err};
    if (!json_parse(text, what, &doc, err))
        return false;
    return read_graph(&r, yyjson_doc_get_root(doc), graph);
}
