#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "index/index.h"

/* An index as a directory, and find-links beside it. */
struct indexed {
    struct arena arena;
    const char *dir, *links;
    struct str links_str;
    struct index_config config;
    struct index *index;
    struct err err;
};

static void open_index(struct indexed *x)
{
    struct err err = {0};
    index_close(&x->index);
    assert_ok(index_open(&x->config, &x->index, &err));
}

static int set_up(void **state)
{
    struct indexed *x = calloc(1, sizeof *x);
    x->dir = fixture_dir(&x->arena);
    x->links = fixture_dir(&x->arena);
    x->links_str = str_from(x->links);
    x->config.index_url = arena_printf(&x->arena, "file://%s", x->dir);
    fixture_file(x->dir, "foo.json",
                 STR("{\"files\":["
                     "{\"filename\":\"foo-1.0.tar.gz\",\"url\":\"foo-1.0.tar.gz\","
                     "\"upload-time\":\"2021-01-01T00:00:00Z\"},"
                     "{\"filename\":\"foo-2.0-py3-none-any.whl\",\"url\":\"w.whl\","
                     "\"upload-time\":\"2022-01-01T00:00:00Z\"},"
                     "{\"filename\":\"foo-3.0-py3-none-any.whl\",\"url\":\"x.whl\"}]}"));
    open_index(x);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct indexed *x = *state;
    index_close(&x->index);
    fixture_remove(x->dir);
    fixture_remove(x->links);
    arena_free(&x->arena);
    free(x);
    return 0;
}

static const struct index_project *project(struct indexed *x)
{
    const struct index_project *found;
    struct err err = {0};
    assert_ok(index_project(x->index, STR("Foo"), &found, &err));
    return found;
}

/* "3.0 2.0 1.0" */
static struct str versions(struct indexed *x)
{
    struct buf text = {0};
    const struct version *all;
    size_t len = index_versions(project(x), &x->arena, &all);
    for (size_t i = 0; i < len; i++)
        buf_printf(&text, "%s" STR_FMT, i ? " " : "", STR_ARG(all[i].text));
    struct str made = arena_str(&x->arena, buf_str(&text));
    buf_free(&text);
    return made;
}

static const struct index_release *release(struct indexed *x, const char *text)
{
    const struct index_release *found;
    struct version version;
    struct err err = {0};
    assert_true(version_try(str_from(text), &version));
    assert_ok(index_release(x->index, project(x), &version, &found, &err));
    return found;
}

static void listed_alone(void **state)
{
    struct indexed *x = *state;
    assert_str(versions(x), "3.0 2.0 1.0");
    assert_int_equal(release(x, "2.0")->len, 1);
    assert_str(release(x, "2")->files[0].filename, "foo-2.0-py3-none-any.whl");
    assert_true(release(x, "2")->files[0].listed);
    assert_null(release(x, "2.1"));
    assert_ptr_equal(release(x, "1.0"), release(x, "1.0"));
}

static void with_find_links(void **state)
{
    struct indexed *x = *state;
    fixture_wheel(x->links, "foo-1.0-py3-none-any.whl", "foo", "1.0", "py3-none-any");
    fixture_wheel(x->links, "foo-2.5-py3-none-any.whl", "foo", "2.5", "py3-none-any");
    x->config.find_links = &x->links_str;
    x->config.find_links_len = 1;
    open_index(x);
    assert_str(versions(x), "3.0 2.5 2.0 1.0");
    const struct index_release *both = release(x, "1.0");
    assert_int_equal(both->len, 2); /* the wheel of here, the sdist of there */
    assert_true(both->files[0].kind == INDEX_WHEEL && !both->files[0].listed);
    assert_true(both->files[1].kind == INDEX_SDIST && both->files[1].listed);
    assert_int_equal(release(x, "2.5")->len, 1);
}

static void as_of_a_time(void **state)
{
    struct indexed *x = *state;
    x->config.as_of_ms = INT64_C(1625000000000); /* in June 2021 */
    open_index(x);
    assert_str(versions(x), "1.0");
    assert_int_equal(project(x)->hidden, 2);
    assert_int_equal(project(x)->untimed, 1);
    assert_null(release(x, "2.0"));
    assert_null(release(x, "3.0"));
    assert_int_equal(release(x, "1.0")->len, 1);
}

/* What is asked for ahead may be named by a text that is gone when it is asked for. */
static void names_are_copied(void **state)
{
    struct indexed *x = *state;
    char text[] = "foo";
    struct str name = str_from(text);
    const struct index_project *found;
    struct err err = {0};
    index_prefetch(x->index, &name, 1);
    assert_ok(index_project(x->index, name, &found, &err));
    memset(text, '!', 3);
    assert_str(found->name, "foo");
    assert_ptr_equal(found, project(x));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(listed_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_find_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(as_of_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_copied, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
