#include "publish/report.h"

#include <stdlib.h>

#include "os/file.h"
#include "publish/html.h"
#include "publish/report_part.h"
#include "report_css.h"
#include "report_js.h"

/* Bytes kept for what stands outside table and failures: head, style, timeline, script. */
enum { REPORT_TABLE_ROOM = 2 << 20, REPORT_FAILURE_ROOM = 2 << 20 };

struct report_sum {
    size_t counts[MANIFEST_STATUS_COUNT];
    size_t delivered, troubled;
};

static struct report_sum report_sum(const struct manifest *manifest)
{
    struct report_sum sum = {0};
    for (size_t i = 0; i < manifest->package_count; i++) {
        enum manifest_status status = manifest->packages[i].status;
        sum.counts[status]++;
        if (manifest_is_delivered(status))
            sum.delivered++;
        else
            sum.troubled++;
    }
    return sum;
}

/* "All 12 packages delivered" or "10 of 12 packages delivered: 1 failed, 1 skipped" */
static void report_verdict(const struct report_sum *sum, struct buf *out)
{
    size_t total = sum->delivered + sum->troubled;
    const char *separator = ": ";
    if (total == 0) {
        buf_add(out, STR("Nothing to do"));
        return;
    }
    if (sum->troubled == 0) {
        if (total == 1)
            buf_add(out, STR("The one package was delivered"));
        else
            buf_printf(out, "All %zu packages delivered", total);
        return;
    }
    buf_printf(out, "%zu of %zu %s delivered", sum->delivered, total,
               total == 1 ? "package" : "packages");
    for (size_t i = 0; i < MANIFEST_STATUS_COUNT; i++) {
        if (sum->counts[i] == 0 || manifest_is_delivered((enum manifest_status)i))
            continue;
        buf_printf(out, "%s%zu %s", separator, sum->counts[i],
                   report_look((enum manifest_status)i)->word);
        separator = ", ";
    }
}

static void report_head(const struct report_sum *sum, struct buf *out)
{
    bool good = sum->troubled == 0;
    buf_add(out, STR("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
                     "<title>"));
    report_verdict(sum, out);
    buf_printf(out,
               "</title>\n<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg xmlns='http://"
               "www.w3.org/2000/svg' viewBox='0 0 16 16'%%3E%%3Cpath fill='none' stroke='%%23%s' "
               "stroke-width='2.5' d='%s'/%%3E%%3C/svg%%3E\">\n<style>\n",
               good ? "176B4D" : "C21A10", good ? "M3 8.5l3.5 3.5L13 4.5" : "M4 4l8 8M12 4l-8 8");
    buf_add(out, str_of(report_css, sizeof report_css));
    buf_add(out, STR("</style>\n</head>\n<body>\n<svg width=\"0\" height=\"0\" "
                     "style=\"position:absolute\" aria-hidden=\"true\"><defs>"));
    report_look_symbols(out);
    buf_add(out,
            STR("<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\""
                " patternTransform=\"rotate(45)\"><path class=\"time hatch\" d=\"M0 0v6\" "
                "style=\"stroke:var(--failed);stroke-width:2;stroke-opacity:.5\"/></pattern>"
                "</defs></svg>\n"));
}

static void report_fact(struct buf *out, const char *label, struct str value, bool mono)
{
    if (value.len == 0)
        return;
    buf_printf(out, "<div><dt>%s</dt><dd%s>", label, mono ? " class=\"mono\"" : "");
    html_text_cut(out, value, 300);
    buf_add(out, STR("</dd></div>\n"));
}

/* Broken between words only: a line that ends in "--" is not what was typed. */
static void report_words(struct str text, struct buf *out)
{
    struct str word;
    size_t count = 0;
    while (count++ < 500 && str_next(&text, ' ', &word)) {
        buf_add(out, count > 1 ? STR(" <span>") : STR("<span>"));
        html_text_cut(out, word, 1000);
        buf_add(out, STR("</span>"));
    }
    if (text.len > 0)
        buf_add(out, STR(" …"));
}

static void report_facts(const struct manifest *manifest, struct buf *out)
{
    BUF_AUTO struct buf jobs = {0};
    buf_printf(&jobs, "%u", manifest->jobs);
    buf_add(out, STR("<dl class=\"facts\">\n"));
    report_fact(out, "Target", manifest->target, false);
    report_fact(out, "Oldest system asked for", manifest->platform_tag, false);
    if (manifest->max_machine.len)
        report_fact(out, "Newest machine needed", manifest->max_machine, false);
    if (manifest->image.len)
        report_fact(out, "Image", manifest->image, true);
    buf_add(out, STR("<div><dt>Took</dt><dd>"));
    html_duration(out, manifest->duration_ms);
    buf_add(out, STR("</dd></div>\n<div><dt>Started</dt><dd><time datetime=\""));
    manifest_time(manifest->started_ms, out);
    buf_add(out, STR("\">"));
    manifest_time(manifest->started_ms, out);
    buf_add(out, STR("</time></dd></div>\n"));
    report_fact(out, "Slots", buf_str(&jobs), false);
    report_fact(out, "Run", manifest->run_id, true);
    report_fact(out, "Plan", str_slice(manifest->plan_id, 0, 12), true);
    buf_add(out, STR("</dl>\n"));
    if (manifest->command.len > 0) {
        buf_add(out, STR("<p class=\"command\"><code>"));
        report_words(manifest->command, out);
        buf_add(out, STR("</code></p>\n"));
    }
}

static void report_tiles(const struct report_sum *sum, struct buf *out)
{
    buf_add(out, STR("<ul class=\"tiles\" aria-label=\"Counts\">\n"));
    for (size_t i = 0; i < MANIFEST_STATUS_COUNT; i++) {
        const struct report_look *look = report_look((enum manifest_status)i);
        if (sum->counts[i] == 0 && i != MANIFEST_BUILT && i != MANIFEST_REUSED &&
            i != MANIFEST_CACHED && i != MANIFEST_FAILED)
            continue;
        buf_printf(out, "<li class=\"s-%s%s\"><b>%zu</b>", look->state,
                   sum->counts[i] ? "" : " none", sum->counts[i]);
        report_look_icon(out, look->state);
        buf_printf(out, " %s</li>\n", look->word);
    }
    buf_add(out, STR("</ul>\n"));
}

static void report_header(const struct manifest *manifest, const struct report_sum *sum,
                          struct buf *out)
{
    const char *state = sum->troubled == 0             ? "done"
                        : sum->counts[MANIFEST_FAILED] ? "failed"
                                                       : "skipped";
    buf_printf(out, "<header>\n<div class=\"verdict s-%s\"><span class=\"seal\">", state);
    report_look_icon(out, state);
    buf_add(out, STR("</span><div><h1>"));
    report_verdict(sum, out);
    buf_add(out, STR("</h1>\n<p>"));
    if (manifest->package_count == 0)
        buf_add(out, STR("The plan holds no packages: check the input and the requirements."));
    else if (sum->troubled == 0)
        buf_add(out, STR("Every wheel was checked and stands beside this page."));
    else
        buf_add(out, STR("What could be delivered stands beside this page; each failure below "
                         "names its cause and the next command."));
    buf_add(out, STR("</p></div></div>\n"));
    report_facts(manifest, out);
    report_tiles(sum, out);
    buf_add(out, STR("</header>\n"));
}

/* How far up a status stands: what needs a person comes first. */
static int report_rank(enum manifest_status status)
{
    static const int ranks[MANIFEST_STATUS_COUNT] = {
        [MANIFEST_FAILED] = 0,  [MANIFEST_SYSTEM_RECIPE_FAILED] = 1,
        [MANIFEST_MISSING] = 2, [MANIFEST_SKIPPED_KNOWN_FAILURE] = 3,
        [MANIFEST_SKIPPED] = 4, [MANIFEST_BUILT] = 5,
        [MANIFEST_CACHED] = 5,  [MANIFEST_REUSED] = 5};
    return ranks[status];
}

static const struct manifest_package **report_order(const struct manifest *manifest,
                                                    struct arena *arena)
{
    const struct manifest_package **by_name = manifest_sorted(manifest, arena);
    const struct manifest_package **order =
        ARENA_ARRAY(arena, const struct manifest_package *, manifest->package_count);
    size_t count = 0;
    for (int rank = 0; rank <= 5; rank++)
        for (size_t i = 0; i < manifest->package_count; i++)
            if (report_rank(by_name[i]->status) == rank)
                order[count++] = by_name[i];
    return order;
}

void report_html(const struct manifest *manifest, struct buf *out)
{
    ARENA_AUTO struct arena arena = {0};
    const struct manifest_package **order = report_order(manifest, &arena);
    struct report_sum sum = report_sum(manifest);
    report_head(&sum, out);
    report_header(manifest, &sum, out);
    buf_add(out, STR("<main>\n"));
    report_failures(manifest, order, REPORT_FAILURE_ROOM, out);
    report_table(manifest, order, REPORT_TABLE_ROOM, out);
    report_timeline(manifest, out);
    buf_add(out, STR("</main>\n<footer><p>Written by refinery "));
    html_text_cut(out, manifest->version, 40);
    buf_add(out, STR(". The same facts as data: <a href=\"manifest.json\">manifest.json</a>.</p>"
                     "</footer>\n<script>\n"));
    buf_add(out, str_of(report_js, sizeof report_js));
    buf_add(out, STR("</script>\n</body>\n</html>\n"));
}

bool report_write(const struct manifest *manifest, const char *path, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    report_html(manifest, &text);
    return file_write(AT_FDCWD, path, 0644, buf_str(&text), err);
}
