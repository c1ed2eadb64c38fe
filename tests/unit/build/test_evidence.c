/* What a log's lines tell, whatever the log is. */
#include "build/evidence.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* evidence_hear passes the log on to standard output: it goes nowhere here. */
static int quiet(void **state)
{
    static int kept;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    fflush(stdout);
    kept = dup(1);
    *state = &kept;
    return nowhere < 0 || dup2(nowhere, 1) < 0 || close(nowhere);
}

static int loud(void **state)
{
    int *kept = *state;
    return dup2(*kept, 1) < 0 || close(*kept);
}

static void hear(struct evidence *evidence, const char *text)
{
    evidence_hear(evidence, str_from(text));
}

static void test_compiler(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct evidence evidence = {.arena = &arena};
    hear(&evidence, "gcc -c a.c\na.c:3:1: err");
    hear(&evidence, "or: no such type\n  note\nmake: *** [all] Error: 1\n"
                    "error: command failed with exit status 1");
    struct spec_list lines = evidence_lines(&evidence);
    assert_int_equal(lines.len, 3); /* the last one had no newline */
    assert_str(lines.at[0], "a.c:3:1: error: no such type");
    assert_str(evidence_last(&evidence), "a.c:3:1: error: no such type");
}

static void test_traceback(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct evidence evidence = {.arena = &arena};
    hear(&evidence, "Traceback (most recent call last):\n  File \"a\", line 1\n    x()\n"
                    "KeyError: 'X'\nthe end\n");
    assert_str(evidence_last(&evidence), "KeyError: 'X'");
    assert_int_equal(evidence_lines(&evidence).len, 4);
}

static void test_long_traceback(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct evidence evidence = {.arena = &arena};
    hear(&evidence, "Traceback (most recent call last):\n");
    for (int i = 0; i < 100; i++)
        hear(&evidence, "  File \"deep\"\n");
    hear(&evidence, "RecursionError: too deep\n");
    struct spec_list lines = evidence_lines(&evidence);
    assert_int_equal(lines.len, EVIDENCE_LINES);
    assert_str(lines.at[EVIDENCE_LINES - 1], "RecursionError: too deep");
}

static void test_ring(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct evidence evidence = {.arena = &arena};
    for (int i = 0; i < 45; i++)
        hear(&evidence, arena_printf(&arena, "line %d\r\n\n", i).ptr);
    struct spec_list lines = evidence_lines(&evidence);
    assert_int_equal(lines.len, EVIDENCE_LINES); /* the last ones, in order, without blank ones */
    for (int i = 0; i < EVIDENCE_LINES; i++)
        assert_str(lines.at[i], arena_printf(&arena, "line %d", 25 + i).ptr);
    assert_str(evidence_last(&evidence), "line 44");
}

static void test_bounded(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct evidence evidence = {.arena = &arena};
    size_t size = 1 << 20;
    char *line = malloc(size);
    assert_non_null(line);
    memset(line, 'x', size);
    evidence_hear(&evidence, str_of(line, size));
    hear(&evidence, "\nnext\n");
    struct spec_list lines = evidence_lines(&evidence);
    assert_int_equal(lines.len, 2);
    assert_int_equal(lines.at[0].len, EVIDENCE_LINE_MAX);
    assert_str(lines.at[1], "next");
    uint32_t seed = 1; /* garbage with every byte in it, in uneven pieces */
    for (size_t i = 0; i < size; i++)
        line[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
    for (size_t at = 0; at < size; at += 997)
        evidence_hear(&evidence, str_of(line + at, size - at < 997 ? size - at : 997));
    lines = evidence_lines(&evidence);
    assert_true(lines.len > 0 && lines.len <= EVIDENCE_LINES);
    for (size_t i = 0; i < lines.len; i++)
        assert_true(lines.at[i].len <= EVIDENCE_LINE_MAX);
    assert_true(arena.bytes < 256 << 10); /* whatever the log's length */
    free(line);
}

/* What a program wanted of the network, in the words of each. */
static void test_network(void **state)
{
    (void)state;
    static const struct {
        const char *line, *address;
    } rows[] = {
        {"curl: (6) Could not resolve host: files.example.org", "files.example.org"},
        {"fatal: unable to access 'https://git.example.org/x.git/': Could not",
         "https://git.example.org/x.git/"},
        {"wget: unable to resolve host address 'example.net'", "example.net"},
        {"  failed to download `itoa v1.0.11`", "itoa"},
        {"npm ERR! getaddrinfo ENOTFOUND registry.example.com", "registry.example.com"},
        {"dial tcp: lookup proxy.example.org on [::1]:53", "proxy.example.org"},
        {"compiling network.c", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct evidence evidence = {.arena = &arena};
        hear(&evidence, rows[i].line);
        hear(&evidence, "\ncurl: (6) Could not resolve host: later.example.org\n");
        assert_str(evidence.network, *rows[i].address ? rows[i].address : "later.example.org");
    }
}

static void test_nothing(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct evidence evidence = {.arena = &arena};
    hear(&evidence, "");
    assert_int_equal(evidence_lines(&evidence).len, 0);
    assert_int_equal(evidence_last(&evidence).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_compiler, quiet, loud),
        cmocka_unit_test_setup_teardown(test_traceback, quiet, loud),
        cmocka_unit_test_setup_teardown(test_long_traceback, quiet, loud),
        cmocka_unit_test_setup_teardown(test_ring, quiet, loud),
        cmocka_unit_test_setup_teardown(test_bounded, quiet, loud),
        cmocka_unit_test_setup_teardown(test_network, quiet, loud),
        cmocka_unit_test_setup_teardown(test_nothing, quiet, loud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
