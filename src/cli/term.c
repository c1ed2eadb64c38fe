#include "cli/term.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

bool term_is_terminal(int fd)
{
    const char *name = getenv("TERM");
    return isatty(fd) && !(name && (!*name || str_eq(str_from(name), STR("dumb"))));
}

size_t term_width(int fd)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return TERM_WIDTH_UNKNOWN;
    return size.ws_col;
}

size_t term_height(int fd)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
        return 24;
    return size.ws_row;
}

bool term_wants_color(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return term_is_terminal(fd) && !(no_color && *no_color);
}

bool term_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str value = str_from(getenv(names[i]));
        if (value.len == 0)
            continue;
        return str_find(value, STR("UTF-8")) < value.len ||
               str_find(value, STR("utf8")) < value.len ||
               str_find(value, STR("utf-8")) < value.len;
    }
    return false;
}

struct term_range {
    uint32_t from, to;
};

static bool term_in(uint32_t point, const struct term_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].from && point <= ranges[i].to)
            return true;
    return false;
}

/* C1 controls, line and paragraph separators, bidirectional overrides: never passed on. */
static const struct term_range term_unsafe[] = {
    {0x80, 0x9f}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};
static const struct term_range term_wide[] = {
    {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
static const struct term_range term_joined[] = {
    {0x300, 0x36f}, {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};

#define TERM_IN(point, ranges) term_in((point), (ranges), sizeof(ranges) / sizeof *(ranges))

/* The next piece of output for the start of `text`: its bytes (in `room`), input length, columns.
 */
static size_t term_next(struct str text, char room[4], struct str *piece, size_t *columns)
{
    uint32_t point = 0;
    size_t len = utf8_decode(text, &point);
    unsigned char byte = (unsigned char)text.ptr[0];
    *columns = 1;
    if (len == 1 && (byte < 0x20 || byte == 0x7f)) {
        room[0] = '^';
        room[1] = (char)(byte ^ 0x40);
        *piece = str_of(room, 2);
        *columns = 2;
        return 1;
    }
    if (len == 0 || TERM_IN(point, term_unsafe)) {
        room[0] = '?';
        *piece = str_of(room, 1);
        return len ? len : 1;
    }
    *piece = str_slice(text, 0, len);
    *columns = TERM_IN(point, term_wide) ? 2 : TERM_IN(point, term_joined) ? 0 : 1;
    return len;
}

size_t term_columns(struct str text)
{
    size_t sum = 0, columns;
    char room[4];
    struct str piece;
    while (text.len > 0) {
        text = str_from_pos(text, term_next(text, room, &piece, &columns));
        sum += columns;
    }
    return sum;
}

size_t term_add(struct buf *out, struct str text, size_t columns)
{
    size_t used = 0, width, length = term_columns(text);
    bool cut = length > columns;
    char room[4];
    struct str piece;
    if (columns == 0)
        return 0;
    while (text.len > 0) {
        size_t taken = term_next(text, room, &piece, &width);
        if (used + width > columns - cut)
            break;
        buf_add(out, piece);
        used += width;
        text = str_from_pos(text, taken);
    }
    if (cut) {
        buf_add(out, STR("…"));
        used++;
    }
    return used;
}
