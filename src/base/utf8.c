#include "base/utf8.h"

#include "base/buf.h"

size_t utf8_decode(struct str text, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text.ptr[0];
    size_t len = first < 0x80         ? 1
                 : first >> 5 == 0x06 ? 2
                 : first >> 4 == 0x0e ? 3
                 : first >> 3 == 0x1e ? 4
                                      : 0;
    uint32_t value = len == 1 ? first : first & (0x7fu >> len);
    if (len == 0 || len > text.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text.ptr[i];
        if (next >> 6 != 2)
            return 0;
        value = value << 6 | (next & 0x3f);
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *point = value;
    return len;
}

struct str utf8_clean(struct str text, struct arena *arena)
{
    struct str rest = text, cleaned;
    struct buf out = {0};
    uint32_t point;
    size_t len;
    while (rest.len > 0 && (len = utf8_decode(rest, &point)) > 0)
        rest = str_from_pos(rest, len);
    if (rest.len == 0)
        return text;
    for (rest = text; rest.len > 0; rest = str_from_pos(rest, len ? len : 1)) {
        len = utf8_decode(rest, &point);
        buf_add(&out, len ? str_slice(rest, 0, len) : STR("\xef\xbf\xbd"));
    }
    cleaned = arena_str(arena, buf_str(&out));
    buf_free(&out);
    return cleaned;
}

bool utf8_is_space(uint32_t point)
{
    return point == ' ' || (point >= '\t' && point <= '\r') || (point >= 0x1c && point <= 0x1f) ||
           point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000;
}

static bool is_graphic(char c)
{
    return c > ' ' && c <= '~';
}

struct str utf8_trim(struct str text)
{
    uint32_t point;
    size_t len;
    if (text.len && is_graphic(text.ptr[0]) && is_graphic(text.ptr[text.len - 1]))
        return text; /* nearly always */
    while (text.len && (len = utf8_decode(text, &point)) && utf8_is_space(point))
        text = str_from_pos(text, len);
    while (text.len) {
        size_t at = text.len - 1;
        while (at && text.len - at < 4 && (text.ptr[at] & 0xc0) == 0x80)
            at--;
        if (utf8_decode(str_from_pos(text, at), &point) != text.len - at || !utf8_is_space(point))
            break;
        text.len = at;
    }
    return text;
}
