/* What the terminal shows: tables, the progress picture, foreign text. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/progress_view.h"
#include "cli/table.h"
#include "cli/term.h"
#include "os/file.h"

static void assert_out(const struct buf *out, const char *expected)
{
    if (!str_eq(buf_str(out), str_from(expected)))
        fail_msg("is:\n%.*s\nnot:\n%s", (int)out->len, out->ptr, expected);
}

static void test_foreign_text_is_harmless(void **state)
{
    static const struct {
        const char *text, *shown;
        size_t columns;
    } cases[] = {{"plain", "plain", 5},
                 {"\x1b[31mred\n", "^[[31mred^J", 11},
                 {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", 4},
                 {"\xff\xc3", "??", 2},
                 {"\xe2\x80\xae"
                  "abc",
                  "?abc", 4},
                 {"\xe4\xb8\xad", "\xe4\xb8\xad", 2},
                 {"\xc2\x9b", "?", 1},
                 {"e\xcc\x81", "e\xcc\x81", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_AUTO struct buf out = {0};
        assert_int_equal(term_columns(str_from(cases[i].text)), cases[i].columns);
        assert_int_equal(term_add(&out, str_from(cases[i].text), 80), cases[i].columns);
        assert_out(&out, cases[i].shown);
    }
}

static void test_cut_text_fits(void **state)
{
    (void)state;
    for (size_t columns = 0; columns < 8; columns++) {
        BUF_AUTO struct buf out = {0};
        buf_add(&out, STR(""));
        assert_true(term_add(&out,
                             STR("ab\xe4\xb8\xad"
                                 "cd\x01x"),
                             columns) <= columns);
        assert_true(term_columns(buf_str(&out)) <= columns);
    }
}

static const struct table_column columns[] = {
    {"Package", false, 6}, {"Seconds", true, 0}, {"Why", false, 8}};

static void test_table(void **state)
{
    static const struct table_cell cells[] = {
        {STR_INIT("numpy"), 32}, {STR_INIT("55.6"), 0}, {STR_INIT("no wheel for s390x"), 0},
        {STR_INIT("cffi"), 32},  {STR_INIT("4.3"), 0},  {STR_INIT(""), 0}};
    BUF_AUTO struct buf out = {0}, narrow = {0}, painted = {0};
    (void)state;
    table_render(columns, 3, cells, 2, 0, false, &out);
    assert_out(&out, "Package  Seconds  Why\n"
                     "numpy       55.6  no wheel for s390x\n"
                     "cffi         4.3  \n");
    table_render(columns, 3, cells, 2, 30, false, &narrow);
    assert_out(&narrow, "Package  Seconds  Why\n"
                        "numpy       55.6  no wheel fo…\n"
                        "cffi         4.3  \n");
    table_render(columns, 1, cells, 1, 0, true, &painted);
    assert_out(&painted, "\x1b[1mPackage\x1b[0m\n\x1b[32mnumpy\x1b[0m\n");
}

static struct progress_view_slot slots[] = {{true, STR_INIT("numpy"), STR_INIT("2.1.3"),
                                             STR_INIT("cross"), STR_INIT("compile"), 1, 1000, 2000},
                                            {false, {0}, {0}, {0}, {0}, 0, 0, 0},
                                            {true, STR_INIT("msgpack"), STR_INIT("1.1.0"),
                                             STR_INIT("hybrid"), STR_INIT("repair"), 2, 60000, 0}};

static struct progress_view view_of(void)
{
    struct progress_view view = {.slots = slots,
                                 .slot_count = 3,
                                 .total = 12,
                                 .started_ms = 0,
                                 .now_ms = 66000,
                                 .eta_ms = 125000};
    view.counts[PROGRESS_BUILT] = 3;
    view.counts[PROGRESS_REUSED] = 2;
    view.counts[PROGRESS_FAILED] = 1;
    view.counts[PROGRESS_RETRY] = 4;
    return view;
}

static void test_progress(void **state)
{
    struct progress_view view = view_of();
    BUF_AUTO struct buf out = {0}, ascii = {0};
    (void)state;
    progress_view_render(&view, 100, 20, false, false, &out);
    assert_out(&out, "▶ numpy 2.1.3       1:05  cross compile\n"
                     "▶ msgpack 1.1.0      6 s  hybrid #2 repair\n"
                     "━━━━━━━━━━──────────  6/12  3 built  2 reused  1 failed  1:06, ~2:05 left\n");
    view.note = STR("image: 3 of 9");
    progress_view_render(&view, 70, 20, false, true, &ascii);
    assert_out(&ascii, "> numpy 2.1.3       1:05  cross compile\n"
                       "> msgpack 1.1.0      6 s  hybrid #2 repair\n"
                       "image: 3 of 9\n"
                       "##########----------  6/12  3 built  2 reused  1 failed  1:06, about …\n");
}

/* No window is too small: the lines never exceed it. */
static void test_progress_fits_every_window(void **state)
{
    struct progress_view view = view_of();
    (void)state;
    view.note = STR("a note that is longer than most windows are wide, and then some more of it");
    for (size_t width = 1; width < 120; width += 7)
        for (size_t height = 1; height < 8; height++) {
            BUF_AUTO struct buf out = {0};
            struct str rest, line;
            size_t lines = 0;
            progress_view_render(&view, width, height, false, width % 2, &out);
            for (rest = buf_str(&out); str_next_line(&rest, &line); lines++)
                assert_true(term_columns(line) <= width);
            assert_true(lines <= height || (height == 1 && lines == 2));
        }
}

static void test_progress_counts_what_does_not_fit(void **state)
{
    struct progress_view view = view_of();
    BUF_AUTO struct buf out = {0};
    (void)state;
    progress_view_render(&view, 80, 2, false, true, &out);
    assert_true(str_starts(buf_str(&out), STR("  and 2 more at work\n")));
}

static int64_t fake_now = 5000;
static int64_t fake_ms(void *state)
{
    (void)state;
    return fake_now;
}

/* Without a terminal: one line per change, no escapes. */
static void test_plain_lines(void **state)
{
    static const struct clock clock = {fake_ms, fake_ms, NULL};
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str said;
    int ends[2];
    struct progress *progress;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    progress = progress_open(ends[1], 2, true, &clock);
    assert_int_equal(progress_wait_ms(progress), -1);
    progress_total(progress, 3);
    progress_note(progress, STR("resolving"));
    progress_note(progress, STR("resolving"));
    progress_start(progress, 0, STR("cffi\x1b[0m"), STR("1.17"), STR("cross"), 1);
    progress_phase(progress, 0, STR("compile"));
    fake_now += 4000;
    progress_stop(progress, 0, PROGRESS_BUILT, STR(""));
    progress_stop(progress, 0, PROGRESS_BUILT, STR("twice is once"));
    progress_start(progress, 9, STR("no such slot"), STR("1"), STR(""), 1);
    progress_count(progress, STR("six"), STR("1.16"), PROGRESS_REUSED, STR("pure"));
    progress_tick(progress);
    progress_close(progress);
    close(ends[1]);
    assert_ok(file_read_fd(ends[0], "pipe", 4096, &arena, &said, &err));
    close(ends[0]);
    assert_str(said, "resolving\n"
                     "building cffi^[[0m 1.17 (cross, attempt 1)\n"
                     "built cffi^[[0m 1.17 (cross, 4 s)\n"
                     "reused six 1.16: pure\n");
}

/*
 * What a terminal got since the last look. The kernel hands it over in its own time, so a mark is
 * written behind it and everything up to the mark is read.
 */
static size_t terminal_said(int master, int slave, char *room, size_t size)
{
    size_t len = 0;
    struct pollfd ready = {master, POLLIN, 0};
    assert_int_equal(write(slave, "\1", 1), 1);
    while (len == 0 || room[len - 1] != '\1') {
        assert_true(len < size && poll(&ready, 1, 10000) == 1);
        ssize_t got = read(master, room + len, size - len);
        assert_true(got > 0);
        len += (size_t)got;
    }
    return len - 1;
}

static bool holds(const char *room, size_t len, const char *text)
{
    return str_find(str_of(room, len), str_from(text)) < len;
}

/* On a terminal: a block that is erased before it is drawn anew, before log lines and at the end.
 */
static void test_live_block(void **state)
{
    static const struct clock clock = {fake_ms, fake_ms, NULL};
    struct winsize size = {.ws_row = 10, .ws_col = 60};
    char room[8192];
    size_t len;
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
    struct progress *progress;
    (void)state;
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        skip(); /* no pseudo terminals here */
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
    unsetenv("TERM");
    fake_now = 1000;
    progress = progress_open(slave, 2, false, &clock);
    progress_total(progress, 4);
    progress_start(progress, 0, STR("cffi"), STR("1.17"), STR("cross"), 1);
    progress_tick(progress);
    len = terminal_said(master, slave, room, sizeof room);
    assert_true(holds(room, len, "cffi 1.17"));
    assert_true(holds(room, len, "0/4"));
    assert_false(holds(room, len, "\x1b["));
    progress_tick(progress); /* nothing changed, no second passed */
    assert_int_equal(terminal_said(master, slave, room, sizeof room), 0);
    assert_int_equal(progress_wait_ms(progress), 1000);
    progress_phase(progress, 0, STR("compile"));
    assert_int_equal(progress_wait_ms(progress), 125);
    fake_now += 125;
    progress_tick(progress);
    len = terminal_said(master, slave, room, sizeof room);
    assert_true(holds(room, len, "\x1b[2A\x1b[J"));
    assert_true(holds(room, len, "compile"));
    size.ws_col = 30; /* narrower: each line may fill two now */
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
    progress_stop(progress, 0, PROGRESS_FAILED, STR("no header"));
    len = terminal_said(master, slave, room, sizeof room);
    assert_true(holds(room, len, "\x1b[4A\x1b[J"));
    assert_true(holds(room, len, "failed cffi 1.17 (cross, 0 s): no header"));
    progress_close(progress);
    len = terminal_said(master, slave, room, sizeof room);
    assert_true(holds(room, len, "\x1b[1A\x1b[J"));
    close(slave);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_text_is_harmless),
        cmocka_unit_test(test_cut_text_fits),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_progress_fits_every_window),
        cmocka_unit_test(test_progress_counts_what_does_not_fit),
        cmocka_unit_test(test_plain_lines),
        cmocka_unit_test(test_live_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
