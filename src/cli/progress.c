#include "cli/progress.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/progress_view.h"
#include "cli/term.h"
#include "os/file.h"

enum { PROGRESS_GAP_MS = 125, PROGRESS_SECOND_MS = 1000, PROGRESS_NAME = 64, PROGRESS_TEXT = 160 };

/* Copies of the names, so that the caller's may go. */
struct progress_slot_text {
    char name[PROGRESS_NAME], version[PROGRESS_NAME], strategy[PROGRESS_NAME], phase[PROGRESS_TEXT];
};

struct progress {
    struct progress_view view;
    struct progress_view_slot *slots;
    struct progress_slot_text *texts;
    char note[PROGRESS_TEXT];
    const struct clock *clock;
    int fd;
    bool live, color, ascii;
    bool changed;
    int64_t drawn_ms;
    size_t drawn_lines, drawn_width;
};

/* Cut to the room there is; a cut character shows as "?", which is fine for a display. */
static struct str progress_copy(char *room, size_t size, struct str text)
{
    size_t len = text.len < size ? text.len : size;
    for (size_t i = 0; i < len; i++)
        room[i] = text.ptr[i];
    return str_of(room, len);
}

static int64_t progress_now(const struct progress *progress)
{
    return clock_steady_ms(progress->clock);
}

static void progress_write(struct progress *progress, const struct buf *text)
{
    struct err err = {0};
    /* A terminal that went away does not stop a run. */
    if (!file_write_all(progress->fd, "terminal", buf_str(text), &err))
        progress->live = false;
}

/* Lines drawn at another width may have been wrapped by the terminal since. */
static void progress_erase(struct progress *progress, struct buf *out)
{
    size_t lines = progress->drawn_lines, width = term_width(progress->fd);
    if (width > 0 && width < progress->drawn_width)
        lines *= (progress->drawn_width + width - 1) / width;
    if (lines > 0)
        buf_printf(out, "\r\x1b[%zuA\x1b[J", lines);
    progress->drawn_lines = 0;
}

static void progress_clear(void *state)
{
    struct progress *progress = state;
    BUF_AUTO struct buf out = {0};
    if (!progress->live || progress->drawn_lines == 0)
        return;
    progress_erase(progress, &out);
    progress_write(progress, &out);
    progress->changed = true;
}

static void progress_draw(struct progress *progress)
{
    BUF_AUTO struct buf out = {0};
    size_t width = term_width(progress->fd), height = term_height(progress->fd), before;
    progress->view.now_ms = progress_now(progress);
    progress_erase(progress, &out);
    before = out.len;
    progress_view_render(&progress->view, width > 1 ? width - 1 : 1, height > 1 ? height - 1 : 1,
                         progress->color, progress->ascii, &out);
    for (size_t i = before; i < out.len; i++)
        progress->drawn_lines += out.ptr[i] == '\n';
    progress->drawn_width = width;
    progress->drawn_ms = progress->view.now_ms;
    progress->changed = false;
    progress_write(progress, &out);
}

struct progress *progress_open(int fd, size_t slots, bool color, const struct clock *clock)
{
    struct progress *progress = mem_alloc(sizeof *progress);
    progress->slots = mem_alloc(mem_product(slots + 1, sizeof *progress->slots));
    progress->texts = mem_alloc(mem_product(slots + 1, sizeof *progress->texts));
    progress->clock = clock;
    progress->fd = fd;
    progress->live = term_is_terminal(fd);
    progress->color = color && progress->live;
    progress->ascii = !term_is_utf8();
    progress->view.slots = progress->slots;
    progress->view.slot_count = slots;
    progress->view.eta_ms = -1;
    progress->view.started_ms = progress_now(progress);
    log_set_screen(progress_clear, progress);
    return progress;
}

/* One plain line, above the live block where there is one. */
static void progress_say(struct progress *progress, struct buf *line)
{
    progress_clear(progress);
    buf_add_char(line, '\n');
    progress_write(progress, line);
    if (progress->live)
        progress_draw(progress);
}

void progress_note(struct progress *progress, struct str note)
{
    bool same = str_eq(note, progress->view.note);
    progress->view.note = progress_copy(progress->note, sizeof progress->note, note);
    progress->changed = progress->changed || !same;
    if (!progress->live && !same && note.len > 0) {
        BUF_AUTO struct buf line = {0};
        term_add(&line, note, PROGRESS_TEXT);
        progress_say(progress, &line);
    }
}

void progress_total(struct progress *progress, size_t total)
{
    progress->view.total = total;
    progress->changed = true;
}

void progress_eta(struct progress *progress, int64_t remaining_ms)
{
    progress->view.eta_ms = remaining_ms;
}

void progress_start(struct progress *progress, size_t slot, struct str name, struct str version,
                    struct str strategy, unsigned attempt)
{
    struct progress_view_slot *shown;
    struct progress_slot_text *text;
    if (slot >= progress->view.slot_count)
        return;
    shown = &progress->slots[slot];
    text = &progress->texts[slot];
    shown->busy = true;
    shown->name = progress_copy(text->name, sizeof text->name, name);
    shown->version = progress_copy(text->version, sizeof text->version, version);
    shown->strategy = progress_copy(text->strategy, sizeof text->strategy, strategy);
    shown->phase = STR("");
    shown->attempt = attempt;
    shown->started_ms = shown->phase_ms = progress_now(progress);
    progress->changed = true;
    if (!progress->live && (strategy.len > 0 || version.len == 0)) {
        BUF_AUTO struct buf line = {0};
        buf_add(&line, version.len > 0 ? STR("building ") : STR("making "));
        term_add(&line, shown->name, PROGRESS_NAME);
        buf_add_char(&line, ' ');
        term_add(&line, shown->version, PROGRESS_NAME);
        if (strategy.len > 0 || attempt > 1)
            buf_printf(&line, " (" STR_FMT "%s%u)", STR_ARG(shown->strategy),
                       strategy.len > 0 ? ", attempt " : "attempt ", attempt);
        progress_say(progress, &line);
    }
}

void progress_phase(struct progress *progress, size_t slot, struct str phase)
{
    struct progress_view_slot *shown;
    if (slot >= progress->view.slot_count)
        return;
    shown = &progress->slots[slot];
    shown->phase = progress_copy(progress->texts[slot].phase, PROGRESS_TEXT, phase);
    shown->phase_ms = progress_now(progress);
    progress->changed = true;
}

static void progress_end_line(struct progress *progress, const struct progress_view_slot *slot,
                              enum progress_end end, int64_t elapsed_ms, struct str why)
{
    BUF_AUTO struct buf line = {0};
    progress->view.counts[end]++;
    progress->changed = true;
    /* On a terminal the counts tell of success; trouble gets a line that stays. */
    if (progress->live && end != PROGRESS_FAILED && end != PROGRESS_RETRY)
        return;
    progress_view_line(slot, end, elapsed_ms, why, &line);
    progress_say(progress, &line);
}

void progress_stop(struct progress *progress, size_t slot, enum progress_end end, struct str why)
{
    struct progress_view_slot shown;
    if (slot >= progress->view.slot_count || !progress->slots[slot].busy)
        return;
    shown = progress->slots[slot];
    progress->slots[slot].busy = false;
    progress_end_line(progress, &shown, end, progress_now(progress) - shown.started_ms, why);
}

void progress_count(struct progress *progress, struct str name, struct str version,
                    enum progress_end end, struct str why)
{
    struct progress_view_slot slot = {.name = name, .version = version};
    progress_end_line(progress, &slot, end, 0, why);
}

void progress_tick(struct progress *progress)
{
    int64_t since = progress_now(progress) - progress->drawn_ms;
    bool due = progress->changed ? since >= PROGRESS_GAP_MS : since >= PROGRESS_SECOND_MS;
    if (progress->live && (due || progress->drawn_ms == 0))
        progress_draw(progress);
}

int progress_wait_ms(const struct progress *progress)
{
    int64_t since = progress_now(progress) - progress->drawn_ms;
    int64_t gap = progress->changed ? PROGRESS_GAP_MS : PROGRESS_SECOND_MS;
    if (!progress->live)
        return -1;
    return since >= gap ? 0 : (int)(gap - since);
}

void progress_close(struct progress *progress)
{
    if (!progress)
        return;
    progress_clear(progress);
    log_set_screen(NULL, NULL);
    mem_free(progress->slots);
    mem_free(progress->texts);
    mem_free(progress);
}
