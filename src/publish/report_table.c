#include <inttypes.h>

#include "publish/html.h"
#include "publish/report_part.h"

enum { REPORT_TABLE_WHY = 400, REPORT_TABLE_NAME = 200 };

static void report_table_list(struct buf *out, const char *label, struct manifest_list list)
{
    if (list.len == 0)
        return;
    buf_printf(out, "<small>%s ", label);
    for (size_t i = 0; i < list.len && i < 12; i++) {
        buf_add(out, i ? STR(", ") : STR(""));
        html_text_cut(out, list.at[i], REPORT_TABLE_NAME);
    }
    if (list.len > 12)
        buf_printf(out, " and %zu more", list.len - 12);
    buf_add(out, STR("</small>"));
}

static void report_table_grafts(struct buf *out, const struct manifest_package *package)
{
    if (package->graft_count == 0)
        return;
    buf_add(out, STR("<small>holds "));
    for (size_t i = 0; i < package->graft_count && i < 12; i++) {
        buf_add(out, i ? STR(", ") : STR(""));
        html_text_cut(out, package->grafts[i].name, REPORT_TABLE_NAME);
    }
    buf_add(out, STR("</small>"));
}

static void report_table_cell(struct buf *out, const char *kind, const char *label, struct str text)
{
    buf_printf(out, "<td class=\"%s\" data-l=\"%s\">", kind, label);
    html_text_cut(out, text, REPORT_TABLE_NAME);
    buf_add(out, STR("</td>"));
}

static void report_table_row(const struct manifest_package *package, struct buf *out)
{
    struct str tag = package->policy.len ? package->policy : package->platform_tag;
    buf_add(out, STR("<tr><td>"));
    report_look_badge(out, package->status);
    buf_add(out, STR("</td><td class=\"name\"><bdi>"));
    html_text_cut(out, package->name, REPORT_TABLE_NAME);
    buf_add(out, STR("</bdi></td>"));
    report_table_cell(out, "ver mono", "version", package->version);
    report_table_cell(out, "how", "built", package->strategy);
    report_table_cell(out, "tag mono", "runs on", tag);
    buf_printf(out, "<td class=\"num\" data-l=\"time\" data-v=\"%" PRId64 "\">",
               package->duration_ms);
    if (package->duration_ms > 0)
        html_duration(out, package->duration_ms);
    buf_printf(out, "</td><td class=\"num\" data-l=\"tries\" data-v=\"%zu\">",
               package->attempt_count);
    if (package->attempt_count > 0)
        buf_printf(out, "%zu", package->attempt_count);
    buf_add(out, STR("</td><td class=\"why\">"));
    html_text_cut(out, package->why, REPORT_TABLE_WHY);
    report_table_list(out, "with", package->recipes);
    report_table_list(out, "packs", package->packs);
    report_table_grafts(out, package);
    buf_add(out, STR("</td></tr>\n"));
}

void report_table(const struct manifest *manifest, const struct manifest_package **sorted,
                  size_t room, struct buf *out)
{
    static const struct {
        const char *title;
        bool number;
    } columns[] = {{"Status", false},  {"Package", false}, {"Version", false}, {"Strategy", false},
                   {"Runs on", false}, {"Time", true},     {"Tries", true},    {"Why", false}};
    size_t limit = out->len + room, shown = 0;
    if (manifest->package_count == 0)
        return;
    buf_add(out,
            STR("<section aria-labelledby=\"t-packages\">\n<h2 id=\"t-packages\">Packages</h2>\n"
                "<div class=\"tools\" hidden><input type=\"search\" placeholder=\"Filter by any "
                "word\" aria-label=\"Filter packages\"><span class=\"muted\" role=\"status\">"
                "</span></div>\n<div class=\"panel\"><table class=\"packages\"><caption>All "
                "packages of the run, troubles first</caption>\n<thead><tr>"));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        buf_printf(out, "<th scope=\"col\"%s>%s</th>", columns[i].number ? " class=\"num\"" : "",
                   columns[i].title);
    buf_add(out, STR("</tr></thead>\n<tbody>\n"));
    while (shown < manifest->package_count && out->len < limit)
        report_table_row(sorted[shown++], out);
    buf_add(out, STR("</tbody></table></div>\n"));
    if (shown < manifest->package_count)
        buf_printf(out, "<p class=\"muted\">%zu further packages are in manifest.json only.</p>\n",
                   manifest->package_count - shown);
    buf_add(out, STR("</section>\n"));
}
