#include "base/str.h"

#include <string.h>

struct str str_from(const char *cstring)
{
    return cstring ? (struct str){cstring, strlen(cstring)} : (struct str){"", 0};
}

struct str str_of(const void *bytes, size_t len)
{
    return (struct str){bytes, len};
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (char_lower(a.ptr[i]) != char_lower(b.ptr[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_of(s.ptr, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from_pos(s, s.len - suffix.len), suffix);
}

size_t str_find(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    const char *hit = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

size_t str_find_char(struct str s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

size_t str_rfind_char(struct str s, char c)
{
    const char *hit = s.len ? memrchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

bool str_has_char(struct str s, char c)
{
    return str_find_char(s, c) < s.len;
}

struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct str){from ? s.ptr + from : s.ptr, to - from}; /* NULL + 0 is undefined in C */
}

struct str str_from_pos(struct str s, size_t from)
{
    return str_slice(s, from, s.len);
}

struct str str_trim(struct str s)
{
    while (s.len && char_is_space(s.ptr[0]))
        s = str_from_pos(s, 1);
    while (s.len && char_is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool str_cut(struct str s, char sep, struct str *head, struct str *tail)
{
    size_t at = str_find_char(s, sep);
    *head = str_slice(s, 0, at);
    *tail = str_from_pos(s, at + 1);
    return at < s.len;
}

bool str_next(struct str *rest, char sep, struct str *piece)
{
    if (!rest->ptr)
        return false;
    struct str tail;
    bool more = str_cut(*rest, sep, piece, &tail);
    *rest = more ? tail : (struct str){NULL, 0};
    return true;
}

bool str_next_line(struct str *rest, struct str *line)
{
    if (!rest->len)
        return false;
    struct str tail;
    str_cut(*rest, '\n', line, &tail);
    *rest = tail;
    if (line->len && line->ptr[line->len - 1] == '\r')
        line->len--;
    return true;
}

bool str_to_u64(struct str s, uint64_t *value)
{
    uint64_t sum = 0;
    if (!s.len)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!char_is_digit(s.ptr[i]))
            return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

uint64_t str_hash(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
    return h ^ (h >> 32);
}
