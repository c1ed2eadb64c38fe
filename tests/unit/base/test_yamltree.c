#include "base/buf.h"
#include "base/yamltree.h"

#include <string.h>

#include "unit.h"

static void a_document_is_a_tree(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct yamltree root;
    struct err err = {0};
    const char *text = "# a pack\n"
                       "name: zlib\n"
                       "needs: [a, \"b c\"]\n"
                       "empty:\n"
                       "quoted: \"~\"\n"
                       "script: |\n"
                       "  one\n"
                       "  two\n"
                       "inner:\n"
                       "  - x: 1\n"
                       "    y: {z: 2}\n";
    struct str name = STR(""), script = STR("");
    struct yamltree_texts needs = {0}, one = {0}, none = {0};
    assert_ok(yamltree_read(str_from(text), STR("zlib.yaml"), 1, &arena, &root, &err));
    assert_ok(yamltree_text(&root, "name", &name, &err));
    assert_ok(yamltree_text(&root, "script", &script, &err));
    assert_ok(yamltree_list(&root, "needs", &arena, &needs, &err));
    assert_ok(yamltree_list(&root, "name", &arena, &one, &err));
    assert_ok(yamltree_list(&root, "absent", &arena, &none, &err));
    assert_str(name, "zlib");
    assert_str(script, "one\ntwo\n");
    assert_int_equal(needs.len, 2);
    assert_str(needs.at[1], "b c");
    assert_int_equal(one.len, 1);
    assert_int_equal(none.len, 0);
    assert_str(yamltree_get(&root, "empty")->text, "");
    assert_str(yamltree_get(&root, "quoted")->text, "~");
    const struct yamltree *inner = yamltree_get(&root, "inner");
    assert_int_equal(inner->kind, YAMLTREE_LIST);
    assert_int_equal(inner->line, 9); /* its key's */
    assert_str(yamltree_get(yamltree_get(&inner->items[0], "y"), "z")->text, "2");
    assert_null(yamltree_get(inner, "x"));
    static const char *const keys[] = {"name", "needs", "empty", "quoted", "inner", NULL};
    assert_false(yamltree_only(&root, keys, &err));
    assert_string_equal(err.text, "zlib.yaml:6: \"script\" means nothing here");
    assert_false(yamltree_text(&root, "needs", &name, &err));
    assert_string_equal(err.text, "zlib.yaml:3: needs is one plain value");
    assert_false(yamltree_list(&root, "inner", &arena, &needs, &err));
    assert_string_equal(err.text, "zlib.yaml:10: inner is a list of plain values");
    assert_ok(yamltree_read(STR(""), STR("e"), 1, &arena, &root, &err));
    assert_int_equal(root.kind, YAMLTREE_MAP);
}

static void what_is_refused_has_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"a: 1\nb: [\n", "x:3: not YAML: "},
        {"a: 1\nb: \"c\n\n", "x:2: not YAML: while scanning a quoted"}, /* where it opened */
        {"a: 1\nb: &n 2\nc: *n\n", "x:3: aliases are not allowed"},
        {"a: 1\n\na: 2\n", "x:3: this key stands twice"},
        {"[1, 2]: 3\n", "x:1: a key is a plain value"},
        {"a: 1\n---\nb: 1\n", "x:2: only one document"},
        {"a: \"\\0\"\n", "x:1: a value may not hold a NUL"},
        {"a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
         "x:1: nested deeper"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct yamltree root;
        struct err err = {0};
        assert_false(yamltree_read(str_from(cases[i].text), STR("x"), 1, &arena, &root, &err));
        if (strncmp(err.text, cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("\"%s\" does not begin with \"%s\"", err.text, cases[i].says);
    }
}

/* Keys are looked up, not searched for: of this many, a search would take minutes. */
static void a_mapping_may_be_wide(void **state)
{
    enum { KEYS = 300000 };
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf text = {0};
    struct yamltree root;
    struct err err = {0};
    for (int i = 0; i < KEYS; i++)
        buf_printf(&text, "%d:\n", i);
    assert_true(yamltree_read(buf_str(&text), STR("x"), 1, &arena, &root, &err));
    assert_int_equal(root.len, KEYS);
    assert_int_equal(root.items[KEYS - 1].line, KEYS);
    buf_add(&text, STR("7:\n"));
    assert_false(yamltree_read(buf_str(&text), STR("x"), 1, &arena, &root, &err));
    assert_string_equal(err.text, "x:300001: this key stands twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_a_tree),
        cmocka_unit_test(what_is_refused_has_its_line),
        cmocka_unit_test(a_mapping_may_be_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
