#include "publish/html.h"

#include <inttypes.h>

#include "base/utf8.h"

static struct str html_escape(char c)
{
    switch (c) {
    case '&':
        return STR("&amp;");
    case '<':
        return STR("&lt;");
    case '>':
        return STR("&gt;");
    case '"':
        return STR("&quot;");
    case '\'':
        return STR("&#39;");
    default:
        return STR("");
    }
}

/* Bidirectional overrides and isolates could reorder the page around a foreign name. */
static bool html_is_hidden(uint32_t point)
{
    return (point >= 0x80 && point < 0xa0) || (point >= 0x202a && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xfffe || point == 0xffff;
}

void html_text(struct buf *out, struct str text)
{
    while (text.len > 0) {
        uint32_t point = 0;
        size_t len = utf8_decode(text, &point);
        struct str escaped = html_escape(text.ptr[0]);
        if (escaped.len > 0) {
            buf_add(out, escaped);
        } else if (len == 1 && point < 0x20 && point != '\t' && point != '\n') {
            uint32_t picture = 0x2400 + point; /* the "control pictures" block */
            char bytes[3] = {(char)(0xe0 | picture >> 12), (char)(0x80 | (picture >> 6 & 0x3f)),
                             (char)(0x80 | (picture & 0x3f))};
            buf_add(out, str_of(bytes, sizeof bytes));
        } else if (len == 0 || point == 0x7f || html_is_hidden(point)) {
            buf_add(out, STR("\xef\xbf\xbd"));
        } else {
            buf_add(out, str_slice(text, 0, len));
        }
        text = str_from_pos(text, len ? len : 1);
    }
}

void html_text_cut(struct buf *out, struct str text, size_t limit)
{
    size_t end = limit;
    if (text.len <= limit) {
        html_text(out, text);
        return;
    }
    while (end > 0 && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
        end--; /* not inside a character */
    html_text(out, str_slice(text, 0, end));
    buf_add(out, STR("…"));
}

void html_duration(struct buf *out, int64_t ms)
{
    int64_t seconds = ms / 1000;
    if (ms < 0)
        ms = 0;
    if (ms < 60000)
        buf_printf(out, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
    else if (seconds < 3600)
        buf_printf(out, "%" PRId64 " m %02" PRId64 " s", seconds / 60, seconds % 60);
    else
        buf_printf(out, "%" PRId64 " h %02" PRId64 " m", seconds / 3600, seconds / 60 % 60);
}
