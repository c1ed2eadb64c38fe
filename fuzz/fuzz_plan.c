/* A plan.json that can be read is written the same again, and its writers survive it. */
#include "plan/explain.h"
#include "plan/read.h"
#include "plan/write.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena ARENA_AUTO = {0};
    BUF_AUTO struct buf once = {0}, twice = {0}, rest = {0};
    struct graph graph, again;
    struct err err = {0};
    if (!read_json(str_of(data, size), "plan.json", &arena, &graph, &err))
        return 0;
    write_json(&graph, &once);
    if (!read_json(buf_str(&once), "again", &arena, &again, &err))
        abort();
    write_json(&again, &twice);
    if (!str_eq(buf_str(&once), buf_str(&twice)))
        abort();
    write_dot(&graph, &rest);
    write_tree(&graph, &rest);
    if (graph.nodes_len)
        (void)explain_name(&graph, graph.nodes[0].name, &rest, &err);
    return 0;
}
