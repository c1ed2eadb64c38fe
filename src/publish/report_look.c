#include "publish/report_part.h"

/* 16 by 16 shapes of the states; a shape says without colour what the badge means. */
static const struct {
    const char *state, *shape;
} report_shapes[] = {
    {"waiting", "<circle cx='8' cy='8' r='5.5'/>"},
    {"done", "<path d='M3 8.5l3.5 3.5L13 4.5'/>"},
    {"reused", "<path d='M3 6h10M3 10h10'/>"},
    {"cached", "<path d='M8 2l6 6-6 6-6-6z'/>"},
    {"retry", "<path d='M12.5 5.5A5.2 5.2 0 1 0 13.2 9M13 2v4H9'/>"},
    {"failed", "<path d='M4 4l8 8M12 4l-8 8'/>"},
    {"blocked", "<path d='M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5z'/>"},
    {"skipped", "<path d='M3.5 4l4 4-4 4M8.5 4l4 4-4 4'/>"},
};

const struct report_look *report_look(enum manifest_status status)
{
    static const struct report_look looks[MANIFEST_STATUS_COUNT] = {
        [MANIFEST_BUILT] = {"done", "built"},
        [MANIFEST_CACHED] = {"cached", "cached"},
        [MANIFEST_REUSED] = {"reused", "reused"},
        [MANIFEST_MISSING] = {"waiting", "missing"},
        [MANIFEST_FAILED] = {"failed", "failed"},
        [MANIFEST_SKIPPED_KNOWN_FAILURE] = {"retry", "known failure"},
        [MANIFEST_SYSTEM_RECIPE_FAILED] = {"blocked", "recipe failed"},
        [MANIFEST_SKIPPED] = {"skipped", "skipped"},
    };
    return &looks[status];
}

void report_look_icon(struct buf *out, const char *state)
{
    buf_printf(out,
               "<svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">"
               "<use href=\"#i-%s\"/></svg>",
               state);
}

void report_look_badge(struct buf *out, enum manifest_status status)
{
    const struct report_look *look = report_look(status);
    buf_printf(out, "<span class=\"badge s-%s\">", look->state);
    report_look_icon(out, look->state);
    buf_printf(out, "%s</span>", look->word);
}

void report_look_symbols(struct buf *out)
{
    for (size_t i = 0; i < sizeof report_shapes / sizeof *report_shapes; i++)
        buf_printf(out, "<symbol id=\"i-%s\" viewBox=\"0 0 16 16\">%s</symbol>",
                   report_shapes[i].state, report_shapes[i].shape);
}
