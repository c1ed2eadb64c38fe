#include "pkg/requirement.h"
#include "base/vec.h"
#include "pkg/marker_tree.h"
#include "pkg/name.h"

#include <stdlib.h>

struct reader {
    struct str text;
    size_t at;
    struct arena *arena;
    struct err *err;
};

static bool complain(struct reader *r, const char *what)
{
    if (r->at >= r->text.len)
        return err_set_at(r->err, ERR_FORMAT, 0, r->at + 1,
                          "requirement, position %zu: %s, but the text ends here", r->at + 1, what);
    return err_set_at(r->err, ERR_FORMAT, 0, r->at + 1,
                      "requirement, position %zu: %s, not \"%.*s\"", r->at + 1, what,
                      STR_ARG(str_slice(r->text, r->at, r->at + 30)));
}

/* `wsp` of the grammar: line ends are none, a requirement is one line. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_space(struct reader *r)
{
    while (r->at < r->text.len && is_blank(r->text.ptr[r->at]))
        r->at++;
}

static bool at_char(const struct reader *r, char c)
{
    return r->at < r->text.len && r->text.ptr[r->at] == c;
}

static bool take_char(struct reader *r, char c)
{
    if (!at_char(r, c))
        return false;
    r->at++;
    return true;
}

static bool is_name_char(char c)
{
    return char_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

static bool read_name(struct reader *r, const char *what, struct str *name)
{
    size_t from = r->at;
    while (r->at < r->text.len && is_name_char(r->text.ptr[r->at]))
        r->at++;
    struct str found = str_slice(r->text, from, r->at);
    if (!name_is_valid(found)) {
        r->at = from;
        return complain(r, what);
    }
    *name = found;
    return true;
}

static int name_order(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool read_extras(struct reader *r, struct requirement *req)
{
    VEC(struct str) extras = {0};
    if (!take_char(r, '['))
        return true;
    skip_space(r);
    while (!take_char(r, ']')) {
        struct str name;
        if (extras.len == REQUIREMENT_EXTRAS_LIMIT)
            return err_set(r->err, ERR_LIMIT, "requirement: more than %d extras",
                           REQUIREMENT_EXTRAS_LIMIT);
        if (!read_name(r, "expected the name of an extra", &name))
            return false;
        *vec_push(&extras, r->arena) = name_normal(name, r->arena);
        skip_space(r);
        if (at_char(r, ']'))
            continue;
        if (!take_char(r, ','))
            return complain(r, "expected \",\" or \"]\" behind the name of an extra");
        skip_space(r);
        if (at_char(r, ']'))
            return complain(r, "expected the name of an extra");
    }
    if (extras.len)
        qsort(extras.at, extras.len, sizeof *extras.at, name_order);
    size_t kept = 0;
    for (size_t i = 0; i < extras.len; i++)
        if (!kept || !str_eq(extras.at[kept - 1], extras.at[i]))
            extras.at[kept++] = extras.at[i];
    req->extras = extras.at;
    req->extras_len = kept;
    return true;
}

static bool read_url(struct reader *r, struct requirement *req)
{
    r->at++;
    skip_space(r);
    size_t from = r->at;
    while (r->at < r->text.len && !is_blank(r->text.ptr[r->at]))
        r->at++;
    req->url = str_slice(r->text, from, r->at);
    if (!req->url.len)
        return complain(r, "expected a URL behind \"@\"");
    skip_space(r);
    if (r->at < r->text.len && !at_char(r, ';'))
        return complain(r, "expected \";\" or the end behind the URL");
    return true;
}

static bool starts_clause(const struct reader *r)
{
    return r->at < r->text.len && str_has_char(STR("<>=!~"), r->text.ptr[r->at]);
}

/* One comma behind the last clause is allowed, none with nothing in front of it. */
static bool check_commas(struct reader *r, struct str clauses)
{
    size_t end = r->at;
    bool empty = true;
    for (r->at = end - clauses.len; r->at < end; r->at++) {
        if (r->text.ptr[r->at] & 0x80)
            return complain(r, "expected ASCII in a version clause");
        if (at_char(r, ',') && empty)
            return complain(r, "expected a version clause");
        empty = at_char(r, ',') || (empty && is_blank(r->text.ptr[r->at]));
    }
    return true;
}

static bool read_specifiers(struct reader *r, struct requirement *req)
{
    bool wrapped = take_char(r, '(');
    skip_space(r);
    size_t from = r->at;
    char end = wrapped ? ')' : ';';
    while (r->at < r->text.len && r->text.ptr[r->at] != end)
        r->at++;
    struct str clauses = str_slice(r->text, from, r->at);
    if (wrapped && !at_char(r, ')'))
        return complain(r, "expected \")\"");
    if (!check_commas(r, clauses))
        return false;
    if (!specifier_set_parse(clauses, r->arena, &req->specifiers, r->err)) {
        r->err->position += from + (r->err->position ? 0 : 1);
        return err_wrap(r->err, "requirement, position %zu", r->err->position);
    }
    if (wrapped)
        r->at++;
    skip_space(r);
    return true;
}

static bool read_tail(struct reader *r, struct requirement *req)
{
    if (at_char(r, '@')) {
        if (!read_url(r, req))
            return false;
    } else if (at_char(r, '(') || starts_clause(r)) {
        if (!read_specifiers(r, req))
            return false;
    }
    if (r->at == r->text.len)
        return true;
    if (!take_char(r, ';'))
        return complain(r, "expected a version clause, \"@\", \"[\", \";\" or the end");
    return marker_parse_from(r->text, r->at, r->arena, &req->marker, r->err);
}

/* Length of the UTF-8 sequence at s[at], 0 for one that is none. */
static size_t utf8_len(struct str s, size_t at)
{
    unsigned char c = (unsigned char)s.ptr[at];
    size_t len = c < 0x80                ? 1
                 : c >= 0xc2 && c < 0xe0 ? 2
                 : c >= 0xe0 && c < 0xf0 ? 3
                 : c >= 0xf0 && c < 0xf5 ? 4
                                         : 0;
    if (len > s.len - at)
        return 0;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)s.ptr[at + i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* What is read here is printed and stored again: no control bytes, nothing but UTF-8. */
static bool check_bytes(struct reader *r)
{
    for (size_t at = 0, len; at < r->text.len; at += len) {
        unsigned char c = (unsigned char)r->text.ptr[at];
        len = c >= ' ' && c < 0x7f ? 1 : utf8_len(r->text, at);
        if (!len || (c < ' ' && c != '\t') || c == 0x7f)
            return err_set_at(r->err, ERR_FORMAT, 0, at + 1,
                              "requirement, position %zu: byte 0x%02x is not allowed", at + 1, c);
    }
    return true;
}

static struct str trim_blanks(struct str text)
{
    while (text.len && is_blank(text.ptr[0]))
        text = str_from_pos(text, 1);
    while (text.len && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

bool requirement_parse(struct str text, struct arena *arena, struct requirement *req,
                       struct err *err)
{
    struct reader r = {.text = trim_blanks(text), .arena = arena, .err = err};
    struct requirement made = {.text = r.text};
    if (r.text.len > REQUIREMENT_LIMIT)
        return err_set(err, ERR_LIMIT, "a requirement of %zu bytes; at most %d are read",
                       r.text.len, REQUIREMENT_LIMIT);
    if (!check_bytes(&r))
        return false;
    if (!read_name(&r, "expected the name of a project", &made.written))
        return false;
    made.name = name_normal(made.written, arena);
    skip_space(&r);
    if (!read_extras(&r, &made))
        return false;
    skip_space(&r);
    if (!read_tail(&r, &made))
        return false;
    *req = made;
    return true;
}

void requirement_write(const struct requirement *req, struct buf *out)
{
    buf_add(out, req->name);
    for (size_t i = 0; i < req->extras_len; i++) {
        buf_add_char(out, i ? ',' : '[');
        buf_add(out, req->extras[i]);
    }
    if (req->extras_len)
        buf_add_char(out, ']');
    if (req->url.len) {
        buf_add(out, STR(" @ "));
        buf_add(out, req->url);
    }
    struct arena arena ARENA_AUTO = {0};
    buf_add(out, specifier_set_normal(&req->specifiers, &arena));
    if (req->marker) {
        buf_add(out, req->url.len ? STR(" ; ") : STR("; "));
        marker_write(req->marker, out);
    }
}
