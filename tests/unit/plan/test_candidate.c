#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pkg/filename.h"
#include "plan/candidate.h"

/* A provider of one project, foo, whose files are in a listing, and that counts what is looked at.
 */
struct world {
    struct arena arena;
    struct buf bytes;
    struct listing listing;
    struct provider_file own[1];
    size_t own_len, looks;
    int64_t latest_ms;
    struct tags tags;
    struct solve_env env;
    struct provider provider;
};

enum { RELEASES = 2000 };

static bool files(void *state, struct str name, struct arena *arena, struct provider_files *found,
                  struct err *err)
{
    const struct world *w = state;
    (void)arena;
    if (!str_eq(name, STR("foo")))
        return err_set(err, ERR_NOT_FOUND, "no index knows it");
    *found = (struct provider_files){
        .at = w->own, .len = w->own_len, .listing = &w->listing, .latest_ms = w->latest_ms};
    return true;
}

static bool listed_files(void *state, struct str name, const struct version *version,
                         struct arena *arena, struct provider_files *found, struct err *err)
{
    struct world *w = state;
    const struct simple_file *listed = NULL;
    size_t len = 0;
    (void)name;
    (void)err;
    w->looks++;
    for (uint32_t i = 0; i < w->listing.releases && !listed; i++)
        if (str_eq(listing_version(&w->listing, i), version->text))
            assert_true(listing_files(&w->listing, i, STR("http://h/"), arena, &listed, &len));
    assert_non_null(listed);
    struct provider_file *made = ARENA_ARRAY(arena, struct provider_file, len);
    for (size_t i = 0; i < len; i++)
        made[i] = (struct provider_file){
            .filename = listed[i].filename,
            .sha256 = simple_find_hash(listed[i].hashes, listed[i].hashes_len, "sha256"),
            .requires_python = listed[i].requires_python,
            .yanked = listed[i].yanked,
            .yanked_reason = listed[i].yanked_reason,
            .origin = PROVIDER_INDEX};
    *found = (struct provider_files){.at = made, .len = len};
    return true;
}

static bool metadata(void *state, const struct provider_release *release, struct arena *arena,
                     struct provider_metadata *found, struct err *err)
{
    (void)state;
    (void)release;
    (void)arena;
    (void)err;
    *found = (struct provider_metadata){0};
    return true;
}

static void list(struct world *w, const struct simple_file *listed, size_t len)
{
    struct listing_entry *entries = ARENA_ARRAY(&w->arena, struct listing_entry, len);
    const struct listing_page page = {.url = STR("http://h/foo/")};
    struct err err = {0};
    for (size_t i = 0; i < len; i++) {
        struct wheel_name wheel;
        struct sdist_name sdist;
        entries[i].file = &listed[i];
        entries[i].is_wheel = filename_kind(listed[i].filename) == FILENAME_WHEEL;
        if (entries[i].is_wheel) {
            assert_ok(filename_parse_wheel(listed[i].filename, &w->arena, &wheel, &err));
            entries[i].version = wheel.version;
            entries[i].set = (struct tag){wheel.python, wheel.abi, wheel.platform};
        } else {
            assert_ok(
                filename_parse_sdist(listed[i].filename, STR("foo"), &w->arena, &sdist, &err));
            entries[i].version = sdist.version;
        }
    }
    buf_clear(&w->bytes);
    assert_true(listing_write(&page, entries, len, &w->bytes));
    assert_true(listing_read(buf_str(&w->bytes), NULL, &w->listing));
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct tag_target target = {.python_minor = 11, .arch = STR("s390x"), .libc_minor = 17};
    struct err err = {0};
    assert_ok(tags_build(&target, &w->arena, &w->tags, &err));
    w->env = (struct solve_env){.tags = &w->tags,
                                .marker = marker_env_linux(STR("3.11.2"), STR("s390x"))};
    assert_true(version_try(STR("3.11.2"), &w->env.python));
    w->provider = (struct provider){
        .state = w, .files = files, .listed_files = listed_files, .metadata = metadata};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    buf_free(&w->bytes);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static struct candidate_list make(struct world *w, const struct candidate_rule *rule)
{
    struct provider_files found;
    struct candidate_list made;
    struct err err = {0};
    assert_ok(files(w, STR("foo"), &w->arena, &found, &err));
    assert_ok(candidate_list_make(STR("foo"), &found, rule, &w->env, &w->provider, &w->arena,
                                  &w->arena, &made, &err));
    return made;
}

/* Everything a row tells is judged without a look, as the files themselves would be. */
static void rows_decide(void **state)
{
    static const struct simple_file listed[] = {
        {.filename = STR_INIT("foo-1.0-py3-none-any.whl"), .upload_time_ms = 10},
        {.filename = STR_INIT("foo-2.0-cp311-cp311-manylinux_2_17_x86_64.whl")},
        {.filename = STR_INIT("foo-3.0-py3-none-any.whl"), .requires_python = STR_INIT(">=3.12")},
        {.filename = STR_INIT("foo-4.0-py3-none-any.whl"), .yanked = true},
        {.filename = STR_INIT("foo-4.0.tar.gz")},
        {.filename = STR_INIT("foo-5.0-py3-none-any.whl"),
         .yanked = true,
         .yanked_reason = STR_INIT("broken")},
        {.filename = STR_INIT("foo-6.0-cp39-abi3-manylinux_2_17_s390x.whl")},
    };
    static const enum candidate_out out[] = {CANDIDATE_IN, CANDIDATE_NO_FILE, CANDIDATE_PYTHON,
                                             CANDIDATE_IN, CANDIDATE_IN,      CANDIDATE_IN};
    struct world *w = *state;
    struct candidate_rule rule = {0};
    struct err err = {0};
    list(w, listed, sizeof listed / sizeof *listed);
    struct candidate_list made = make(w, &rule);
    assert_int_equal(made.len, 6);
    for (size_t i = 0; i < made.len; i++)
        assert_int_equal(made.at[i].out, out[i]);
    assert_false(made.at[3].yanked); /* its sdist is not */
    assert_true(made.at[4].yanked);
    assert_int_equal(w->looks, 0);
    assert_ok(candidate_look(&made, &made.at[3], &err));
    assert_null(made.at[3].release->wheel);
    assert_str(made.at[3].release->sdist->filename, "foo-4.0.tar.gz");
    assert_ok(candidate_look(&made, &made.at[3], &err));
    assert_int_equal(w->looks, 1);
    assert_true(
        str_starts(candidate_why_out(&made, &made.at[1], &w->arena), STR("neither a wheel for ")));
    assert_int_equal(w->looks, 2);
    rule.wheels_only = true;
    made = make(w, &rule);
    assert_true(made.at[3].yanked);
}

static void later_uploads_are_not_there(void **state)
{
    static const struct simple_file listed[] = {
        {.filename = STR_INIT("foo-1.0-py3-none-any.whl"), .upload_time_ms = 10},
        {.filename = STR_INIT("foo-2.0-py3-none-any.whl"), .upload_time_ms = 20},
        {.filename = STR_INIT("foo-3.0-py3-none-any.whl"), .upload_time_ms = 30},
        {.filename = STR_INIT("foo-4.0-py3-none-any.whl"), .upload_time_ms = -1},
    };
    const struct candidate_rule rule = {0};
    struct world *w = *state;
    list(w, listed, sizeof listed / sizeof *listed);
    assert_int_equal(make(w, &rule).len, 4);
    w->latest_ms = 20;
    struct candidate_list made = make(w, &rule);
    assert_int_equal(made.len, 2); /* nor is what has no time */
    assert_str(made.at[1].version.text, "2.0");
}

static void hashes_are_looked_at(void **state)
{
    static const struct simple_hash ab[] = {{STR_INIT("sha256"), STR_INIT("ab")}};
    static const struct simple_hash cd[] = {{STR_INIT("sha256"), STR_INIT("cd")}};
    static const struct simple_file listed[] = {
        {.filename = STR_INIT("foo-1.0-py3-none-any.whl"), .hashes = ab, .hashes_len = 1},
        {.filename = STR_INIT("foo-2.0-py3-none-any.whl"), .hashes = cd, .hashes_len = 1},
    };
    static const struct str wanted = STR_INIT("AB");
    const struct candidate_rule rule = {.hashes = &wanted, .hashes_len = 1};
    struct world *w = *state;
    list(w, listed, sizeof listed / sizeof *listed);
    struct candidate_list made = make(w, &rule);
    assert_int_equal(made.at[0].out, CANDIDATE_IN);
    assert_int_equal(made.at[1].out, CANDIDATE_HASH);
}

static void own_files_join(void **state)
{
    static const struct simple_file listed[] = {
        {.filename = STR_INIT("foo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl")},
        {.filename = STR_INIT("foo-3.0-py3-none-any.whl")},
    };
    const struct candidate_rule rule = {0};
    struct world *w = *state;
    struct err err = {0};
    list(w, listed, sizeof listed / sizeof *listed);
    w->own[0] =
        (struct provider_file){.filename = STR("foo-1.0.tar.gz"), .origin = PROVIDER_FIND_LINKS};
    w->own_len = 1;
    struct candidate_list made = make(w, &rule);
    assert_int_equal(made.len, 2);
    assert_int_equal(made.at[0].out, CANDIDATE_IN);
    assert_ok(candidate_look(&made, &made.at[0], &err));
    assert_int_equal(made.at[0].release->files_len, 2);
    assert_ptr_equal(made.at[0].release->sdist, &w->own[0]);
    w->own[0].filename = STR("foo-2.0.tar.gz");
    made = make(w, &rule);
    assert_int_equal(made.len, 3);
    assert_str(made.at[1].version.text, "2.0");
}

/* What a project of many releases costs is what was looked at. */
static void looks_at_the_answer_alone(void **state)
{
    struct world *w = *state;
    struct simple_file *listed = ARENA_ARRAY(&w->arena, struct simple_file, RELEASES);
    struct solve_require require = {.origin = STR("r.txt:1")};
    struct solve_result result;
    struct str explanation = STR("");
    struct err err = {0};
    for (size_t i = 0; i < RELEASES; i++)
        listed[i].filename = arena_printf(&w->arena, "foo-%zu-py3-none-any.whl", i);
    list(w, listed, RELEASES);
    assert_ok(requirement_parse(STR("foo<1500"), &w->arena, &require.req, &err));
    struct solve_request request = {.env = &w->env, .requires = &require, .requires_len = 1};
    assert_ok(solve_run(&request, &w->provider, &w->arena, &result, &explanation, &err));
    assert_int_equal(result.picks_len, 1);
    assert_str(result.picks[0].version, "1499");
    assert_int_equal(w->looks, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_decide, set_up, tear_down),
        cmocka_unit_test_setup_teardown(later_uploads_are_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hashes_are_looked_at, set_up, tear_down),
        cmocka_unit_test_setup_teardown(own_files_join, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looks_at_the_answer_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
