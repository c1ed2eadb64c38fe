/* Specs and results as JSON: every field comes back, nothing that is read can do harm. */
#include "build/spec.h"

#include <string.h>

#include "unit.h"

static void same_list(struct spec_list a, struct spec_list b)
{
    assert_int_equal(a.len, b.len);
    for (size_t i = 0; i < a.len; i++)
        assert_true(str_eq(a.at[i], b.at[i]));
}

static void same_files(struct spec_files a, struct spec_files b)
{
    assert_int_equal(a.len, b.len);
    for (size_t i = 0; i < a.len; i++)
        assert_true(str_eq(a.at[i].filename, b.at[i].filename) &&
                    str_eq(a.at[i].url, b.at[i].url) && str_eq(a.at[i].sha256, b.at[i].sha256));
}

static const struct str words[] = {STR_INIT("apt:libyaml-dev"), STR_INIT(""),
                                   STR_INIT("env:K=\"quoted\"\n\\"), STR_INIT("env:\xc3\xa4=1")};
static const struct spec_file files[] = {
    {STR_INIT("a-1-py3-none-any.whl"), STR_INIT("https://u:p@h/a"), STR_INIT("00ff")},
    {STR_INIT("b.tar.gz"), STR_INIT("/dir with space/b"), STR_INIT("")}};

static const struct spec full = {
    .name = STR_INIT("n"),
    .version = STR_INIT("1.0+l"),
    .python = STR_INIT("3.11"),
    .arch = STR_INIT("s390x"),
    .platform_tag = STR_INIT("manylinux2014_s390x"),
    .for_build_machine = true,
    .strict_floor = true,
    .strategy = STR_INIT("hybrid"),
    .source = {STR_INIT("s.tar.gz"), STR_INIT("https://h/s"), STR_INIT("abcd")},
    .requires = {files, 2},
    .wheels = {files, 1},
    .recipes = {words, 4},
    .preset = STR_INIT("debian"),
    .cache = STR_INIT("/c"),
    .mirror = STR_INIT("http://m"),
    .net = {.trusted_hosts = {words, 2},
            .proxy = STR_INIT("http://p:1"),
            .ca_file = STR_INIT("/ca.pem"),
            .client_cert = STR_INIT("/me.pem"),
            .offline = true},
    .commit = STR_INIT("c0ffee"),
    .cpu_milli = 1500,
    .memory_bytes = (int64_t)1 << 40,
    .timeout_ms = INT64_MAX,
    .silence_ms = 1,
    .as_json = true,
    .fresh = true,
    .retry_failed = true};

static void test_spec_round_trip(void **state)
{
    (void)state;
    for (int kind = SPEC_FETCH; kind <= SPEC_PROVE; kind++) {
        ARENA_AUTO struct arena arena = {0};
        BUF_AUTO struct buf text = {0}, again = {0};
        struct err err = {0};
        struct spec spec = full, read;
        spec.kind = (enum spec_kind)kind;
        spec_write(&spec, &text);
        assert_ok(spec_read(buf_str(&text), &arena, &read, &err));
        assert_int_equal(read.kind, kind);
        assert_true(str_eq(read.name, full.name) && str_eq(read.version, full.version));
        assert_true(str_eq(read.python, full.python) && str_eq(read.arch, full.arch));
        assert_true(str_eq(read.platform_tag, full.platform_tag));
        assert_true(read.for_build_machine && read.strict_floor && read.as_json && read.fresh);
        assert_true(read.retry_failed);
        assert_true(str_eq(read.strategy, full.strategy) && str_eq(read.preset, full.preset));
        same_files((struct spec_files){&read.source, 1}, (struct spec_files){&full.source, 1});
        same_files(read.requires, full.requires);
        same_files(read.wheels, full.wheels);
        same_list(read.recipes, full.recipes);
        same_list(read.net.trusted_hosts, full.net.trusted_hosts);
        assert_true(str_eq(read.net.proxy, full.net.proxy) && read.net.offline);
        assert_true(str_eq(read.net.ca_file, full.net.ca_file));
        assert_true(str_eq(read.net.client_cert, full.net.client_cert));
        assert_true(str_eq(read.commit, full.commit));
        assert_true(str_eq(read.cache, full.cache) && str_eq(read.mirror, full.mirror));
        assert_true(read.cpu_milli == 1500 && read.memory_bytes == (int64_t)1 << 40);
        assert_true(read.timeout_ms == INT64_MAX && read.silence_ms == 1);
        spec_write(&read, &again); /* whatever this test forgot */
        assert_true(str_eq(buf_str(&text), buf_str(&again)));
    }
}

static const struct spec_graft grafts[] = {
    {STR_INIT("libfoo-1234.so.2"), STR_INIT("libfoo2 1.0-1"), STR_INIT("aa")},
    {STR_INIT(""), STR_INIT(""), STR_INIT("")}};

static const struct spec_result full_result = {.cached = true,
                                               .key = STR_INIT("k"),
                                               .why = STR_INIT("a \"sentence\""),
                                               .file = STR_INIT("f.whl"),
                                               .sha256 = STR_INIT("ff"),
                                               .tag = STR_INIT("cp311"),
                                               .floor = STR_INIT("2.17"),
                                               .policy = STR_INIT("manylinux_2_17"),
                                               .grafts = grafts,
                                               .graft_count = 2,
                                               .requires = {words, 1},
                                               .facts = {words, 2},
                                               .evidence = {words, 4},
                                               .value = STR_INIT("{\"x\":[1]}"),
                                               .metadata =
                                                   STR_INIT("Metadata-Version: 2.1\n\n\ttext\n"),
                                               .cpu_ms = 12,
                                               .peak_bytes = 13,
                                               .build_ms = 14};

static void test_result_round_trip(void **state)
{
    (void)state;
    for (int outcome = 0; outcome < SPEC_OUTCOME_COUNT; outcome++) {
        ARENA_AUTO struct arena arena = {0};
        BUF_AUTO struct buf text = {0}, again = {0};
        struct err err = {0};
        struct spec_result result = full_result, read;
        result.outcome = (enum spec_outcome)outcome;
        spec_result_write(&result, &text);
        assert_null(memchr(text.ptr, '\n', text.len)); /* one line of the status stream */
        assert_ok(spec_result_read(buf_str(&text), &arena, &read, &err));
        assert_int_equal(read.outcome, outcome);
        assert_true(read.cached && str_eq(read.key, full_result.key));
        assert_true(str_eq(read.why, full_result.why) && str_eq(read.file, full_result.file));
        assert_true(str_eq(read.sha256, full_result.sha256) && str_eq(read.tag, full_result.tag));
        assert_true(str_eq(read.floor, full_result.floor));
        assert_true(str_eq(read.policy, full_result.policy));
        assert_int_equal(read.graft_count, 2);
        assert_true(str_eq(read.grafts[0].name, grafts[0].name) &&
                    str_eq(read.grafts[0].origin, grafts[0].origin) &&
                    str_eq(read.grafts[0].digest, grafts[0].digest));
        same_list(read.requires, full_result.requires);
        same_list(read.facts, full_result.facts);
        same_list(read.evidence, full_result.evidence);
        assert_true(str_eq(read.value, full_result.value));
        assert_true(str_eq(read.metadata, full_result.metadata));
        assert_true(read.cpu_ms == 12 && read.peak_bytes == 13 && read.build_ms == 14);
        spec_result_write(&read, &again);
        assert_true(str_eq(buf_str(&text), buf_str(&again)));
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < SPEC_OUTCOME_COUNT; i++) {
        assert_non_null(spec_outcome_name((enum spec_outcome)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(spec_outcome_name((enum spec_outcome)i),
                                    spec_outcome_name((enum spec_outcome)j));
    }
    assert_string_equal(spec_outcome_name(SPEC_ENVIRONMENT), "environment");
    assert_string_equal(spec_outcome_name(SPEC_OK), "ok");
    assert_string_equal(spec_kind_name(SPEC_PROVE), "prove");
}

/* A compiler's line in Latin-1 must not make the whole result unreadable. */
static void test_bytes_that_are_no_text(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf text = {0};
    struct err err = {0};
    const struct str odd[] = {STR("error: \xe4\xf6 \xff"), STR("cut \xe2\x82"), STR("nul \0 in")};
    struct spec_result result = {.outcome = SPEC_BUILD_FAILED, .why = odd[0], .evidence = {odd, 3}};
    struct spec_result read;
    spec_result_write(&result, &text);
    assert_ok(spec_result_read(buf_str(&text), &arena, &read, &err));
    assert_str(read.why, "error: \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd");
    assert_str(read.evidence.at[1], "cut \xef\xbf\xbd\xef\xbf\xbd");
    assert_int_equal(read.evidence.at[2].len, 8);
}

static void test_hostile(void **state)
{
    (void)state;
    static const char *const refused[] = {"",
                                          "{",
                                          "[]",
                                          "null",
                                          "1",
                                          "\"wheel\"",
                                          "{}",
                                          "{\"kind\":7}",
                                          "{\"kind\":\"Wheel\"}",
                                          "{\"outcome\":\"\"}",
                                          "{\"kind\":\"wheel\"} x",
                                          "{\"kind\":\"whe\\u0000el\"}",
                                          "{\"kind\":\"wheel\",\"name\":\"\xff\"}"};
    struct spec spec = {.cpu_milli = 77};
    struct spec_result result = {.cpu_ms = 77};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        assert_false(spec_read(str_from(refused[i]), &arena, &spec, &err));
        assert_true(err.code == ERR_FORMAT && err.text[0]);
        assert_false(spec_result_read(str_from(refused[i]), &arena, &result, &err));
        assert_true(spec.cpu_milli == 77 && result.cpu_ms == 77); /* outputs untouched */
    }
    ARENA_AUTO struct arena arena = {0};
    char deep[400];
    struct err err = {0};
    memset(deep, '[', sizeof deep);
    assert_false(spec_read(str_of(deep, sizeof deep), &arena, &spec, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_wrong_types(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct spec spec;
    struct spec_result result;
    assert_ok(spec_read(STR("{\"kind\":\"test\",\"name\":[],\"source\":3,\"wheels\":{\"a\":1},"
                            "\"requires\":[1,null,\"x\"],\"recipes\":[1,\"r\"],\"fresh\":\"yes\","
                            "\"cpu_milli\":18446744073709551615,\"timeout_ms\":1.5}"),
                        &arena, &spec, &err));
    assert_true(spec.name.len == 0 && spec.source.url.len == 0 && spec.wheels.len == 0);
    assert_int_equal(spec.requires.len, 3);
    assert_int_equal(spec.requires.at[2].filename.len, 0);
    assert_str(spec.recipes.at[1], "r");
    assert_true(!spec.fresh && spec.cpu_milli == 0 && spec.timeout_ms == 0);
    assert_ok(spec_result_read(STR("{\"outcome\":\"ok\",\"grafts\":[1,{}],\"evidence\":\"x\"}"),
                               &arena, &result, &err));
    assert_int_equal(result.graft_count, 2);
    assert_int_equal(result.evidence.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec_round_trip),
        cmocka_unit_test(test_result_round_trip),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_wrong_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
