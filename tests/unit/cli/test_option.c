#include "unit.h"

#include "cli/command.h"
#include "cli/config.h"
#include "cli/option_value.h"

struct setting {
    const char *const *env; /* name, value, ..., NULL */
    const char *config;
};

static const char *setting_env(void *state, const char *name)
{
    const struct setting *setting = state;
    for (size_t i = 0; setting->env && setting->env[i]; i += 2)
        if (str_eq(str_from(setting->env[i]), str_from(name)))
            return setting->env[i + 1];
    return NULL;
}

static bool setting_config(void *state, struct str path, struct arena *arena,
                           struct option_entries *out, struct err *err)
{
    const struct setting *setting = state;
    return config_parse(str_from(setting->config), path, arena, out, err);
}

static bool parse(struct setting *setting, const char *const *args, unsigned command,
                  struct arena *arena, struct options *options, struct option_list *rest,
                  struct err *err)
{
    struct option_sources sources = {args, setting_env, setting_config, setting, command};
    return option_parse(&sources, arena, options, rest, err);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void test_precedence(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct options options;
    struct option_list rest;
    const char *const env[] = {"REFINERY_JOBS", "4", "REFINERY_MAX_ATTEMPTS", "5", NULL};
    struct setting setting = {env, "jobs: 6\nmax_attempts: 7\nmax-deps: 8\n"};
    (void)state;
    assert_ok(parse(&setting, ARGS("--jobs=2", "--config", "c.yaml"), COMMAND_RUN, &arena, &options,
                    &rest, &err));
    assert_int_equal(option_int(&options, OPTION_JOBS), 2);
    assert_int_equal(option_int(&options, OPTION_MAX_ATTEMPTS), 5);
    assert_int_equal(option_int(&options, OPTION_MAX_DEPS), 8);
    assert_int_equal(option_ms(&options, OPTION_ATTEMPT_TIMEOUT), 900000);
    assert_str(options.values[OPTION_JOBS].source, "--jobs");
    assert_str(options.values[OPTION_MAX_ATTEMPTS].source, "REFINERY_MAX_ATTEMPTS");
    assert_str(options.values[OPTION_MAX_DEPS].source, "c.yaml:3: max-deps");
    assert_true(option_is_set(&options, OPTION_MAX_DEPS));
    assert_false(option_is_set(&options, OPTION_ATTEMPT_TIMEOUT));
}

static void test_documented_defaults(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct options o;
    struct option_list rest;
    const char *const env[] = {"HOME", "/home/u", NULL};
    struct setting setting = {env, NULL};
    (void)state;
    assert_ok(parse(&setting, ARGS("--output", "out"), COMMAND_RUN, &arena, &o, &rest, &err));
    assert_str(option_str(&o, OPTION_PLATFORM_TAG), "manylinux2014_s390x");
    assert_str(option_str(&o, OPTION_FLOOR), "best");
    assert_str(option_str(&o, OPTION_STRATEGY), "auto");
    assert_str(option_str(&o, OPTION_SCHEDULE), "critical-path");
    assert_str(option_str(&o, OPTION_CACHE), "/home/u/.cache/refinery");
    assert_str(option_str(&o, OPTION_HISTORY_DB), "/home/u/.cache/refinery/history.db");
    assert_str(option_str(&o, OPTION_MANIFEST), "out/manifest.json");
    assert_int_equal(option_int(&o, OPTION_JOBS), 1);
    assert_int_equal(option_int(&o, OPTION_MAX_ATTEMPTS), 3);
    assert_int_equal(option_ms(&o, OPTION_ATTEMPT_BACKOFF_BASE), 5000);
    assert_int_equal(option_ms(&o, OPTION_ATTEMPT_BACKOFF_MAX), 60000);
    assert_int_equal(option_int(&o, OPTION_MAX_DEPS), 1000);
    assert_true(option_flag(&o, OPTION_SYSTEM_RECIPES));
    assert_false(option_flag(&o, OPTION_AUTO_APPLY_SUGGESTIONS));
}

static void test_lists_flags_and_rest(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct options o;
    struct option_list rest;
    const char *const env[] = {"PIP_FIND_LINKS", " a  b ", "PIP_EXTRA_INDEX_URL", "never", NULL};
    struct setting setting = {env, "trusted-host: [x, y]\nonly: z\n"};
    (void)state;
    assert_ok(parse(&setting,
                    ARGS("--extra-index-url", "u1", "--extra-index-url=u2", "-j2",
                         "--no-system-recipes", "--no-color", "--config=c", "--", "-x"),
                    COMMAND_RUN, &arena, &o, &rest, &err));
    assert_int_equal(option_list(&o, OPTION_EXTRA_INDEX_URL).len, 2);
    assert_str(option_list(&o, OPTION_EXTRA_INDEX_URL).at[1], "u2");
    assert_int_equal(option_list(&o, OPTION_FIND_LINKS).len, 2);
    assert_str(option_list(&o, OPTION_FIND_LINKS).at[1], "b");
    assert_int_equal(option_list(&o, OPTION_TRUSTED_HOST).len, 2);
    assert_int_equal(option_list(&o, OPTION_ONLY).len, 1);
    assert_int_equal(option_int(&o, OPTION_JOBS), 2);
    assert_false(option_flag(&o, OPTION_SYSTEM_RECIPES));
    assert_false(option_flag(&o, OPTION_COLOR));
    assert_int_equal(rest.len, 1);
    assert_str(rest.at[0], "-x");
}

static void test_top_takes_a_number_or_none(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct options o;
    struct option_list rest;
    struct setting setting = {0};
    (void)state;
    assert_ok(parse(&setting, ARGS("--top-slowest", "--top-failures", "3", "--limit", "7"),
                    COMMAND_HISTORY, &arena, &o, &rest, &err));
    assert_int_equal(option_int(&o, OPTION_TOP_SLOWEST), 10);
    assert_int_equal(option_int(&o, OPTION_TOP_FAILURES), 3);
    assert_int_equal(option_int(&o, OPTION_RECENT), 7);
    assert_int_equal(rest.len, 0);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *args[4];
        const char *config, *says;
    } cases[] = {
        {{"--requirments", "x"},
         NULL,
         "unknown option --requirments; did you mean --requirements?"},
        {{"--zzzzzzzz"}, NULL, "unknown option --zzzzzzzz"},
        {{"--recent=3"}, NULL, "--recent is not an option of \"run\""},
        {{"--jobs"}, NULL, "--jobs needs a value: N"},
        {{"--jobs", "two"}, NULL, "--jobs: \"two\" is not a whole number"},
        {{"--jobs", "-1"}, NULL, "--jobs: \"-1\" is not a whole number"},
        {{"--floor", "low"}, NULL, "--floor: \"low\" is none of: strict, best"},
        {{"--no-json=1"}, NULL, "--no-json takes no value"},
        {{"-q"}, NULL, "unknown option -q"},
        {{"--config=c"}, "job: 2\n", "c:1: job: no such option; did you mean \"jobs\"?"},
        {{"--config=c"}, "\njobs: [1, 2]\n", "c:2: jobs: takes one value, not a list"},
        {{"--config=c"}, "jobs: 1\njobs: 2\n", "c:2: this option is given twice"},
        {{"--config=c"}, "- jobs\n", "c:1: a mapping of options is expected: \"jobs: 2\""},
        {{"--config=c"}, "jobs: {a: 1}\n", "c:1: a plain value is expected here"},
        {{"--config=c"}, "only: &a [x]\nrebuild: *a\n", "c:2: aliases are not allowed here"},
        {{"--config=c"}, "jobs: 1\n---\njobs: 2\n", "c:2: only one document is allowed"},
        {{"--config=c"}, "help: yes\n", "c:1: help: no such option"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct options o;
        struct option_list rest;
        struct setting setting = {NULL, cases[i].config};
        assert_false(parse(&setting, cases[i].args, COMMAND_RUN, &arena, &o, &rest, &err));
        assert_int_equal(err.code, ERR_USAGE);
        if (!str_starts(str_from(err.text), str_from(cases[i].says)))
            fail_msg("\"%s\", not \"%s\"", err.text, cases[i].says);
    }
}

static void test_values(void **state)
{
    static const struct {
        enum option_kind kind;
        const char *text;
        int64_t number; /* -1: refused */
    } cases[] = {
        {OPTION_DURATION, "90", 90000},
        {OPTION_DURATION, "15m", 900000},
        {OPTION_DURATION, "1h30m", 5400000},
        {OPTION_DURATION, "0.5s", 500},
        {OPTION_DURATION, "250ms", 250},
        {OPTION_DURATION, "1x", -1},
        {OPTION_DURATION, "1 h", -1},
        {OPTION_DURATION, "", -1},
        {OPTION_DURATION, "99999999999999999999", -1},
        {OPTION_DURATION, "9999999999999w", -1},
        {OPTION_SIZE, "4g", INT64_C(4) << 30},
        {OPTION_SIZE, "512MiB", 512 << 20},
        {OPTION_SIZE, "1.5k", 1536},
        {OPTION_SIZE, "-1", -1},
        {OPTION_DECIMAL, "1.5", 1500},
        {OPTION_DECIMAL, "2", 2000},
        {OPTION_DECIMAL, ".", -1},
        {OPTION_DECIMAL, "1.5x", -1},
        {OPTION_TIME, "1970-01-02", 86400000},
        {OPTION_TIME, "2024-02-29T12:00:00Z", INT64_C(1709208000000)},
        {OPTION_TIME, "2024-02-29T12:00:00.25+01:30", INT64_C(1709202600000)},
        {OPTION_TIME, "1700000000", INT64_C(1700000000000)},
        {OPTION_TIME, "2023-02-29", -1},
        {OPTION_TIME, "2023-13-01", -1},
        {OPTION_TIME, "2023-01-01T25:00:00Z", -1},
        {OPTION_TIME, "2023-01-01T05:00:00+1", -1},
        {OPTION_FLAG, "Yes", 1},
        {OPTION_FLAG, "off", 0},
        {OPTION_FLAG, "maybe", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t number = -1;
        bool ok = option_value_number(cases[i].kind, str_from(cases[i].text), &number);
        if (ok != (cases[i].number >= 0) || number != cases[i].number)
            fail_msg("\"%s\" gives %d, %lld", cases[i].text, ok, (long long)number);
    }
}

/* What the table itself must keep: names once per command, defaults that parse, known groups. */
static void test_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_spec *spec = option_spec((enum option_id)i);
        int64_t number;
        assert_true(spec->commands != 0);
        assert_true(*option_group((enum option_id)i));
        if (*spec->fallback && spec->kind == OPTION_CHOICE)
            assert_true(option_value_is_choice(spec->choices, str_from(spec->fallback)));
        if (*spec->fallback)
            assert_true(option_value_number(spec->kind, str_from(spec->fallback), &number));
        for (size_t j = 0; j < i; j++) {
            const struct option_spec *other = option_spec((enum option_id)j);
            struct str mine = str_from(spec->names), theirs, a, b;
            if (!(spec->commands & other->commands))
                continue;
            assert_true(!spec->letter || spec->letter != other->letter);
            while (str_next(&mine, '|', &a))
                for (theirs = str_from(other->names); str_next(&theirs, '|', &b);)
                    assert_false(str_eq(a, b));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_documented_defaults),
        cmocka_unit_test(test_lists_flags_and_rest),
        cmocka_unit_test(test_top_takes_a_number_or_none),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_table_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
