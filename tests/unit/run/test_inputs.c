/* What a plan starts from: requirements files, the input directory, --only. */
#include "run/inputs.h"

#include <string.h>

#include "../index/fixture.h"
#include "unit.h"

struct given {
    struct arena arena;
    const char *dir;
    struct inputs inputs;
    struct err err;
    bool ok;
};

/* Reads requirements text (may be NULL), a directory with a-1.0 (if asked) and --only words. */
static struct given give(const char *text, bool wheel, const char *const *only)
{
    struct given given = {0};
    VEC(struct str) words = {0};
    given.dir = fixture_dir(&given.arena);
    struct str file = arena_printf(&given.arena, "%s/list.req", given.dir);
    struct run_plan_config *config = ARENA_NEW(&given.arena, struct run_plan_config);
    if (text) {
        fixture_file(given.dir, "list.req", str_from(text));
        config->requirements = (struct spec_list){&file, 1};
    }
    if (wheel) {
        fixture_wheel(given.dir, "a-1.0-py3-none-any.whl", "a", "1.0", "py3-none-any");
        fixture_wheel(given.dir, "b-2.0-py3-none-any.whl", "b", "2.0", "py3-none-any");
        config->input = arena_str(&given.arena, str_from(given.dir));
    }
    for (; only && *only; only++)
        *vec_push(&words, &given.arena) = str_from(*only);
    config->only = (struct spec_list){words.at, words.len};
    given.ok = inputs_read(config, &given.arena, &given.inputs, &given.err);
    return given;
}

static void done(struct given *given)
{
    fixture_remove(given->dir);
    arena_free(&given->arena);
}

#define ONLY(...) ((const char *const[]){__VA_ARGS__, NULL})
#define H64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_files(void **state)
{
    (void)state;
    struct given g = give("--pre\n--no-index\n--find-links /w\na>=1 --hash=sha256:" H64
                          "\nb --hash=sha256:" H64 "\n",
                          false, NULL);
    assert_true(g.ok && g.inputs.requires.len == 2 && g.inputs.pre && g.inputs.no_index);
    assert_int_equal(g.inputs.find_links.len, 1);
    assert_str(g.inputs.requires.at[0].req.name, "a");
    assert_int_equal(g.inputs.requires.at[0].hashes_len, 1);
    assert_str(g.inputs.requires.at[0].hashes[0], H64);
    assert_true(g.inputs.hashes_only);
    done(&g);
    g = give("--only-binary Foo_Bar,b\n--no-binary c\na\n", false, NULL);
    assert_true(g.ok && !g.inputs.hashes_only && !g.inputs.all_binary);
    assert_int_equal(g.inputs.only_binary.len, 2);
    assert_str(g.inputs.only_binary.at[0], "foo-bar");
    assert_int_equal(g.inputs.no_binary.len, 1);
    done(&g);
    g = give("--only-binary :all:\na\n", false, NULL);
    assert_true(g.ok && g.inputs.all_binary);
    done(&g);
    g = give("--no-binary :all:\na\n", false, NULL);
    assert_true(!g.ok && strstr(g.err.text, "--rebuild all"));
    done(&g);
}

static void test_hashes(void **state)
{
    (void)state;
    struct given g = give("a==1 --hash=sha512:" H64 H64 " --hash=sha256:" H64 "\n", false, NULL);
    assert_true(g.ok &&
                g.inputs.requires.at[0].hashes_len == 1); /* one that is checked is enough */
    done(&g);
    g = give("a==1 --hash=sha512:" H64 H64 "\n", false, NULL); /* and none would be no check */
    assert_true(!g.ok && g.err.code == ERR_FORMAT && strstr(g.err.text, "sha256"));
    done(&g);
    /* One has a hash, or the file says so: then all must. */
    g = give("a==1 --hash=sha256:" H64 "\nb==1\n", false, NULL);
    assert_true(!g.ok && g.err.code == ERR_FORMAT && strstr(g.err.text, "b has no --hash"));
    done(&g);
    g = give("--require-hashes\nb==1\n", false, NULL);
    assert_true(!g.ok && strstr(g.err.text, "b has no --hash"));
    done(&g);
}

static void test_paths_and_urls(void **state)
{
    (void)state;
    struct given g = give("./sub/my_dist-1.0-py3-none-any.whl\n"
                          "https://h/x/other-2.0.tar.gz#sha256=" H64 "\n"
                          "https://h/x/third-2.0.tar.gz?token=1\n",
                          false, NULL);
    assert_true(g.ok && g.inputs.requires.len == 3);
    assert_str(g.inputs.requires.at[0].req.name, "my-dist");
    assert_true(str_ends(g.inputs.requires.at[0].req.url, STR("/my_dist-1.0-py3-none-any.whl")));
    assert_str(g.inputs.requires.at[1].req.name, "other");
    assert_str(g.inputs.requires.at[2].req.name, "third");
    done(&g);
    g = give("./project\n", false, NULL);
    assert_true(!g.ok && strstr(g.err.text, "names no wheel, sdist"));
    done(&g);
}

static void test_directory(void **state)
{
    (void)state;
    struct given g = give(NULL, true, NULL);
    assert_true(g.ok && g.inputs.pins.len == 2 && g.inputs.requires.len == 0);
    assert_str(g.inputs.pins.at[0].name, "a");
    assert_int_equal(g.inputs.pins.at[0].file.sha256.len, 64);
    done(&g);
    g = give(NULL, false, NULL);
    assert_true(g.ok && g.inputs.pins.len == 0);
    done(&g);
}

static void test_only(void **state)
{
    (void)state;
    struct given g = give("a>=1\nc\n", true, ONLY("A"));
    assert_true(g.ok && g.inputs.pins.len == 1 && g.inputs.requires.len == 2);
    assert_str(g.inputs.pins.at[0].name, "a"); /* names compare in normal form */
    assert_str(g.inputs.requires.at[0].req.name, "a");
    done(&g);
    g = give("a>=1\nc\n", true, ONLY("b==2.0"));
    assert_true(g.ok && g.inputs.pins.len == 1 && g.inputs.requires.len == 1);
    assert_str(g.inputs.pins.at[0].name, "b");
    assert_str(g.inputs.requires.at[0].req.name, "b");
    done(&g);
    g = give("a>=1\nc\n", true, ONLY("other"));
    assert_true(g.ok && g.inputs.pins.len == 0 && g.inputs.requires.len == 1);
    done(&g);
    g = give("a>=1\n", true, ONLY("a b"));
    assert_true(!g.ok && strstr(g.err.text, "--only"));
    done(&g);
}

/* Whatever follows the name, the words of the list about it still hold. */
static void test_only_with_more(void **state)
{
    (void)state;
    static const char *const words[] = {"a>=1", "a[x]==1.0", "a ~= 1.0", "a===1.0",
                                        "a;python_version>'3'"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct given g =
            give("a<9 --hash=sha256:" H64 "\nc --hash=sha256:" H64 "\n", true, ONLY(words[i]));
        assert_true(g.ok && g.inputs.pins.len == 1 && g.inputs.requires.len == 2);
        assert_int_equal(g.inputs.requires.at[0].hashes_len, 1);
        done(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),          cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_paths_and_urls), cmocka_unit_test(test_directory),
        cmocka_unit_test(test_only),           cmocka_unit_test(test_only_with_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
