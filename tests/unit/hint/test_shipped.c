/*
 * The shipped catalogue: every hint is usable, matches its examples and none of its
 * counterexamples, which all are lines of real logs (tests/data/hints), and those logs are read as
 * expected.txt says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/vec.h"
#include "hint/classify.h"
#include "os/file.h"
#include "pkg/name.h"
#include "unit.h"

struct world {
    struct arena arena;
    struct hint_catalogue catalogue;
    struct hint_complaints complaints;
    VEC(struct str) names; /* of logs, and their texts */
    VEC(struct str) texts;
};

static struct world world;

static bool keep_log(void *state, int dirfd, struct str name, struct err *err)
{
    struct str text;
    (void)state;
    if (!str_ends(name, STR(".log")))
        return true;
    name = arena_str(&world.arena, name);
    if (!file_read(dirfd, name.ptr, 1 << 20, &world.arena, &text, err))
        return false;
    *vec_push(&world.names, &world.arena) = name;
    *vec_push(&world.texts, &world.arena) = text;
    return true;
}

static int setup(void **state)
{
    struct err err = {0};
    (void)state;
    catalogue_open(NULL, 0, true, &world.arena, &world.catalogue, &world.complaints);
    if (!file_each(AT_FDCWD, TEST_HINTS, keep_log, NULL, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return world.texts.len > 20 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    catalogue_close(&world.catalogue);
    arena_free(&world.arena);
    return 0;
}

static void test_usable(void **state)
{
    (void)state;
    for (size_t i = 0; i < world.complaints.len; i++)
        fprintf(stderr, STR_FMT "\n", STR_ARG(world.complaints.at[i]));
    assert_int_equal(world.complaints.len, 0);
    assert_true(world.catalogue.len >= 60);
}

static bool is_logged(struct str line)
{
    for (size_t i = 0; i < world.texts.len; i++) {
        struct str rest = world.texts.at[i], other;
        while (str_next_line(&rest, &other))
            if (str_eq(line, other))
                return true;
    }
    return false;
}

/* Found by the whole way, as in a log of its own. */
static bool finds(const struct hint *hint, struct str line)
{
    CLASSIFIER_AUTO struct classifier *classifier = classifier_open(&world.catalogue, &world.arena);
    struct hint_reading reading;
    classifier_feed(classifier, line);
    classifier_end(classifier, &reading);
    for (size_t i = 0; i < reading.len; i++)
        if (reading.findings[i].hint == hint)
            return hint->need == NEED_NONE || reading.findings[i].need == hint->need;
    return false;
}

static void test_examples(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < world.catalogue.len; i++) {
        const struct hint *hint = &world.catalogue.at[i];
        const struct hint_list *const lists[] = {&hint->examples, &hint->counterexamples};
        for (size_t kind = 0; kind < 2; kind++) {
            if (!hint->pattern.len)
                continue;
            if (!lists[kind]->len && ++wrong)
                fprintf(stderr, STR_FMT ": no %s\n", STR_ARG(hint->id),
                        kind ? "counterexample" : "example");
            for (size_t j = 0; j < lists[kind]->len; j++) {
                struct str line = lists[kind]->at[j];
                if (finds(hint, line) != (kind == 0) && ++wrong)
                    fprintf(stderr, STR_FMT ": %s: " STR_FMT "\n", STR_ARG(hint->id),
                            kind ? "must not match" : "does not match", STR_ARG(line));
                if (!is_logged(line) && ++wrong)
                    fprintf(stderr, STR_FMT ": not in any log: " STR_FMT "\n", STR_ARG(hint->id),
                            STR_ARG(line));
            }
        }
    }
    assert_int_equal(wrong, 0);
}

/* All that a log is read as, a line a finding: "hint name version". */
static struct str reading_of(struct str text)
{
    CLASSIFIER_AUTO struct classifier *classifier = classifier_open(&world.catalogue, &world.arena);
    struct hint_reading reading;
    BUF_AUTO struct buf out = {0};
    classifier_feed(classifier, text);
    classifier_end(classifier, &reading);
    buf_printf(&out, "%s\n", hint_class_name(reading.class));
    for (size_t i = 0; i < reading.len; i++)
        buf_printf(&out, "  " STR_FMT " %s " STR_FMT " " STR_FMT "\n",
                   STR_ARG(reading.findings[i].hint->id), hint_need_name(reading.findings[i].need),
                   STR_ARG(reading.findings[i].name), STR_ARG(reading.findings[i].version));
    return arena_str(&world.arena, buf_str(&out));
}

/* With HINT_EXPECT=1 in the environment the file is written anew, to be read and committed. */
static void test_logs(void **state)
{
    BUF_AUTO struct buf all = {0};
    struct err err = {0};
    struct str expected;
    (void)state;
    for (size_t i = 0; i < world.texts.len; i++)
        buf_printf(&all, STR_FMT ": " STR_FMT, STR_ARG(world.names.at[i]),
                   STR_ARG(reading_of(world.texts.at[i])));
    if (getenv("HINT_EXPECT"))
        assert_ok(file_write(AT_FDCWD, TEST_HINTS "/expected.txt", 0644, buf_str(&all), &err));
    assert_ok(
        file_read(AT_FDCWD, TEST_HINTS "/expected.txt", 1 << 20, &world.arena, &expected, &err));
    struct str rest = buf_str(&all), line, wanted;
    while (str_next_line(&rest, &line)) {
        if (!str_next_line(&expected, &wanted) || !str_eq(line, wanted))
            fail_msg("read \"" STR_FMT "\", expected \"" STR_FMT "\"", STR_ARG(line),
                     STR_ARG(wanted));
    }
    assert_int_equal(expected.len, 0);
}

/*
 * The benchmark keeps back the packages whose name's SHA-256 begins with an odd byte: no rule may
 * know one of them. Words that are build tools are what rules are about, and not packages to build.
 */
static bool is_kept_back(struct str name)
{
    struct digest digest = digest_of(name_normal(name, &world.arena));
    return digest.bytes[0] & 1;
}

static void test_unseen(void **state)
{
    struct str table, line, name, rest;
    struct err err = {0};
    (void)state;
    for (size_t i = 0; i < world.catalogue.len; i++)
        for (size_t j = 0; j < world.catalogue.at[i].applies.packages.len; j++)
            assert_false(is_kept_back(world.catalogue.at[i].applies.packages.at[j]));
    assert_true(is_kept_back(STR("lxml")));
    assert_ok(file_read(AT_FDCWD, TEST_RECIPES, 1 << 20, &world.arena, &table, &err));
    while (str_next_line(&table, &line)) {
        str_cut(line, '\t', &name, &rest);
        if (!name.len || name.ptr[0] == '#' || name.ptr[0] == '*' || str_eq(name, STR("numpy")) ||
            !is_kept_back(name))
            continue;
        for (size_t i = 0; i < world.catalogue.len; i++) {
            const struct hint *hint = &world.catalogue.at[i];
            for (size_t j = 0; j < hint->examples.len; j++)
                if (str_find(hint->examples.at[j], name) < hint->examples.at[j].len)
                    fail_msg(STR_FMT " names " STR_FMT, STR_ARG(hint->id), STR_ARG(name));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usable),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_logs),
        cmocka_unit_test(test_unseen),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
