#include "plan/explain.h"
#include "pkg/name.h"

enum { NEAR_SHOWN = 5 };

static void edges_of(const struct graph *graph, const struct graph_node *node,
                     enum graph_edge_type type, const char *title, struct buf *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < node->edges_len; i++) {
        const struct graph_node *to = &graph->nodes[node->edges[i].to];
        if (node->edges[i].type != type || to->kind != GRAPH_WHEEL)
            continue;
        buf_printf(out, "%s%.*s %.*s", shown++ ? ", " : title, STR_ARG(to->name),
                   STR_ARG(to->version));
    }
    if (shown)
        buf_add_char(out, '\n');
}

static void explain_wheel(const struct graph *graph, const struct graph_node *node, struct buf *out)
{
    bool for_build = !str_eq(node->target, graph->target);
    buf_printf(out, "%.*s %.*s for %s%.*s: %.*s\n", STR_ARG(node->name), STR_ARG(node->version),
               for_build ? "the machine that builds, " : "", STR_ARG(node->target),
               STR_ARG(node->why));
    if (node->version_why.len)
        buf_printf(out, "  version: %.*s\n", STR_ARG(node->version_why));
    for (size_t i = 0; i < node->asked_by_len; i++)
        buf_printf(out, "  asked for by %.*s\n", STR_ARG(node->asked_by[i]));
    if (node->source.index.len)
        buf_printf(out, "  from %.*s\n", STR_ARG(node->source.index));
    if (node->backend.len)
        buf_printf(out, "  built by %.*s\n", STR_ARG(node->backend));
    for (size_t i = 0; i < node->packs_len; i++)
        buf_printf(out, "%s%.*s%s",
                   i ? ", " : "  against packs, libraries from source: ", STR_ARG(node->packs[i]),
                   i + 1 < node->packs_len ? "" : "\n");
    edges_of(graph, node, GRAPH_BUILD_REQUIRES, "  its build installs ", out);
    edges_of(graph, node, GRAPH_RUNTIME, "  needs when it runs ", out);
    edges_of(graph, node, GRAPH_RUNTIME_LOOSE, "  needs, and is needed by ", out);
    for (size_t i = 0; i < node->refused_len; i++)
        buf_printf(out, "  not taken: %.*s\n    %.*s\n", STR_ARG(node->refused[i].filename),
                   STR_ARG(node->refused[i].why));
}

/* Letters to change, at most `limit`: enough to find a slip of the fingers. */
static bool is_near(struct str a, struct str b)
{
    size_t head = 0, tail = 0;
    while (head < a.len && head < b.len && a.ptr[head] == b.ptr[head])
        head++;
    while (tail < a.len - head && tail < b.len - head &&
           a.ptr[a.len - 1 - tail] == b.ptr[b.len - 1 - tail])
        tail++;
    size_t left_a = a.len - head - tail, left_b = b.len - head - tail;
    return (left_a <= 2 && left_b <= 2 && head + tail > 0) ||
           (a.len > 2 && (str_find(b, a) < b.len || str_find(a, b) < a.len));
}

bool explain_name(const struct graph *graph, struct str name, struct buf *out, struct err *err)
{
    struct arena arena ARENA_AUTO = {0};
    struct str wanted = name_normal(name, &arena);
    bool found = false;
    for (size_t i = 0; i < graph->nodes_len; i++)
        if (graph->nodes[i].kind == GRAPH_WHEEL && str_eq(graph->nodes[i].name, wanted)) {
            explain_wheel(graph, &graph->nodes[i], out);
            found = true;
        }
    if (found)
        return true;
    BUF_AUTO struct buf near = {0};
    size_t shown = 0;
    for (size_t i = 0; i < graph->nodes_len && shown < NEAR_SHOWN; i++)
        if (graph->nodes[i].kind == GRAPH_WHEEL && is_near(graph->nodes[i].name, wanted))
            buf_printf(&near, "%s%.*s", shown++ ? ", " : "; it holds ",
                       STR_ARG(graph->nodes[i].name));
    return err_set(err, ERR_NOT_FOUND, "the plan holds no %.*s%s",
                   STR_ARG(str_slice(wanted, 0, 100)), near.len ? near.ptr : "");
}
