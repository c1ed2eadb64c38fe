#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "run/requeue.h"
#include "run/retry_file.h"

static struct err err;

static void show(const struct retry_file *file, struct buf *out)
{
    for (size_t i = 0; i < file->len; i++) {
        const struct retry_request *request = &file->at[i];
        buf_printf(out, STR_FMT "|" STR_FMT "|" STR_FMT "|", STR_ARG(request->name),
                   STR_ARG(request->version), STR_ARG(request->target));
        for (size_t w = 0; w < request->recipes.len; w++)
            buf_printf(out, "%s" STR_FMT, w ? "," : "", STR_ARG(request->recipes.at[w]));
        buf_printf(out, "|" STR_FMT "|" STR_FMT "|%d\n", STR_ARG(request->strategy),
                   STR_ARG(request->reason), (int)request->attempts);
    }
}

static void test_documents(void **state)
{
    (void)state;
    static const struct {
        const char *text, *requests;
        size_t complaints;
    } cases[] = {
        {"", "", 0},
        {" \n", "", 0},
        {"[]", "", 0},
        {"[\"six\"]", "six||||||0\n", 0},
        {"{\"queue\": [{\"name\": \"A_b\"}]}", "a-b||||||0\n", 0},
        {"{\"builds\":[{\"package\":\"a\",\"version\":\"1.0\",\"python_tag\":\"cp313t\","
         "\"platform_tag\":\"manylinux_2_28_x86_64\"}]}",
         "a|1.0|cp313t-x86_64-manylinux_2_28||||0\n", 0},
        {"[{\"package\":\"a\",\"recipes\":[\"apt:x-dev\",\"apt:x-dev\",\"sh:rm\",7],"
         "\"attempts\":-3,\"strategy\":\"fast\",\"reason\":\"it\\u001b[1m failed\"}]",
         "a|||apt:x-dev||it [1m failed|0\n", 3},
        {"[{\"package\":\"a\",\"recipes\":{\"apt\":[\"x-dev\"],\"emerge\":[\"y\"]},"
         "\"strategy\":\"hybrid\",\"attempts\":99999999}]",
         "a|||apt:x-dev|hybrid||1000\n", 1},
        {"[{\"package\":\"a\",\"recipes\":[\"env:A=1\"]},{\"name\":\"A\",\"attempts\":2,"
         "\"recipes\":[\"env:B=2\"]}]",
         "a|||env:A=1,env:B=2|||2\n", 0},
        {"[{\"package\":\"a\",\"color\":1},{\"package\":\"b\",\"color\":2}]",
         "a||||||0\nb||||||0\n", 1},
        {"[7, null, [], {}, {\"package\":\"..\"}, {\"package\":\"a\",\"version\":\"x y\"},"
         "{\"package\":\"a\",\"python_tag\":\"py3\",\"platform_tag\":\"any\"}]",
         "", 7},
        /* One tag of the two is no target. */
        {"[{\"package\":\"a\",\"python_tag\":\"cp311\"}]", "a||||||0\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        BUF_AUTO struct buf text = {0};
        struct retry_file file;
        assert_ok(retry_file_parse(str_from(cases[i].text), "q.json", &arena, &file, &err));
        show(&file, &text);
        assert_str(buf_str(&text), cases[i].requests);
        assert_int_equal(file.complaints_len, cases[i].complaints);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err_code code;
        const char *said;
    } cases[] = {
        {"[{\"package\":\"a\"},]", ERR_FORMAT, "byte 16"},
        {"{\"a\": 1}", ERR_FORMAT, "no list"},
        {"7", ERR_FORMAT, "no list"},
        {"\"six\"", ERR_FORMAT, "no list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct retry_file file;
        assert_false(retry_file_parse(str_from(cases[i].text), "q.json", &arena, &file, &err));
        assert_int_equal(err.code, cases[i].code);
        if (!strstr(err.text, cases[i].said) || !strstr(err.text, "q.json"))
            fail_msg("%s", err.text);
    }
}

/* Many requests, keys and recipes: what is said is bounded, and so is what is taken. */
static void test_limits(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf text = {0};
    struct retry_file file;
    buf_add(&text, STR("[{\"package\":\"a\",\"recipes\":[\"env:A=0\""));
    for (int i = 1; i < 100; i++)
        buf_printf(&text, ",\"env:A=%d\"", i);
    buf_add(&text, STR("]}"));
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, ",{\"key%d\": 1}", i);
    buf_add(&text, STR("]"));
    assert_ok(retry_file_parse(buf_str(&text), "q.json", &arena, &file, &err));
    assert_int_equal(file.len, 1);
    assert_int_equal(file.at[0].recipes.len, RETRY_FILE_RECIPES);
    assert_int_equal(file.complaints_len, RETRY_FILE_COMPLAINTS);
    assert_int_equal(file.complaints_more, 36 + 1000 - RETRY_FILE_COMPLAINTS);
    buf_clear(&text);
    buf_add(&text, STR("[1"));
    for (int i = 0; i < RETRY_FILE_ENTRIES; i++)
        buf_add(&text, STR(",1"));
    buf_add(&text, STR("]"));
    assert_false(retry_file_parse(buf_str(&text), "q.json", &arena, &file, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct manifest_attempt tried = {.number = 1};
    static const struct run_retry retries[] = {{.name = STR_INIT("any"), .version = STR_INIT("")}};
    const struct run_config config = {.retries = retries, .retry_count = 1};
    const struct manifest_package packages[] = {
        {.name = STR("any"), .version = STR("2"), .status = MANIFEST_BUILT},
        {.name = STR("b"), .version = STR("1"), .status = MANIFEST_REUSED},
        {.name = STR("c"), .status = MANIFEST_FAILED, .failure_class = STR("build")},
        {.name = STR("d"), .status = MANIFEST_FAILED, .blocked_by = STR("c")},
        {.name = STR("e"), .status = MANIFEST_FAILED}, /* never begun: the run was stopped */
        {.name = STR("f"), .status = MANIFEST_SKIPPED_KNOWN_FAILURE, .failure_class = STR("x")},
        {.name = STR("g"), .status = MANIFEST_MISSING},
        {.name = STR("h"),
         .status = MANIFEST_MISSING,
         .attempts = &tried,
         .attempt_count = 1,
         .failure_class = STR("fetch")},
    };
    const struct manifest manifest = {.packages = packages, .package_count = 8};
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf text = {0};
    size_t len;
    const struct store_retry_end *ends = requeue_ends(&manifest, &config, &arena, &len);
    for (size_t i = 0; i < len; i++)
        buf_printf(&text, STR_FMT STR_FMT "%s%s " STR_FMT STR_FMT ";", STR_ARG(ends[i].name),
                   STR_ARG(ends[i].version), ends[i].good ? "+" : "", ends[i].awaited ? "?" : "",
                   STR_ARG(ends[i].class), STR_ARG(ends[i].waits_for));
    assert_str(buf_str(&text), "any+ ;any2+ ;b1+ ;c build;d c;g? missing;h fetch;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
