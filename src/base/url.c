#include "base/url.h"
#include "base/buf.h"

#include <string.h>

/* Length of the scheme in front of the colon; 0 when there is none. */
static size_t url_scheme_len(struct str text)
{
    if (!text.len || !char_is_alpha(text.ptr[0]))
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ':')
            return i;
        if (!char_is_alnum(c) && c != '+' && c != '-' && c != '.')
            return 0;
    }
    return 0;
}

bool url_has_scheme(struct str text)
{
    return url_scheme_len(text) > 1;
}

static void url_split_authority(struct url *url)
{
    struct str rest = url->authority;
    size_t at = str_rfind_char(rest, '@');
    if (at < rest.len) {
        url->userinfo = str_slice(rest, 0, at);
        rest = str_from_pos(rest, at + 1);
    }
    if (rest.len && rest.ptr[0] == '[') {
        size_t close = str_find_char(rest, ']');
        url->host = str_slice(rest, 1, close);
        rest = str_from_pos(rest, close + 1);
        if (rest.len && rest.ptr[0] == ':')
            url->port = str_from_pos(rest, 1);
        return;
    }
    str_cut(rest, ':', &url->host, &url->port);
}

struct url url_split(struct str text)
{
    struct url url = {0};
    struct str rest = text;
    size_t scheme = url_scheme_len(text);
    if (scheme) {
        url.scheme = str_slice(text, 0, scheme);
        rest = str_from_pos(text, scheme + 1);
    }
    size_t hash = str_find_char(rest, '#');
    if (hash < rest.len) {
        url.has_fragment = true;
        url.fragment = str_from_pos(rest, hash + 1);
        rest = str_slice(rest, 0, hash);
    }
    size_t question = str_find_char(rest, '?');
    if (question < rest.len) {
        url.has_query = true;
        url.query = str_from_pos(rest, question + 1);
        rest = str_slice(rest, 0, question);
    }
    if (str_starts(rest, STR("//"))) {
        rest = str_from_pos(rest, 2);
        size_t slash = str_find_char(rest, '/');
        url.has_authority = true;
        url.authority = str_slice(rest, 0, slash);
        rest = str_from_pos(rest, slash);
        url_split_authority(&url);
    }
    url.path = rest;
    return url;
}

/* RFC 3986, 5.2.4, in place. */
static struct str url_remove_dots(char *path, size_t len)
{
    size_t out = 0, in = 0;
    while (in < len) {
        size_t end = in + 1;
        while (end < len && path[end] != '/')
            end++;
        struct str segment = str_of(path + in, end - in); /* "/name", or "name" in front */
        bool last = end == len;
        if (str_eq(segment, STR("/.")) || str_eq(segment, STR("."))) {
            if (last && path[in] == '/')
                path[out++] = '/';
        } else if (str_eq(segment, STR("/..")) || str_eq(segment, STR(".."))) {
            while (out && path[out - 1] != '/')
                out--;
            if (out)
                out--;
            if (last && path[in] == '/')
                path[out++] = '/';
        } else {
            memmove(path + out, path + in, segment.len);
            out += segment.len;
        }
        in = end;
    }
    return str_of(path, out);
}

static struct str url_merged_path(const struct url *base, const struct url *ref,
                                  struct arena *arena)
{
    struct str front = {0};
    if (!ref->has_authority && (!ref->path.len || ref->path.ptr[0] != '/')) {
        size_t slash = str_rfind_char(base->path, '/');
        front = slash < base->path.len ? str_slice(base->path, 0, slash + 1)
                : base->has_authority  ? STR("/")
                                       : STR("");
    }
    struct str joined = arena_printf(arena, STR_FMT STR_FMT, STR_ARG(front), STR_ARG(ref->path));
    return url_remove_dots((char *)(uintptr_t)joined.ptr, joined.len);
}

static struct str url_join(const struct url *url, struct arena *arena)
{
    return arena_printf(arena, STR_FMT "%s%s" STR_FMT STR_FMT "%s" STR_FMT "%s" STR_FMT,
                        STR_ARG(url->scheme), url->scheme.len ? ":" : "",
                        url->has_authority ? "//" : "", STR_ARG(url->authority), STR_ARG(url->path),
                        url->has_query ? "?" : "", STR_ARG(url->query),
                        url->has_fragment ? "#" : "", STR_ARG(url->fragment));
}

struct str url_resolve(struct str base_text, struct str reference, struct arena *arena)
{
    struct url base = url_split(base_text), ref = url_split(reference), out = ref;
    if (ref.scheme.len)
        return arena_str(arena, reference);
    out.scheme = base.scheme;
    if (!ref.has_authority) {
        out.has_authority = base.has_authority;
        out.authority = base.authority;
        if (!ref.path.len) {
            out.path = base.path;
            if (!ref.has_query) {
                out.has_query = base.has_query;
                out.query = base.query;
            }
            return url_join(&out, arena);
        }
    }
    out.path = url_merged_path(&base, &ref, arena);
    return url_join(&out, arena);
}

struct str url_without_fragment(struct str text)
{
    return str_slice(text, 0, str_find_char(text, '#'));
}

struct str url_fragment_value(struct str fragment, struct str key)
{
    struct str piece, name, value;
    while (str_next(&fragment, '&', &piece))
        if (str_cut(piece, '=', &name, &value) && str_eq(name, key))
            return value;
    return STR("");
}

static int url_hex_value(char c)
{
    if (char_is_digit(c))
        return c - '0';
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct str url_decode(struct str text, struct arena *arena)
{
    if (!str_has_char(text, '%'))
        return text;
    char *plain = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int high = -1, low = -1;
        if (text.ptr[i] == '%' && i + 2 < text.len) {
            high = url_hex_value(text.ptr[i + 1]);
            low = url_hex_value(text.ptr[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            plain[len++] = (char)(high << 4 | low);
            i += 2;
        } else {
            plain[len++] = text.ptr[i];
        }
    }
    return str_of(plain, len);
}

struct str url_filename(struct str text, struct arena *arena)
{
    struct str path = url_split(text).path;
    size_t slash = str_rfind_char(path, '/');
    return url_decode(slash < path.len ? str_from_pos(path, slash + 1) : path, arena);
}

bool url_to_path(struct str text, struct arena *arena, struct str *path)
{
    struct url url = url_split(text);
    if (!str_eq_nocase(url.scheme, STR("file")))
        return false;
    if (url.host.len && !str_eq_nocase(url.host, STR("localhost")))
        return false;
    struct str decoded = url_decode(url.path, arena);
    if (str_has_char(decoded, '\0'))
        return false;
    *path = arena_str(arena, decoded);
    return true;
}

struct str url_from_path(struct str absolute_path, struct arena *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, absolute_path.len * 3 + sizeof "file://");
    size_t len = sizeof "file://" - 1;
    memcpy(out, "file://", len);
    for (size_t i = 0; i < absolute_path.len; i++) {
        char c = absolute_path.ptr[i];
        if (char_is_alnum(c) || memchr("/-._~+!,@=", c, 10)) {
            out[len++] = c;
        } else {
            out[len++] = '%';
            out[len++] = digits[(unsigned char)c >> 4];
            out[len++] = digits[(unsigned char)c & 15];
        }
    }
    return str_of(out, len);
}

/* Names of query fields whose values are secrets on signed and token URLs. */
static bool url_is_secret_key(struct str key)
{
    static const char *const parts[] = {"token", "sig", "key", "secret", "password", "credential"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct str part = str_from(parts[i]);
        for (size_t at = 0; at + part.len <= key.len; at++)
            if (str_eq_nocase(str_slice(key, at, at + part.len), part))
                return true;
    }
    return false;
}

/* The query with the values of secrets struck out. */
static struct str url_redacted_query(struct str query, struct arena *arena)
{
    BUF_AUTO struct buf shown = {0};
    struct str piece, key, value;
    while (str_next(&query, '&', &piece)) {
        bool secret = str_cut(piece, '=', &key, &value) && url_is_secret_key(key);
        if (shown.len)
            buf_add_char(&shown, '&');
        buf_add(&shown, secret ? key : piece);
        if (secret)
            buf_add(&shown, STR("=****"));
    }
    return arena_str(arena, buf_str(&shown));
}

struct str url_redacted(struct str text, struct arena *arena)
{
    struct url url = url_split(text);
    if (url.userinfo.len) {
        struct str user, password;
        /* A user without a password is often a token itself. */
        bool pair = str_cut(url.userinfo, ':', &user, &password);
        struct str host = str_from_pos(url.authority, url.userinfo.len);
        url.authority =
            arena_printf(arena, STR_FMT "%s****" STR_FMT, STR_ARG(pair ? user : STR("")),
                         pair ? ":" : "", STR_ARG(host));
    }
    if (url.has_query)
        url.query = url_redacted_query(url.query, arena);
    return url_join(&url, arena);
}
