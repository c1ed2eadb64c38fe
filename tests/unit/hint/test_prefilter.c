/* Literals of patterns, and the search for all of them, held against the plain search for each. */
#include "base/buf.h"
#include "hint/literal.h"
#include "hint/prefilter.h"
#include "unit.h"

static void test_literals(void **state)
{
    static const struct {
        const char *pattern, *literals; /* joined by "|" */
    } rows[] = {
        {"cannot find -l(?<name>\\w+)", "cannot find -l"},
        {"error: (?:missing|absent) thing", "error: "},
        {"x*(?:alpha|beta99)", "alpha|beta99"},
        {"^Package '?(?<name>[\\w.]+)'? was not found", " was not found"},
        {"Could NOT find (\\w+)", "could not find "},
        {"abc(?:defgh)?ij*klmnop", "klmnop"},
        {"version `?GLIBC_[0-9.]+'? not found", "version |glibc_| not found"},
        {"(?i)KILLED signal", "killed signal"},
        {"a{3}bcdef\\.so\\b", "bcdef.so"},
        {"[[:alpha:]]+\\: Unrecognized opcode", ": unrecognized opcode"},
        {"(?=look)never seen", "never seen"},
        {"colou?r of the day", "r of the day"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO struct arena arena = {0};
        BUF_AUTO struct buf joined = {0};
        struct literals literals;
        struct err err = {0};
        assert_ok(literal_extract(str_from(rows[i].pattern), &arena, &literals, &err));
        for (size_t j = 0; j < literals.len; j++)
            buf_printf(&joined, "%s" STR_FMT, j ? "|" : "", STR_ARG(literals.at[j]));
        if (i == 6) /* the longest of the three runs */
            assert_str(buf_str(&joined), " not found");
        else
            assert_str(buf_str(&joined), rows[i].literals);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *pattern, *words;
    } rows[] = {
        {".*", "nearly every line"},
        {"", "nearly every line"},
        {"err|warning", "nearly every line"},
        {"(?:error)?", "nearly every line"},
        {"\\w+ing", "nearly every line"},
        {"(a+)+ endless", "exponential"},
        {"(?:[\\w]+\\.)*endless", "exponential"},
        {"(?:x{2,})+endless", "exponential"},
        {"(unclosed", "not closed"},
        {"unopened)", "closes nothing"},
        {"[unclosed", "not closed"},
        {"(*ACCEPT)word", "verbs"},
        {"(?R)word", "not used"},
        {"(.)word\\1", "not used"},
        {"*word", "nothing here to repeat"},
        {"word\\", "not used"},
        {"((((((((((((((((((deep))))))))))))))))))", "too deep"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct literals literals;
        struct err err = {0};
        if (literal_extract(str_from(rows[i].pattern), &arena, &literals, &err))
            fail_msg("%s was accepted", rows[i].pattern);
        if (str_find(str_from(err.text), str_from(rows[i].words)) == str_from(err.text).len)
            fail_msg("%s: %s", rows[i].pattern, err.text);
        assert_true(err.position > 0);
    }
}

struct tally {
    uint32_t owners[64];
    size_t begins[64];
    size_t len;
};

static void tally_found(void *state, uint32_t owner, size_t begin)
{
    struct tally *tally = state;
    if (tally->len < 64) {
        tally->owners[tally->len] = owner;
        tally->begins[tally->len++] = begin;
    }
}

/* Small alphabets make many near misses; every occurrence is found, and nothing else. */
static void test_search(void **state)
{
    uint32_t seed = 7;
    (void)state;
    for (int round = 0; round < 400; round++) {
        ARENA_AUTO struct arena arena = {0};
        struct prefilter_literal literals[8];
        char words[8][24], text[400];
        size_t count = 1 + (size_t)round % 8;
        for (size_t i = 0; i < count; i++) {
            size_t len = 4 + (seed >> 20) % (round % 3 ? 4 : 18);
            for (size_t j = 0; j < len; j++) {
                seed = seed * 1664525u + 1013904223u;
                words[i][j] = (char)('a' + (seed >> 28) % 3);
            }
            literals[i] = (struct prefilter_literal){str_of(words[i], len), (uint32_t)i};
        }
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = (char)((seed >> 24) % 2 ? 'a' + (seed >> 28) % 3 : 'A' + (seed >> 28) % 3);
        }
        struct prefilter *filter = prefilter_new(literals, count, &arena);
        struct str whole = str_of(text, sizeof text);
        for (size_t i = 0; i < count; i++)
            for (size_t at = 0; at + literals[i].text.len <= whole.len; at++) {
                bool there = str_eq_nocase(str_slice(whole, at, at + literals[i].text.len),
                                           literals[i].text);
                bool found = false;
                for (size_t p = prefilter_next(filter, whole, 0); p < whole.len;
                     p = prefilter_next(filter, whole, p + prefilter_stride(filter))) {
                    struct tally tally = {.len = 0};
                    if (p > at + 24 || p + 24 < at)
                        continue;
                    prefilter_each(filter, whole, p, tally_found, &tally);
                    for (size_t k = 0; k < tally.len; k++)
                        found = found || (tally.owners[k] == i && tally.begins[k] == at);
                }
                assert_true(found == there);
            }
    }
}

static void test_nothing_sought(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct prefilter *filter = prefilter_new(NULL, 0, &arena);
    (void)state;
    assert_int_equal(prefilter_next(filter, STR("anything at all"), 0), 15);
    assert_int_equal(prefilter_next(filter, STR("abc"), 0), 3);
    assert_int_equal(prefilter_next(filter, STR(""), 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_nothing_sought),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
