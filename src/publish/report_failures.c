#include "publish/html.h"
#include "publish/report.h"
#include "publish/report_part.h"

enum { REPORT_FAILURES_LINE = 400, REPORT_FAILURES_TEXT = 2000, REPORT_FAILURES_NAMES = 60 };

static void report_failures_evidence(const struct manifest_package *package, struct buf *out)
{
    if (package->evidence.len == 0)
        return;
    buf_add(out, STR("<div><p class=\"label\">Evidence</p><pre tabindex=\"0\">"));
    for (size_t i = 0; i < package->evidence.len && i < REPORT_EVIDENCE_LINES; i++) {
        const char *tag = i == package->evidence_mark ? "mark" : "span";
        buf_printf(out, "<%s>", tag);
        if (package->evidence.at[i].len == 0)
            buf_add_char(out, ' ');
        html_text_cut(out, package->evidence.at[i], REPORT_FAILURES_LINE);
        buf_printf(out, "</%s>", tag);
    }
    buf_add(out, STR("</pre></div>\n"));
}

static void report_failures_tried(const struct manifest_package *package, struct buf *out)
{
    if (package->attempt_count == 0)
        return;
    buf_add(out, STR("<div><p class=\"label\">Tried</p><ol class=\"tried\">\n"));
    for (size_t i = 0; i < package->attempt_count; i++) {
        const struct manifest_attempt *attempt = &package->attempts[i];
        buf_printf(out, "<li><b>#%u</b> ", attempt->number);
        html_text_cut(out, attempt->strategy, 40);
        buf_add(out, STR(", "));
        html_duration(out, attempt->duration_ms);
        for (size_t j = 0; j < attempt->recipes.len && j < 12; j++) {
            buf_add(out, STR(" <code>+"));
            html_text_cut(out, attempt->recipes.at[j], 100);
            buf_add(out, STR("</code>"));
        }
        if (attempt->failure_class.len > 0) {
            buf_add(out, STR(" <span class=\"muted\">"));
            html_text_cut(out, attempt->failure_class, 100);
            buf_add(out, STR("</span>"));
        }
        buf_add(out, STR("</li>\n"));
    }
    buf_add(out, STR("</ol></div>\n"));
}

static void report_failures_blocks(const struct manifest_package *package, struct buf *out)
{
    if (package->blocks.len == 0)
        return;
    buf_printf(out, "<div><p class=\"label\">Blocks %zu %s</p><p>", package->blocks.len,
               package->blocks.len == 1 ? "package" : "packages");
    for (size_t i = 0; i < package->blocks.len && i < REPORT_FAILURES_NAMES; i++) {
        buf_add(out, i ? STR(", <bdi class=\"name\">") : STR("<bdi class=\"name\">"));
        html_text_cut(out, package->blocks.at[i], 200);
        buf_add(out, STR("</bdi>"));
    }
    if (package->blocks.len > REPORT_FAILURES_NAMES)
        buf_printf(out, " and %zu more", package->blocks.len - REPORT_FAILURES_NAMES);
    buf_add(out, STR("</p></div>\n"));
}

static void report_failures_text(struct buf *out, const char *label, struct str text, bool code)
{
    if (text.len == 0)
        return;
    buf_printf(out, "<div><p class=\"label\">%s</p>%s", label,
               code ? "<code class=\"next\">" : "<p>");
    html_text_cut(out, text, REPORT_FAILURES_TEXT);
    buf_add(out, code ? STR("</code></div>\n") : STR("</p></div>\n"));
}

static void report_failures_one(const struct manifest_package *package, struct buf *out)
{
    buf_add(out, STR("<article class=\"panel failure\">\n<h3>"));
    report_look_badge(out, package->status);
    buf_add(out, STR("<bdi class=\"name\">"));
    html_text_cut(out, package->name, 200);
    buf_add_char(out, ' ');
    html_text_cut(out, package->version, 100);
    buf_add(out, STR("</bdi>"));
    if (package->failure_class.len > 0) {
        buf_add(out, STR("<span class=\"muted\">"));
        html_text_cut(out, package->failure_class, 100);
        buf_add(out, STR("</span>"));
    }
    buf_add(out, STR("</h3>\n<div class=\"body\">\n"));
    report_failures_text(out, "Cause", package->error.len ? package->error : package->why, false);
    report_failures_evidence(package, out);
    report_failures_tried(package, out);
    report_failures_text(out, "What may help", package->suggestion, false);
    report_failures_text(out, "Next", package->next_command, true);
    report_failures_blocks(package, out);
    report_failures_text(out, "Whole log", package->log, true);
    buf_add(out, STR("</div>\n</article>\n"));
}

void report_failures(const struct manifest *manifest, const struct manifest_package **sorted,
                     size_t room, struct buf *out)
{
    size_t limit = out->len + room, failures = 0, left_out = 0;
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct manifest_package *package = sorted[i];
        /* What only waits for a failure is named there, and has its row in the table. */
        if (manifest_is_delivered(package->status) || package->status == MANIFEST_SKIPPED)
            continue;
        if (failures++ == 0)
            buf_add(out,
                    STR("<section aria-labelledby=\"t-fail\">\n<h2 id=\"t-fail\">Failures</h2>\n"));
        if (out->len < limit)
            report_failures_one(package, out);
        else
            left_out++;
    }
    if (left_out > 0)
        buf_printf(out, "<p class=\"muted\">%zu further failures are in manifest.json only.</p>\n",
                   left_out);
    if (failures > 0)
        buf_add(out, STR("</section>\n"));
}
