/* The classifier: what it reads out of a log, and that it depends on the log alone. */
#include <string.h>

#include "base/buf.h"
#include "hint/classify.h"
#include "unit.h"

static const char rules[] =
    "- id: header\n"
    "  pattern: 'fatal error: (?<name>[\\w./+-]+): No such file'\n"
    "  need: header\n"
    "  confidence: 0.9\n"
    "- id: library\n"
    "  pattern: 'cannot find -l(?<name>[\\w.+-]+)'\n"
    "  need: library\n"
    "- id: option\n"
    "  pattern: \"unrecognized command-line option '(?<name>-m\\\\w+)'\"\n"
    "  class: compile\n"
    "- id: disk-full\n"
    "  pattern: 'No space left on device'\n"
    "  class: disk\n"
    "  severity: fatal\n"
    "- id: failed\n"
    "  pattern: 'returned 1 exit status'\n"
    "  class: link\n"
    "  severity: warning\n"
    "- id: probe\n"
    "  pattern: 'checking for (?<name>\\w+\\.h)\\.\\.\\. no'\n"
    "  need: header\n"
    "  severity: info\n"
    "- id: slow\n"
    "  pattern: 'slowly[ab]*[bc]*[ac]*[ab]*[bc]*[ac]*[ab]*[bc]*[ac]*never'\n"
    "  class: compile\n";

struct world {
    struct arena arena;
    struct hint_catalogue catalogue;
    struct hint_complaints complaints;
};

static int setup(void **state)
{
    static struct world world;
    const struct hint_source source = {STR("rules.yaml"), str_from(rules), ORIGIN_LOCAL};
    world = (struct world){0};
    catalogue_open(&source, 1, false, &world.arena, &world.catalogue, &world.complaints);
    *state = &world;
    return world.complaints.len == 0 && world.catalogue.len == 7 ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *world = *state;
    catalogue_close(&world->catalogue);
    arena_free(&world->arena);
    return 0;
}

/* Fed in pieces of `step` bytes. */
static struct hint_reading read_log(struct world *world, struct str log, size_t step)
{
    CLASSIFIER_AUTO struct classifier *classifier =
        classifier_open(&world->catalogue, &world->arena);
    struct hint_reading reading;
    for (size_t at = 0; at < log.len; at += step)
        classifier_feed(classifier, str_slice(log, at, at + step));
    classifier_end(classifier, &reading);
    return reading;
}

static void test_finds(void **state)
{
    struct hint_reading reading =
        read_log(*state,
                 STR("gcc -c a.c\na.c:1:10: fatal error: ffi.h: No such file or directory\n"
                     "collect2: error: ld returned 1 exit status\n"),
                 1000);
    assert_int_equal(reading.len, 2);
    assert_int_equal(reading.class, HINT_MISSING_HEADER);
    assert_str(reading.findings[0].hint->id, "header");
    assert_str(reading.findings[0].name, "ffi.h");
    assert_str(reading.findings[0].excerpt,
               "a.c:1:10: fatal error: ffi.h: No such file or directory");
    assert_int_equal(reading.findings[0].offset, 11);
    assert_int_equal(reading.findings[0].need, NEED_HEADER);
    assert_int_equal(reading.findings[1].class, HINT_LINK);
    assert_int_equal(reading.unasked, 0);
}

static void test_nothing(void **state)
{
    struct hint_reading reading = read_log(*state, STR("all is well\n"), 3);
    assert_int_equal(reading.class, HINT_UNKNOWN);
    assert_int_equal(reading.len, 0);
    assert_int_equal(reading.bytes, 12);
    reading = read_log(*state, STR(""), 1);
    assert_int_equal(reading.class, HINT_UNKNOWN);
}

static void test_escapes_and_offsets(void **state)
{
    const struct str log = STR("\x1b[1mok\x1b[m\rab\x1b]0;title\x07\n\x1b[01;31mfatal \x1b[Kerror: "
                               "\x1b[mx/y.h: No such file\r\n\x1b(Bcannot find -lz\x1b[");
    for (size_t step = 1; step < 80; step++) {
        struct hint_reading reading = read_log(*state, log, step);
        assert_int_equal(reading.len, 2);
        assert_str(reading.findings[0].name, "x/y.h");
        assert_int_equal(reading.findings[0].offset, str_find(log, STR("fatal")));
        assert_str(reading.findings[1].name, "z");
        assert_int_equal(reading.findings[1].offset, str_find(log, STR("cannot")));
        assert_int_equal(reading.bytes, log.len);
    }
}

/* A sequence that is never closed ends with its line. */
static void test_open_escape(void **state)
{
    struct hint_reading reading = read_log(
        *state,
        STR("\x1b]0;never closed\nfatal error: a.h: No such file\n\x1b[31\ncannot find -lz\n"), 5);
    assert_int_equal(reading.len, 2);
}

static void test_quotes(void **state)
{
    static const char *const logs[] = {
        "gcc: error: unrecognized command-line option \xe2\x80\x98-msse2\xe2\x80\x99",
        "gcc: error: unrecognized command-line option `-msse2'",
        "gcc: error: unrecognized command-line option \"-msse2\""};
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct hint_reading reading = read_log(*state, str_from(logs[i]), 7);
        assert_int_equal(reading.len, 1);
        assert_int_equal(reading.class, HINT_COMPILE);
    }
}

/* What is found does not depend on the pieces, with lines longer than any buffer among them. */
static void test_pieces(void **state)
{
    struct world *world = *state;
    BUF_AUTO struct buf log = {0};
    for (int i = 0; i < 400; i++) {
        for (int j = 0; j < (i * 977) % 3000; j++)
            buf_add_char(&log, (char)('a' + (i + j) % 26));
        if (i % 50 == 7)
            for (int j = 0; j < 40000; j++)
                buf_add(&log, STR("x\x1b[0m"));
        buf_printf(&log, "%sfatal error: h%d.h: No such file%s", i % 3 ? "\n" : "", i % 20,
                   i % 5 ? "\n" : " cannot find -lq ");
    }
    struct hint_reading whole = read_log(world, buf_str(&log), log.len);
    assert_true(whole.len > 10);
    static const size_t steps[] = {1, 13, 4096, 8191, 8192, 8193, 131071, 131072, 200000};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct hint_reading reading = read_log(world, buf_str(&log), steps[i]);
        assert_int_equal(reading.len, whole.len);
        for (size_t j = 0; j < whole.len; j++) {
            assert_int_equal(reading.findings[j].offset, whole.findings[j].offset);
            assert_int_equal(reading.findings[j].count, whole.findings[j].count);
            assert_true(str_eq(reading.findings[j].excerpt, whole.findings[j].excerpt));
        }
    }
}

static void test_rank(void **state)
{
    struct hint_reading reading =
        read_log(*state,
                 STR("fatal error: a.h: No such file\ncc1: fatal error: error writing to "
                     "a.o: No space left on device\n"),
                 100);
    assert_int_equal(reading.class, HINT_DISK);
    assert_int_equal(reading.len, 2);
}

/* A failed probe is no cause; of several the last is the likeliest. */
static void test_probes(void **state)
{
    struct hint_reading reading =
        read_log(*state, STR("checking for a.h... no\nchecking for b.h... no\n"), 100);
    assert_int_equal(reading.class, HINT_UNKNOWN);
    assert_int_equal(reading.len, 2);
    assert_str(reading.findings[0].name, "b.h");
    reading = read_log(*state, STR("checking for a.h... no\ncannot find -lz\n"), 100);
    assert_int_equal(reading.class, HINT_MISSING_LIBRARY);
    assert_str(reading.findings[1].name, "a.h");
}

/* A name that is none is kept out; the cause stays. */
static void test_names(void **state)
{
    static const char *const logs[] = {"fatal error: ../../etc/passwd: No such file",
                                       "fatal error: /etc/passwd: No such file",
                                       "fatal error: -oProxyCommand.h: No such file"};
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct hint_reading reading = read_log(*state, str_from(logs[i]), 100);
        assert_int_equal(reading.class, HINT_MISSING_HEADER);
        assert_int_equal(reading.findings[0].need, NEED_NONE);
        assert_int_equal(reading.findings[0].name.len, 0);
    }
}

static void test_limits(void **state)
{
    BUF_AUTO struct buf log = {0};
    for (int i = 0; i < 5000; i++)
        buf_printf(&log, "fatal error: h%d.h: No such file\n", i);
    struct hint_reading reading = read_log(*state, buf_str(&log), 1000);
    assert_int_equal(reading.len, CLASSIFY_PER_HINT);
    assert_int_equal(reading.unasked, CLASSIFY_MATCHES - CLASSIFY_PER_HINT);
    assert_str(reading.findings[0].name, "h0.h");
    buf_clear(&log);
    for (int i = 0; i < 5000; i++)
        buf_add(&log, STR("cannot find -lz\n"));
    reading = read_log(*state, buf_str(&log), 1000);
    assert_int_equal(reading.len, 1);
    assert_int_equal(reading.findings[0].count, CLASSIFY_MATCHES);
}

/* A pattern that takes too long on a line is given up, and the rest is read. */
static void test_slow_pattern(void **state)
{
    BUF_AUTO struct buf log = {0};
    for (int i = 0; i < 50; i++) {
        buf_add(&log, STR("slowly"));
        for (int j = 0; j < 200; j++)
            buf_add(&log, STR("abc"));
        buf_add(&log, STR("neve\nnever\n"));
    }
    buf_add(&log, STR("cannot find -lz\n"));
    struct hint_reading reading = read_log(*state, buf_str(&log), 999);
    assert_int_equal(reading.len, 1);
    assert_str(reading.findings[0].name, "z");
}

static void test_garbage(void **state)
{
    BUF_AUTO struct buf log = {0};
    uint32_t seed = 1;
    for (int i = 0; i < 300000; i++) {
        seed = seed * 1664525u + 1013904223u;
        buf_add_char(&log, (char)(seed >> 24));
        if (i % 1000 == 0)
            buf_add(&log,
                    STR("\nfatal error: \x1b\xff\x00.h: No such file\ncannot find -l\x1b[31m"));
    }
    struct hint_reading reading = read_log(*state, buf_str(&log), 777);
    assert_true(reading.bytes == log.len);
    for (size_t i = 0; i < reading.len; i++)
        for (size_t j = 0; j < reading.findings[i].excerpt.len; j++)
            assert_true((unsigned char)reading.findings[i].excerpt.ptr[j] >= ' ');
}

static void test_phases(void **state)
{
    struct world *world = *state;
    CLASSIFIER_AUTO struct classifier *classifier =
        classifier_open(&world->catalogue, &world->arena);
    struct hint_reading reading;
    classifier_phase(classifier, STR("requires"));
    classifier_feed(classifier, STR("cannot find -la\ncannot find -l"));
    classifier_phase(classifier, STR("wheel"));
    classifier_feed(classifier, STR("b\nfatal error: c.h: No such file\n"));
    classifier_end(classifier, &reading);
    assert_int_equal(reading.len, 2);
    assert_str(reading.findings[0].phase, "wheel");
    assert_int_equal(reading.findings[0].offset, 32);
    assert_str(reading.findings[1].phase, "requires");
}

/* Memory of a log does not grow with it. */
static void test_constant_memory(void **state)
{
    struct world *world = *state;
    ARENA_AUTO struct arena arena = {0};
    CLASSIFIER_AUTO struct classifier *classifier = classifier_open(&world->catalogue, &arena);
    struct hint_reading reading;
    BUF_AUTO struct buf log = {0};
    for (int i = 0; i < 20000; i++)
        buf_printf(&log, "\x1b[1mcannot find -l%d\x1b[m and more\rof it\n", i);
    classifier_feed(classifier, buf_str(&log));
    size_t before = arena.bytes;
    for (int i = 0; i < 50; i++)
        classifier_feed(classifier, buf_str(&log));
    assert_int_equal(arena.bytes, before);
    classifier_end(classifier, &reading);
    assert_int_equal(reading.bytes, 51 * log.len);
}

/* A run listens to every attempt: what reading takes goes, what was found stays. */
static void test_gives_back(void **state)
{
    struct world *world = *state;
    ARENA_AUTO struct arena arena = {0};
    struct hint_reading reading;
    struct classifier *classifier = classifier_open(&world->catalogue, &arena);
    classifier_feed(classifier, STR("fatal error: ffi.h: No such file\n"));
    classifier_end(classifier, &reading);
    classifier_close(&classifier);
    assert_int_equal(reading.len, 1);
    assert_str(reading.findings[0].name, "ffi.h");
    assert_true(arena.bytes < 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_finds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_escapes_and_offsets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_escape, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quotes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rank, setup, teardown),
        cmocka_unit_test_setup_teardown(test_probes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_pattern, setup, teardown),
        cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_phases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_constant_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gives_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
