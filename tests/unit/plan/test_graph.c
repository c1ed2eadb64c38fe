/* Every scenario of tests/plan that expects a plan, and what holds for all plans. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "plan/explain.h"
#include "plan/read.h"
#include "plan/write.h"
#include "scenario.h"
#include "unit.h"

enum { LEAST_PLANS = 10 };

static void plan_text(const struct graph *graph, struct buf *out)
{
    buf_add(out, STR("plan\n"));
    for (size_t i = 0; i < graph->nodes_len; i++) {
        const struct graph_node *node = &graph->nodes[i];
        buf_printf(out, "%.*s %.*s", STR_ARG(node->id), STR_ARG(graph_action_text(node->action)));
        if (node->kind == GRAPH_WHEEL)
            buf_printf(out, ": %.*s", STR_ARG(node->why));
        buf_add_char(out, '\n');
        for (size_t k = 0; k < node->edges_len; k++)
            buf_printf(out, "  %.*s %.*s\n", STR_ARG(graph_edge_text(node->edges[k].type)),
                       STR_ARG(graph->nodes[node->edges[k].to].id));
    }
    for (size_t i = 0; i < graph->notes_len; i++)
        buf_printf(out, "note: %.*s\n", STR_ARG(graph->notes[i]));
}

static struct graph plan(struct scenario *s)
{
    struct graph graph = {0};
    struct str explanation = STR("");
    struct err err = {0};
    if (!graph_plan(&s->request, &s->provider, &s->arena, &graph, &explanation, &err))
        fail_msg("%s: %s\n%.*s", s->file, err.text, STR_ARG(explanation));
    return graph;
}

static void check_order(const struct scenario *s, const struct graph *graph)
{
    for (size_t i = 0; i < graph->nodes_len; i++)
        for (size_t k = 0; k < graph->nodes[i].edges_len; k++)
            if (graph->nodes[i].edges[k].type != GRAPH_RUNTIME_LOOSE &&
                graph->nodes[i].edges[k].to >= i)
                fail_msg("%s: node %zu stands before what it needs", s->file, i);
}

static void check_round_trip(struct scenario *s, const struct graph *graph)
{
    BUF_AUTO struct buf once = {0}, twice = {0};
    struct graph again;
    struct err err = {0};
    write_json(graph, &once);
    assert_ok(read_json(buf_str(&once), "plan.json", &s->arena, &again, &err));
    write_json(&again, &twice);
    assert_string_equal(once.ptr, twice.ptr);
}

static void check_scenario(const char *path, size_t *plans)
{
    struct scenario s;
    scenario_load(path, &s);
    if (str_eq(s.expect, STR("plan"))) {
        BUF_AUTO struct buf first = {0}, second = {0}, expected = {0};
        struct graph graph = plan(&s), again = plan(&s);
        plan_text(&graph, &first);
        plan_text(&again, &second);
        buf_printf(&expected, "%.*s\n%.*s", STR_ARG(s.expect), STR_ARG(s.expected));
        if (getenv("SCENARIO_SHOW"))
            printf("%s\n%s", path, first.ptr);
        else if (strcmp(first.ptr, expected.ptr) != 0)
            fail_msg("%s: got\n%s", path, first.ptr);
        assert_string_equal(first.ptr, second.ptr);
        check_order(&s, &graph);
        check_round_trip(&s, &graph);
        ++*plans;
    }
    scenario_free(&s);
}

static void plans_of_scenarios(void **state)
{
    (void)state;
    DIR *dir = opendir(TEST_PLANS);
    size_t plans = 0;
    if (!dir)
        fail_msg("cannot open %s", TEST_PLANS);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[1024];
        if (!str_ends(str_from(entry->d_name), STR(".txt")))
            continue;
        snprintf(path, sizeof path, "%s/%s", TEST_PLANS, entry->d_name);
        check_scenario(path, &plans);
    }
    closedir(dir);
    if (plans < LEAST_PLANS)
        fail_msg("only %zu plans", plans);
}

static void load(const char *name, struct scenario *s)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", TEST_PLANS, name);
    scenario_load(path, s);
}

static size_t node(const struct graph *graph, const char *id)
{
    size_t i = graph_find(graph, str_from(id));
    if (i == graph->nodes_len)
        fail_msg("no node %s", id);
    return i;
}

/* A backend asked for more: the old nodes keep their places, new ones follow. */
static void an_answer_extends_the_plan(void **state)
{
    (void)state;
    struct scenario s;
    struct err err = {0};
    struct str explanation, more[] = {STR("cython<3")};
    struct graph_extension extension;
    load("plan-dynamic-requires.txt", &s);
    struct graph graph = plan(&s);
    size_t wheel = node(&graph, "wheel:cp311-s390x-manylinux_2_17:a==1.0");
    assert_ok(graph_extend(&graph, &s.request, &s.provider, wheel, &s.build, more, 1, &s.arena,
                           &extension, &explanation, &err));
    assert_int_equal(extension.first_new, graph.nodes_len);
    assert_int_equal(extension.graph.nodes_len, graph.nodes_len + 1);
    assert_str(extension.graph.nodes[graph.nodes_len].id, "wheel:build:cython==0.29");
    assert_int_equal(extension.edges_len, 2);
    for (size_t i = 0; i < graph.nodes_len; i++)
        assert_true(str_eq(graph.nodes[i].id, extension.graph.nodes[i].id));
    check_order(&s, &extension.graph);
    scenario_free(&s);
}

/* A run of 500 builds has 500 answers: what one of them leaves in memory is what is new. */
static void an_answer_that_brings_nothing_new_costs_nothing(void **state)
{
    (void)state;
    struct scenario s;
    struct err err = {0};
    struct str explanation, more[] = {STR("cython<3")};
    struct graph_extension extension;
    load("plan-dynamic-requires.txt", &s);
    struct graph graph = plan(&s);
    size_t wheel = node(&graph, "wheel:cp311-s390x-manylinux_2_17:a==1.0");
    for (int i = 0; i < 20; i++) {
        ARENA_AUTO struct arena arena = {0};
        assert_ok(graph_extend(&graph, &s.request, &s.provider, wheel, &s.build, more, 1,
                               i ? &arena : &s.arena, &extension, &explanation, &err));
        graph = extension.graph;
        assert_true(!i || arena.bytes < 200);
    }
    scenario_free(&s);
}

/* Cross gives way to hybrid: the same requirements, solved for the target itself. */
static void builds_can_move_to_the_target(void **state)
{
    (void)state;
    struct scenario s;
    struct err err = {0};
    struct str explanation;
    struct graph_extension extension;
    load("plan-dynamic-requires.txt", &s);
    struct graph graph = plan(&s);
    size_t wheel = node(&graph, "wheel:cp311-s390x-manylinux_2_17:a==1.0");
    assert_ok(graph_extend(&graph, &s.request, &s.provider, wheel, &s.target, NULL, 0, &s.arena,
                           &extension, &explanation, &err));
    assert_int_equal(extension.edges_len, 1);
    assert_str(extension.graph.nodes[extension.edges[0].to].id,
               "wheel:cp311-s390x-manylinux_2_17:setuptools==70");
    scenario_free(&s);
}

static void an_answer_that_cannot_be_met(void **state)
{
    (void)state;
    struct scenario s;
    struct err err = {0};
    struct str explanation, more[] = {STR("cython>=99")};
    struct graph_extension extension;
    load("plan-dynamic-requires.txt", &s);
    struct graph graph = plan(&s);
    size_t wheel = node(&graph, "wheel:cp311-s390x-manylinux_2_17:a==1.0");
    assert_false(graph_extend(&graph, &s.request, &s.provider, wheel, &s.build, more, 1, &s.arena,
                              &extension, &explanation, &err));
    assert_int_equal(err.code, ERR_UNSAT);
    scenario_free(&s);
}

static void explained_tag_by_tag(void **state)
{
    (void)state;
    struct scenario s;
    struct err err = {0};
    BUF_AUTO struct buf out = {0};
    load("plan-explained.txt", &s);
    struct graph graph = plan(&s);
    assert_ok(explain_name(&graph, STR("A"), &out, &err));
    assert_string_equal(
        out.ptr,
        "a 1.0 for cp311-s390x-manylinux_2_17: built from a-1.0.tar.gz: none of its 2 wheels is "
        "usable for cp311-s390x-manylinux_2_17\n"
        "  version: the newest of 2 usable versions; 2.0 is out: needs Python >=3.12, the target "
        "has 3.11.2\n"
        "  asked for by requirements.txt:1 (a)\n"
        "  from https://index.test/simple\n"
        "  built by flit_core.buildapi\n"
        "  its build installs flit-core 3.9\n"
        "  needs when it runs b 1.0\n"
        "  not taken: a-1.0-cp311-cp311-manylinux2014_x86_64.whl\n"
        "    cp311-cp311-manylinux2014_x86_64: for x86_64, not s390x\n"
        "  not taken: a-1.0-cp311-cp311-manylinux_2_28_s390x.whl\n"
        "    cp311-cp311-manylinux_2_28_s390x: needs glibc 2.28, the target is sure of glibc "
        "2.17\n");
    assert_false(explain_name(&graph, STR("flit_cor"), &out, &err));
    assert_string_equal(err.text, "the plan holds no flit-cor; it holds flit-core");
    scenario_free(&s);
}

static void tree_and_dot(void **state)
{
    (void)state;
    struct scenario s;
    BUF_AUTO struct buf tree = {0}, dot = {0};
    load("plan-explained.txt", &s);
    struct graph graph = plan(&s);
    write_tree(&graph, &tree);
    assert_string_equal(
        tree.ptr,
        "a 1.0  build  built from a-1.0.tar.gz: none of its 2 wheels is usable for "
        "cp311-s390x-manylinux_2_17\n"
        "  flit-core 3.9  reuse (for the build)  reused from the index: "
        "flit_core-3.9-py3-none-any.whl is for any platform\n"
        "  b 1.0  reuse  reused from the index: b-1.0-py3-none-any.whl is for any platform\n"
        "cp311-s390x-manylinux_2_17: 1 reused, 1 to build\n");
    write_dot(&graph, &dot);
    assert_true(str_starts(buf_str(&dot), STR("digraph plan {\n")));
    assert_true(str_ends(buf_str(&dot), STR("}\n")));
    scenario_free(&s);
}

static void a_reuse_of_the_input_asks_nobody(void **state)
{
    (void)state;
    struct scenario s;
    load("plan-input-alone.txt", &s);
    plan(&s);
    assert_int_equal(s.asked.len, 0);
    assert_int_equal(s.hinted.len, 0);
    scenario_free(&s);
}

static void bad_plans_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"format\":2,\"nodes\":[]}",
        "{\"format\":1}",
        "{\"format\":1,\"nodes\":[{}]}",
        "{\"format\":1,\"nodes\":[{\"id\":\"x\",\"name\":\"x\",\"version\":\"1\",\"target\":\"t\","
        "\"kind\":\"wheel\",\"action\":\"dance\"}]}",
        "{\"format\":1,\"nodes\":[{\"id\":\"x\",\"name\":\"x\",\"version\":\"1\",\"target\":\"t\","
        "\"kind\":\"wheel\",\"action\":\"reuse\",\"edges\":[{\"type\":\"runtime\",\"to\":\"x\"}]}]"
        "}",
        "{\"format\":1,\"nodes\":[{\"id\":\"x\",\"name\":\"x\",\"version\":\"1\",\"target\":\"t\","
        "\"kind\":\"wheel\",\"action\":\"reuse\",\"edges\":[{\"type\":\"runtime\",\"to\":\"y\"}]}]"
        "}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct graph graph;
        struct err err = {0};
        if (read_json(str_from(texts[i]), "plan.json", &arena, &graph, &err))
            fail_msg("accepted: %s", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_of_scenarios),
        cmocka_unit_test(an_answer_extends_the_plan),
        cmocka_unit_test(an_answer_that_brings_nothing_new_costs_nothing),
        cmocka_unit_test(builds_can_move_to_the_target),
        cmocka_unit_test(an_answer_that_cannot_be_met),
        cmocka_unit_test(explained_tag_by_tag),
        cmocka_unit_test(tree_and_dot),
        cmocka_unit_test(a_reuse_of_the_input_asks_nobody),
        cmocka_unit_test(bad_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
