#include "cli/progress_view.h"

#include <inttypes.h>

#include "cli/term.h"

enum { PROGRESS_VIEW_BAR = 20, PROGRESS_VIEW_NARROW = 60 };

const char *progress_view_word(enum progress_end end)
{
    static const char *const words[] = {
        [PROGRESS_BUILT] = "built",   [PROGRESS_CACHED] = "cached",  [PROGRESS_REUSED] = "reused",
        [PROGRESS_TESTED] = "tested", [PROGRESS_READY] = "ready",    [PROGRESS_RETRY] = "retry",
        [PROGRESS_FAILED] = "failed", [PROGRESS_SKIPPED] = "skipped"};
    return words[end];
}

void progress_view_time(struct buf *out, int64_t ms)
{
    int64_t seconds = ms < 0 ? 0 : ms / 1000;
    if (seconds < 60)
        buf_printf(out, "%" PRId64 " s", seconds);
    else if (seconds < 3600)
        buf_printf(out, "%" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
    else
        buf_printf(out, "%" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60,
                   seconds % 60);
}

/* A line under construction: text goes in until `left` columns are used up. */
struct progress_line {
    struct buf *out;
    size_t left;
    bool color;
};

static void progress_line_add(struct progress_line *line, struct str text)
{
    line->left -= term_add(line->out, text, line->left);
}

static void progress_line_paint(struct progress_line *line, int sgr, struct str text)
{
    if (line->color)
        buf_printf(line->out, "\x1b[%dm", sgr);
    progress_line_add(line, text);
    if (line->color)
        buf_add(line->out, STR("\x1b[0m"));
}

/* The text in exactly `columns`, or what is left of the line. */
static void progress_line_field(struct progress_line *line, struct str text, size_t columns)
{
    size_t used;
    if (columns > line->left)
        columns = line->left;
    used = term_add(line->out, text, columns);
    line->left -= columns;
    while (used++ < columns)
        buf_add_char(line->out, ' ');
}

static size_t progress_view_done(const struct progress_view *view)
{
    size_t done = 0;
    for (size_t i = 0; i <= PROGRESS_SKIPPED; i++)
        if (i != PROGRESS_RETRY)
            done += view->counts[i];
    return done;
}

static void progress_view_slot(const struct progress_view *view,
                               const struct progress_view_slot *slot, size_t name_width,
                               struct progress_line line, bool ascii)
{
    BUF_AUTO struct buf text = {0};
    progress_line_paint(&line, 34, ascii ? STR("> ") : STR("▶ "));
    buf_add(&text, slot->name);
    if (slot->version.len > 0) {
        buf_add_char(&text, ' ');
        buf_add(&text, slot->version);
    }
    progress_line_field(&line, buf_str(&text), name_width);
    buf_clear(&text);
    progress_view_time(&text, view->now_ms - slot->started_ms);
    progress_line_add(&line, STR("  "));
    for (size_t pad = term_columns(buf_str(&text)); pad < 7; pad++)
        progress_line_add(&line, STR(" "));
    progress_line_add(&line, buf_str(&text));
    progress_line_add(&line, STR("  "));
    if (slot->strategy.len > 0) {
        progress_line_add(&line, slot->strategy);
        progress_line_add(&line, STR(" "));
    }
    buf_clear(&text);
    if (slot->attempt > 1)
        buf_printf(&text, "#%u ", slot->attempt);
    buf_add(&text, slot->phase);
    progress_line_add(&line, buf_str(&text));
    buf_add_char(line.out, '\n');
}

static void progress_view_bar(const struct progress_view *view, size_t done,
                              struct progress_line *line, bool ascii)
{
    size_t filled = view->total ? done * PROGRESS_VIEW_BAR / view->total : 0;
    BUF_AUTO struct buf bar = {0}, rest = {0};
    for (size_t i = 0; i < PROGRESS_VIEW_BAR; i++)
        buf_add(i < filled ? &bar : &rest, ascii        ? (i < filled ? STR("#") : STR("-"))
                                           : i < filled ? STR("━")
                                                        : STR("─"));
    progress_line_paint(line, 32, buf_str(&bar));
    progress_line_paint(line, 2, buf_str(&rest));
    progress_line_add(line, STR("  "));
}

static void progress_view_totals(const struct progress_view *view, struct progress_line line,
                                 bool ascii)
{
    static const struct {
        enum progress_end end;
        int sgr;
    } shown[] = {{PROGRESS_BUILT, 32},  {PROGRESS_CACHED, 36}, {PROGRESS_REUSED, 33},
                 {PROGRESS_TESTED, 32}, {PROGRESS_FAILED, 31}, {PROGRESS_SKIPPED, 2}};
    size_t done = progress_view_done(view);
    BUF_AUTO struct buf text = {0};
    if (line.left >= PROGRESS_VIEW_NARROW)
        progress_view_bar(view, done, &line, ascii);
    buf_printf(&text, "%zu/%zu", done, view->total);
    progress_line_add(&line, buf_str(&text));
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        if (view->counts[shown[i].end] == 0)
            continue;
        buf_clear(&text);
        buf_printf(&text, "%zu %s", view->counts[shown[i].end], progress_view_word(shown[i].end));
        progress_line_add(&line, STR("  "));
        progress_line_paint(&line, shown[i].sgr, buf_str(&text));
    }
    buf_clear(&text);
    buf_add(&text, STR("  "));
    progress_view_time(&text, view->now_ms - view->started_ms);
    if (view->eta_ms >= 0) {
        buf_add(&text, ascii ? STR(", about ") : STR(", ~"));
        progress_view_time(&text, view->eta_ms);
        buf_add(&text, STR(" left"));
    }
    progress_line_add(&line, buf_str(&text));
    buf_add_char(line.out, '\n');
}

/* The widest name among the slots, within a third of the line. */
static size_t progress_view_names(const struct progress_view *view, size_t width)
{
    size_t widest = 12;
    for (size_t i = 0; i < view->slot_count; i++) {
        const struct progress_view_slot *slot = &view->slots[i];
        size_t used = term_columns(slot->name) + 1 + term_columns(slot->version);
        if (slot->busy && used > widest)
            widest = used;
    }
    return widest > width / 3 + 4 ? width / 3 + 4 : widest;
}

void progress_view_render(const struct progress_view *view, size_t width, size_t height, bool color,
                          bool ascii, struct buf *out)
{
    struct progress_line line = {out, width, color};
    size_t busy = 0, shown = 0, names = progress_view_names(view, width);
    size_t fixed = 1 + (view->note.len > 0), room = height > fixed ? height - fixed : 0;
    for (size_t i = 0; i < view->slot_count; i++)
        busy += view->slots[i].busy;
    if (busy > room && room > 0)
        room--; /* for the line that counts the others */
    for (size_t i = 0; i < view->slot_count && shown < room; i++) {
        if (!view->slots[i].busy)
            continue;
        progress_view_slot(view, &view->slots[i], names, line, ascii);
        shown++;
    }
    if (shown < busy && height > fixed) {
        BUF_AUTO struct buf text = {0};
        buf_printf(&text, "  and %zu more at work", busy - shown);
        struct progress_line more = line;
        progress_line_add(&more, buf_str(&text));
        buf_add_char(out, '\n');
    }
    if (view->note.len > 0) {
        struct progress_line note = line;
        progress_line_paint(&note, 2, view->note);
        buf_add_char(out, '\n');
    }
    progress_view_totals(view, line, ascii);
}

void progress_view_line(const struct progress_view_slot *slot, enum progress_end end,
                        int64_t elapsed_ms, struct str why, struct buf *out)
{
    buf_printf(out, "%s ", progress_view_word(end));
    term_add(out, slot->name, 200);
    if (slot->version.len > 0) {
        buf_add_char(out, ' ');
        term_add(out, slot->version, 100);
    }
    if (slot->strategy.len > 0 || elapsed_ms > 0) {
        buf_add(out, STR(" ("));
        term_add(out, slot->strategy, 40);
        if (slot->strategy.len > 0)
            buf_add(out, STR(", "));
        progress_view_time(out, elapsed_ms);
        buf_add(out, STR(")"));
    }
    if (why.len > 0) {
        buf_add(out, STR(": "));
        term_add(out, why, 400);
    }
}
