#include "base/buf.h"
#include "base/vec.h"
#include "pkg/filename.h"
#include "pkg/simple.h"
#include "base/url.h"

#include <string.h>

/* A start tag of the page, its attributes not yet split. */
struct simple_html_tag {
    struct str name, attributes;
};

struct simple_html_page {
    struct str rest;
    struct str base;  /* what links are relative to */
    struct str title; /* for the message about a page that is none */
    struct arena *arena;
    VEC(struct simple_file) files;
    enum simple_status status;
    struct str status_reason, api_version;
    bool interactive; /* forms or scripts: made for people */
    bool markup;      /* at least one tag */
};

/* Writes a code point as UTF-8. */
static void simple_html_utf8(uint32_t c, struct buf *out)
{
    if (c < 0x80) {
        buf_add_char(out, (char)c);
    } else if (c < 0x800) {
        buf_add_char(out, (char)(0xc0 | c >> 6));
        buf_add_char(out, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        buf_add_char(out, (char)(0xe0 | c >> 12));
        buf_add_char(out, (char)(0x80 | (c >> 6 & 63)));
        buf_add_char(out, (char)(0x80 | (c & 63)));
    } else {
        buf_add_char(out, (char)(0xf0 | c >> 18));
        buf_add_char(out, (char)(0x80 | (c >> 12 & 63)));
        buf_add_char(out, (char)(0x80 | (c >> 6 & 63)));
        buf_add_char(out, (char)(0x80 | (c & 63)));
    }
}

/* "#62", "#x3e" to a code point; 0 when it is none. */
static uint32_t simple_html_number(struct str body)
{
    uint32_t value = 0;
    bool hex = body.len > 1 && (body.ptr[1] == 'x' || body.ptr[1] == 'X');
    for (size_t i = hex ? 2 : 1; i < body.len; i++) {
        char c = char_lower(body.ptr[i]);
        uint32_t digit = char_is_digit(c)              ? (uint32_t)(c - '0')
                         : hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                                                       : 99;
        if (digit == 99 || value > 0x110000)
            return 0;
        value = value * (hex ? 16 : 10) + digit;
    }
    return value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ? 0 : value;
}

/* Text with character references replaced; those that no index writes stay as they are. */
static struct str simple_html_text(struct str raw, struct arena *arena)
{
    static const struct {
        struct str name;
        const char *text;
    } named[] = {
        {STR_INIT("amp"), "&"},   {STR_INIT("lt"), "<"},   {STR_INIT("gt"), ">"},
        {STR_INIT("quot"), "\""}, {STR_INIT("apos"), "'"}, {STR_INIT("nbsp"), " "},
    };
    if (!str_has_char(raw, '&'))
        return raw;
    BUF_AUTO struct buf out = {0};
    for (size_t i = 0; i < raw.len; i++) {
        struct str body = str_slice(raw, i + 1, i + 12);
        size_t semicolon = str_find_char(body, ';');
        if (raw.ptr[i] != '&' || semicolon == body.len) {
            buf_add_char(&out, raw.ptr[i]);
            continue;
        }
        body.len = semicolon;
        size_t before = out.len;
        uint32_t code = body.len && body.ptr[0] == '#' ? simple_html_number(body) : 0;
        if (code)
            simple_html_utf8(code, &out);
        for (size_t n = 0; n < sizeof named / sizeof *named; n++)
            if (str_eq(body, named[n].name))
                buf_add(&out, str_from(named[n].text));
        if (out.len == before)
            buf_add_char(&out, '&');
        else
            i += semicolon + 1;
    }
    return arena_str(arena, buf_str(&out));
}

/* Next `name="value"`, `name=value` or `name`; value stays raw. */
static bool simple_html_attribute(struct str *rest, struct str *name, struct str *value)
{
    size_t i = 0, start;
    struct str s = *rest;
    while (i < s.len && (char_is_space(s.ptr[i]) || s.ptr[i] == '/'))
        i++;
    if (i == s.len)
        return false;
    start = i++;
    while (i < s.len && !char_is_space(s.ptr[i]) && s.ptr[i] != '=' && s.ptr[i] != '/')
        i++;
    *name = str_slice(s, start, i);
    *value = STR("");
    while (i < s.len && char_is_space(s.ptr[i]))
        i++;
    if (i == s.len || s.ptr[i] != '=') {
        *rest = str_from_pos(s, i);
        return true;
    }
    i++;
    while (i < s.len && char_is_space(s.ptr[i]))
        i++;
    if (i < s.len && (s.ptr[i] == '"' || s.ptr[i] == '\'')) {
        struct str quoted = str_from_pos(s, i + 1);
        size_t end = str_find_char(quoted, s.ptr[i]);
        *value = str_slice(quoted, 0, end);
        *rest = str_from_pos(quoted, end + 1);
        return true;
    }
    start = i;
    while (i < s.len && !char_is_space(s.ptr[i]))
        i++;
    *value = str_slice(s, start, i);
    *rest = str_from_pos(s, i);
    return true;
}

/* Value of one attribute, character references replaced; false when absent. */
static bool simple_html_get(struct str attributes, const char *key, struct arena *arena,
                            struct str *value)
{
    struct str name, raw;
    while (simple_html_attribute(&attributes, &name, &raw))
        if (str_eq_nocase(name, str_from(key))) {
            *value = str_trim(simple_html_text(raw, arena));
            return true;
        }
    return false;
}

/* End of a tag that starts behind "<": the ">" outside quotes. */
static size_t simple_html_tag_end(struct str s)
{
    char quote = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (quote) {
            if (c == quote)
                quote = 0;
        } else if (c == '>') {
            return i;
        } else if ((c == '"' || c == '\'') && i && s.ptr[i - 1] == '=') {
            quote = c;
        }
    }
    return s.len;
}

/* Finds the next start tag; comments, declarations and end tags are passed over. */
static bool simple_html_next(struct simple_html_page *page, struct simple_html_tag *tag)
{
    for (;;) {
        size_t open = str_find_char(page->rest, '<');
        struct str s = str_from_pos(page->rest, open + 1);
        if (open == page->rest.len)
            return false;
        if (str_starts(s, STR("!--"))) {
            s = str_from_pos(s, 3);
            page->rest = str_from_pos(s, str_find(s, STR("-->")));
            continue;
        }
        size_t end = simple_html_tag_end(s), name = 0;
        page->rest = str_from_pos(s, end + 1);
        while (name < end && char_is_alnum(s.ptr[name]))
            name++;
        if (!name)
            continue;
        page->markup = true;
        *tag = (struct simple_html_tag){str_slice(s, 0, name), str_slice(s, name, end)};
        return true;
    }
}

/* sha256=ab.. of a link's fragment, or of data-core-metadata. */
static void simple_html_hash(struct str text, struct arena *arena,
                             const struct simple_hash **hashes, size_t *len)
{
    static const char *const known[] = {"sha256", "sha512", "sha384", "sha224", "sha1", "md5"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct str hex = url_fragment_value(text, str_from(known[i]));
        if (!hex.len)
            continue;
        struct simple_hash *hash = ARENA_NEW(arena, struct simple_hash);
        *hash = (struct simple_hash){str_from(known[i]), arena_str(arena, hex)};
        *hashes = hash;
        *len = 1;
        return;
    }
}

static bool simple_html_link(struct simple_html_page *page, struct str attributes,
                             struct simple_file *file)
{
    struct arena *arena = page->arena;
    struct str href, value;
    if (!simple_html_get(attributes, "href", arena, &href) || href.len > URL_LIMIT)
        return false;
    *file = (struct simple_file){.size = -1, .upload_time_ms = -1};
    file->filename = url_filename(href, arena);
    if (filename_kind(file->filename) == FILENAME_OTHER || !file->filename.len)
        return false;
    file->filename = arena_str(arena, file->filename);
    struct str whole = url_resolve(page->base, href, arena);
    file->url = arena_str(arena, url_without_fragment(whole));
    simple_html_hash(url_split(whole).fragment, arena, &file->hashes, &file->hashes_len);
    if (simple_html_get(attributes, "data-requires-python", arena, &value))
        file->requires_python = arena_str(arena, value);
    if (simple_html_get(attributes, "data-yanked", arena, &value)) {
        file->yanked = true;
        file->yanked_reason = arena_str(arena, value);
    }
    if (simple_html_get(attributes, "data-core-metadata", arena, &value) ||
        simple_html_get(attributes, "data-dist-info-metadata", arena, &value)) {
        file->has_metadata = !str_eq_nocase(value, STR("false"));
        simple_html_hash(value, arena, &file->metadata_hashes, &file->metadata_hashes_len);
    }
    if (simple_html_get(attributes, "data-provenance", arena, &value) && value.len &&
        value.len <= URL_LIMIT)
        file->provenance = url_resolve(page->base, value, arena);
    /* No standard names these two for HTML, several indexes write them. */
    if (simple_html_get(attributes, "data-upload-time", arena, &value))
        simple_parse_time(value, &file->upload_time_ms);
    return true;
}

static void simple_html_meta(struct simple_html_page *page, struct str attributes)
{
    struct str name, content;
    if (!simple_html_get(attributes, "name", page->arena, &name) ||
        !simple_html_get(attributes, "content", page->arena, &content))
        return;
    if (str_eq_nocase(name, STR("pypi:project-status")))
        page->status = simple_status_from(content);
    else if (str_eq_nocase(name, STR("pypi:repository-version")))
        page->api_version = arena_str(page->arena, content);
    else if (str_eq_nocase(name, STR("pypi:project-status-reason")))
        page->status_reason = arena_str(page->arena, content);
}

/* Text up to the end tag of an element whose content is no markup. */
static struct str simple_html_raw(struct simple_html_page *page)
{
    size_t end = str_find(page->rest, STR("</"));
    struct str raw = str_slice(page->rest, 0, end);
    page->rest = str_from_pos(page->rest, end);
    return raw;
}

static bool simple_html_is_interactive(struct str name)
{
    static const char *const names[] = {"form", "input", "script", "iframe", "button", "object"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_nocase(name, str_from(names[i])))
            return true;
    return false;
}

static void simple_html_take(struct simple_html_page *page, const struct simple_html_tag *tag)
{
    struct simple_file file;
    struct str href;
    if (str_eq_nocase(tag->name, STR("a"))) {
        if (simple_html_link(page, tag->attributes, &file))
            *vec_push(&page->files, page->arena) = file;
    } else if (str_eq_nocase(tag->name, STR("base"))) {
        if (simple_html_get(tag->attributes, "href", page->arena, &href) && href.len < URL_LIMIT)
            page->base = url_resolve(page->base, href, page->arena);
    } else if (str_eq_nocase(tag->name, STR("meta"))) {
        simple_html_meta(page, tag->attributes);
    } else if (str_eq_nocase(tag->name, STR("title")) && !page->title.len) {
        page->title = str_trim(simple_html_raw(page));
    } else if (simple_html_is_interactive(tag->name)) {
        page->interactive = true;
    }
    if (str_eq_nocase(tag->name, STR("script")) || str_eq_nocase(tag->name, STR("style")))
        simple_html_raw(page);
}

/* Quoted in a message: one short line. */
static struct str simple_html_title(struct str title, struct arena *arena)
{
    struct str shown = arena_str(arena, str_slice(title, 0, 80));
    for (size_t i = 0; i < shown.len; i++)
        if ((unsigned char)shown.ptr[i] < ' ')
            ((char *)(uintptr_t)shown.ptr)[i] = ' ';
    return shown;
}

bool simple_parse_html(struct str text, struct str url, struct arena *arena,
                       struct simple_page *result, struct err *err)
{
    struct simple_html_page page = {.rest = text, .base = url, .arena = arena};
    struct simple_html_tag tag;
    struct str shown = url_redacted(url, arena);
    while (simple_html_next(&page, &tag)) {
        simple_html_take(&page, &tag);
        if (page.files.len > SIMPLE_FILE_LIMIT)
            return err_set(err, ERR_LIMIT, STR_FMT ": more than %d files", STR_ARG(shown),
                           SIMPLE_FILE_LIMIT);
    }
    if (!page.files.len && (page.interactive || !page.markup))
        return err_set(err, ERR_FORMAT,
                       STR_FMT
                       ": this is not a page of a package index but a web page titled \"" STR_FMT
                       "\" (a login or an error?); check the index URL and the "
                       "credentials",
                       STR_ARG(shown), STR_ARG(simple_html_title(page.title, arena)));
    *result = (struct simple_page){
        .status = page.status,
        .status_reason = page.status_reason,
        .api_version = page.api_version,
        .files = page.files.at,
        .files_len = page.files.len,
    };
    return true;
}
