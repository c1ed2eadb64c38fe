#include "pkg/toml_scan.h"
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void toml_scan_position(struct toml_scan *scan, unsigned *line, unsigned *column)
{
    size_t at = scan->at > scan->text.len ? scan->text.len : scan->at;
    if (!scan->seen_line || scan->seen > at) {
        scan->seen = 0;
        scan->seen_line = scan->seen_column = 1;
    }
    for (; scan->seen < at; scan->seen++) {
        unsigned char c = (unsigned char)scan->text.ptr[scan->seen];
        if (c == '\n') {
            scan->seen_line++;
            scan->seen_column = 1;
        } else if ((c & 0xc0) != 0x80) { /* characters, not bytes */
            scan->seen_column++;
        }
    }
    *line = scan->seen_line;
    *column = scan->seen_column;
}

bool toml_scan_fail(struct toml_scan *scan, const char *fmt, ...)
{
    char text[400];
    unsigned line, column;
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    toml_scan_position(scan, &line, &column);
    return err_set_at(scan->err, ERR_FORMAT, line, column, "%s:%u:%u: %s", scan->what, line, column,
                      text);
}

/* Length of the UTF-8 sequence at `at`, or 0 when there is none (RFC 3629). */
static size_t toml_scan_utf8(struct str text, size_t at)
{
    const unsigned char *p = (const unsigned char *)text.ptr + at;
    size_t left = text.len - at, need = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] >= 0x80 && (p[0] < 0xc2 || p[0] > 0xf4))
        return 0;
    if (left < need)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return need;
}

bool toml_scan_check(struct toml_scan *scan)
{
    struct str text = scan->text;
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.ptr[i];
        size_t len = toml_scan_utf8(text, i);
        bool line_end = c == '\n' || (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n');
        scan->at = i;
        if (!len)
            return toml_scan_fail(scan, "not UTF-8");
        if ((c < ' ' && c != '\t' && !line_end) || c == 0x7f)
            return toml_scan_fail(scan, "control character 0x%02x", c);
        i += len;
    }
    scan->at = 0;
    return true;
}

char toml_scan_peek(const struct toml_scan *scan)
{
    return scan->at < scan->text.len ? scan->text.ptr[scan->at] : '\0';
}

bool toml_scan_starts(const struct toml_scan *scan, const char *literal)
{
    return str_starts(str_from_pos(scan->text, scan->at), str_from(literal));
}

bool toml_scan_eat(struct toml_scan *scan, char c)
{
    if (scan->at >= scan->text.len || scan->text.ptr[scan->at] != c)
        return false;
    scan->at++;
    return true;
}

void toml_scan_space(struct toml_scan *scan)
{
    while (toml_scan_eat(scan, ' ') || toml_scan_eat(scan, '\t'))
        ;
}

void toml_scan_comment(struct toml_scan *scan)
{
    if (toml_scan_peek(scan) != '#')
        return;
    while (scan->at < scan->text.len && !memchr("\r\n", scan->text.ptr[scan->at], 2))
        scan->at++;
}

bool toml_scan_newline(struct toml_scan *scan)
{
    if (toml_scan_starts(scan, "\r\n")) {
        scan->at += 2;
        return true;
    }
    return toml_scan_eat(scan, '\n');
}

void toml_scan_blank(struct toml_scan *scan)
{
    do {
        toml_scan_space(scan);
        toml_scan_comment(scan);
    } while (toml_scan_newline(scan));
}

/* \u and \U: that many hexadecimal digits, a Unicode scalar value, written as UTF-8. */
static bool toml_scan_unicode(struct toml_scan *scan, size_t digits, char *out, size_t *len)
{
    uint32_t c = 0;
    for (size_t i = 0; i < digits; i++, scan->at++) {
        char digit = char_lower(toml_scan_peek(scan));
        if (!char_is_digit(digit) && !(digit >= 'a' && digit <= 'f'))
            return toml_scan_fail(scan, "a \\u escape has %zu hexadecimal digits", digits);
        c = c << 4 | (uint32_t)(char_is_digit(digit) ? digit - '0' : digit - 'a' + 10);
    }
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return toml_scan_fail(scan, "U+%X is no character", (unsigned)c);
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[(*len)++] = (char)(lead[more] | c >> (6 * more));
    while (more--)
        out[(*len)++] = (char)(0x80 | (c >> (6 * more) & 63));
    return true;
}

/* A backslash at a line end swallows the white space up to the next text. */
static bool toml_scan_line_joined(struct toml_scan *scan)
{
    size_t from = scan->at;
    toml_scan_space(scan);
    if (!toml_scan_newline(scan)) {
        scan->at = from;
        return false;
    }
    do
        toml_scan_space(scan);
    while (toml_scan_newline(scan));
    return true;
}

static bool toml_scan_escape(struct toml_scan *scan, bool multiline, char *out, size_t *len)
{
    static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
    if (multiline && toml_scan_line_joined(scan))
        return true;
    char c = toml_scan_peek(scan);
    const char *name = c ? strchr(names, c) : NULL;
    if (name) {
        out[(*len)++] = values[name - names];
        scan->at++;
        return true;
    }
    if (c != 'u' && c != 'U')
        return toml_scan_fail(scan, "unknown escape in a string");
    scan->at++;
    return toml_scan_unicode(scan, c == 'u' ? 4 : 8, out, len);
}

/* One line: "..." or '...'. */
static bool toml_scan_short_string(struct toml_scan *scan, struct str *value)
{
    char quote = toml_scan_peek(scan), *out = NULL;
    size_t start = ++scan->at, len = 0;
    for (;;) {
        char c = toml_scan_peek(scan);
        if (scan->at >= scan->text.len || c == '\n' || c == '\r')
            return toml_scan_fail(scan, "a string is not closed on its line");
        if (c == quote)
            break;
        if (c == '\\' && quote == '"') {
            if (!out) {
                size_t end = scan->at;
                while (end < scan->text.len && scan->text.ptr[end] != '\n')
                    end++;
                out = arena_alloc(scan->arena, end - start + 1);
                len = scan->at - start;
                memcpy(out, scan->text.ptr + start, len);
            }
            scan->at++;
            if (!toml_scan_escape(scan, false, out, &len))
                return false;
            continue;
        }
        if (out)
            out[len++] = c;
        scan->at++;
    }
    *value = out ? str_of(out, len) : str_slice(scan->text, start, scan->at);
    scan->at++;
    return true;
}

/* The text between the fences, escapes replaced, into out. */
static bool toml_scan_long_body(struct toml_scan *scan, char quote, const char *fence,
                                struct buf *out)
{
    while (!toml_scan_starts(scan, fence)) {
        if (scan->at >= scan->text.len)
            return toml_scan_fail(scan, "a string of several lines is not closed");
        char c = scan->text.ptr[scan->at++];
        if (c == '\\' && quote == '"') {
            char plain[4];
            size_t len = 0;
            if (!toml_scan_escape(scan, true, plain, &len))
                return false;
            buf_add(out, str_of(plain, len));
        } else if (c != '\r') { /* line ends become \n; toml_scan_check let no other \r pass */
            buf_add_char(out, c);
        }
    }
    return true;
}

/* Several lines: three quotes at each end; one or two more may stand before the closing ones. */
static bool toml_scan_long_string(struct toml_scan *scan, struct str *value)
{
    char quote = toml_scan_peek(scan);
    BUF_AUTO struct buf out = {0};
    scan->at += 3;
    toml_scan_newline(scan);
    if (!toml_scan_long_body(scan, quote, quote == '"' ? "\"\"\"" : "'''", &out))
        return false;
    scan->at += 3;
    for (int extra = 0; extra < 2 && toml_scan_peek(scan) == quote; extra++) {
        buf_add_char(&out, quote);
        scan->at++;
    }
    *value = arena_str(scan->arena, buf_str(&out));
    return true;
}

bool toml_scan_string(struct toml_scan *scan, bool multiline_allowed, struct str *value)
{
    if (toml_scan_starts(scan, "\"\"\"") || toml_scan_starts(scan, "'''")) {
        if (!multiline_allowed)
            return toml_scan_fail(scan, "a key cannot be a string of several lines");
        return toml_scan_long_string(scan, value);
    }
    return toml_scan_short_string(scan, value);
}

bool toml_scan_simple_key(struct toml_scan *scan, struct str *key)
{
    char c = toml_scan_peek(scan);
    if (c == '"' || c == '\'')
        return toml_scan_string(scan, false, key);
    size_t start = scan->at;
    for (; scan->at < scan->text.len; scan->at++) {
        c = scan->text.ptr[scan->at];
        if (!char_is_alnum(c) && c != '_' && c != '-')
            break;
    }
    if (scan->at == start)
        return toml_scan_fail(scan, "a key is expected here");
    *key = str_slice(scan->text, start, scan->at);
    return true;
}
