#include <inttypes.h>

#include "publish/html.h"
#include "publish/report_part.h"

enum {
    REPORT_TIMELINE_BARS = 3000,
    REPORT_TIMELINE_SLOTS = 64,
    REPORT_TIMELINE_TICKS = 8,
    REPORT_TIMELINE_ROW = 32,
    REPORT_TIMELINE_TOP = 24,
};

struct report_timeline {
    int64_t span_ms;
    size_t slots, bars, left_out;
};

static struct report_timeline report_timeline_measure(const struct manifest *manifest)
{
    struct report_timeline line = {.span_ms = 1};
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct manifest_package *package = &manifest->packages[i];
        for (size_t j = 0; j < package->attempt_count; j++) {
            const struct manifest_attempt *attempt = &package->attempts[j];
            int64_t end = attempt->started_ms + attempt->duration_ms;
            if (attempt->slot >= REPORT_TIMELINE_SLOTS || line.bars >= REPORT_TIMELINE_BARS) {
                line.left_out++;
                continue;
            }
            line.bars++;
            if (attempt->slot >= line.slots)
                line.slots = attempt->slot + 1;
            if (end > line.span_ms)
                line.span_ms = end;
        }
    }
    return line;
}

/* A round step that gives at most REPORT_TIMELINE_TICKS of them. */
static int64_t report_timeline_step(int64_t span_ms)
{
    static const int64_t seconds[] = {1,   2,   5,   10,   15,   30,   60,    120,
                                      300, 600, 900, 1800, 3600, 7200, 14400, 28800};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        if (span_ms <= seconds[i] * 1000 * REPORT_TIMELINE_TICKS)
            return seconds[i] * 1000;
    return span_ms / REPORT_TIMELINE_TICKS + 1;
}

/* Thousandths of a percent of the span, as "12.345%". */
static void report_timeline_percent(struct buf *out, int64_t ms, int64_t span_ms)
{
    int64_t part = ms * 100000 / span_ms;
    buf_printf(out, "%" PRId64 ".%03" PRId64 "%%", part / 1000, part % 1000);
}

static void report_timeline_tick_label(struct buf *out, int64_t ms)
{
    int64_t seconds = ms / 1000;
    if (seconds < 60)
        buf_printf(out, "%" PRId64 " s", seconds);
    else if (seconds < 3600 && seconds % 60 == 0)
        buf_printf(out, "%" PRId64 " min", seconds / 60);
    else if (seconds < 3600)
        buf_printf(out, "%" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
    else
        buf_printf(out, "%" PRId64 " h %02" PRId64, seconds / 3600, seconds / 60 % 60);
}

static void report_timeline_grid(const struct report_timeline *line, struct buf *out)
{
    int64_t step = report_timeline_step(line->span_ms);
    size_t bottom = REPORT_TIMELINE_TOP + line->slots * REPORT_TIMELINE_ROW;
    for (int64_t ms = 0; ms <= line->span_ms; ms += step) {
        buf_add(out, STR("<line class=\"grid\" x1=\""));
        report_timeline_percent(out, ms, line->span_ms);
        buf_add(out, STR("\" x2=\""));
        report_timeline_percent(out, ms, line->span_ms);
        buf_printf(out, "\" y1=\"20\" y2=\"%zu\"/><text y=\"12\" x=\"", bottom);
        report_timeline_percent(out, ms, line->span_ms);
        buf_printf(out, "\"%s>", ms == 0 ? "" : " text-anchor=\"middle\"");
        report_timeline_tick_label(out, ms);
        buf_add(out, STR("</text>\n"));
    }
}

static void report_timeline_bar(const struct report_timeline *line,
                                const struct manifest_package *package,
                                const struct manifest_attempt *attempt, struct buf *out)
{
    bool roomy = attempt->duration_ms * 100 > line->span_ms * 4;
    buf_printf(out, "<svg class=\"bar s-%s\" y=\"%u\" height=\"24\" x=\"",
               attempt->succeeded ? "done" : "failed",
               REPORT_TIMELINE_TOP + attempt->slot * REPORT_TIMELINE_ROW + 4);
    report_timeline_percent(out, attempt->started_ms, line->span_ms);
    buf_add(out, STR("\" width=\""));
    report_timeline_percent(out, attempt->duration_ms, line->span_ms);
    buf_add(out, STR("\"><title>"));
    html_text_cut(out, package->name, 100);
    buf_add(out, STR(" "));
    html_text_cut(out, package->version, 60);
    buf_printf(out, ", attempt %u, ", attempt->number);
    html_text_cut(out, attempt->strategy, 40);
    buf_add(out, attempt->succeeded ? STR(", succeeded after ") : STR(", failed after "));
    html_duration(out, attempt->duration_ms);
    buf_add(out, STR("</title><rect x=\"0.5\" y=\"0.5\" width=\"100%\" height=\"23\"/>"));
    if (!attempt->succeeded)
        buf_add(out, STR("<rect class=\"x\" x=\"0.5\" y=\"0.5\" width=\"100%\" height=\"23\"/>"));
    buf_add(out, STR("<rect class=\"lead\" width=\"3\" height=\"24\"/>"));
    if (roomy) {
        buf_add(out, STR("<text x=\"9\" y=\"16\">"));
        buf_add(out, attempt->succeeded ? STR("") : STR("✕ "));
        html_text_cut(out, package->name, 60);
        if (attempt->number > 1)
            buf_printf(out, " #%u", attempt->number);
        buf_add(out, STR("</text>"));
    }
    buf_add(out, STR("</svg>\n"));
}

static void report_timeline_bars(const struct manifest *manifest,
                                 const struct report_timeline *line, struct buf *out)
{
    ARENA_AUTO struct arena arena = {0};
    const struct manifest_package **sorted = manifest_sorted(manifest, &arena);
    size_t bars = 0;
    for (size_t i = 0; i < manifest->package_count; i++)
        for (size_t j = 0; j < sorted[i]->attempt_count; j++) {
            const struct manifest_attempt *attempt = &sorted[i]->attempts[j];
            if (attempt->slot >= REPORT_TIMELINE_SLOTS || bars >= line->bars)
                continue;
            report_timeline_bar(line, sorted[i], attempt, out);
            bars++;
        }
}

void report_timeline(const struct manifest *manifest, struct buf *out)
{
    struct report_timeline line = report_timeline_measure(manifest);
    if (line.bars == 0)
        return;
    buf_add(out,
            STR("<section aria-labelledby=\"t-time\">\n<h2 id=\"t-time\">Timeline by slot</h2>\n"
                "<div class=\"panel\">\n<div class=\"chart\"><ol>\n"));
    for (size_t i = 0; i < line.slots; i++)
        buf_printf(out, "<li>slot %zu</li>\n", i + 1);
    buf_printf(out,
               "</ol>\n<svg class=\"time\" role=\"img\" aria-label=\"%zu attempts on %zu slots; "
               "the table of packages has the same times\" height=\"%zu\">\n",
               line.bars, line.slots, REPORT_TIMELINE_TOP + line.slots * REPORT_TIMELINE_ROW);
    report_timeline_grid(&line, out);
    report_timeline_bars(manifest, &line, out);
    buf_add(out, STR("</svg></div>\n<p class=\"legend\"><span class=\"s-done\">"));
    report_look_icon(out, "done");
    buf_add(out, STR("succeeded</span><span class=\"s-failed\">"));
    report_look_icon(out, "failed");
    buf_add(out, STR("failed, hatched</span></p>\n</div>\n"));
    if (line.left_out > 0)
        buf_printf(out, "<p class=\"muted\">%zu further attempts are in manifest.json only.</p>\n",
                   line.left_out);
    buf_add(out, STR("</section>\n"));
}
