#include "pkg/license.h"
#include "base/buf.h"

static const struct str licenses[] = {
#define SPDX_LICENSE(id) STR_INIT(id),
#define SPDX_EXCEPTION(id)
#include "tables/spdx.def"
};
static const struct str exceptions[] = {
#define SPDX_LICENSE(id)
#define SPDX_EXCEPTION(id) STR_INIT(id),
#include "tables/spdx.def"
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

struct reader {
    struct str text;
    size_t at; /* of the word that is looked at */
    size_t open;
    struct buf out;
    struct err *err;
};

static bool complain(struct reader *r, const char *what)
{
    struct str rest = str_slice(r->text, r->at, r->at + 60);
    if (!rest.len)
        return err_set_at(r->err, ERR_FORMAT, 0, r->at + 1,
                          "license expression, position %zu: %s, but the text ends here", r->at + 1,
                          what);
    return err_set_at(r->err, ERR_FORMAT, 0, r->at + 1,
                      "license expression, position %zu: %s, not \"" STR_FMT "\"", r->at + 1, what,
                      STR_ARG(rest));
}

/* The word at the cursor: a parenthesis, or what runs up to a space or one. */
static struct str look(struct reader *r)
{
    while (r->at < r->text.len && char_is_space(r->text.ptr[r->at]))
        r->at++;
    size_t to = r->at;
    while (to < r->text.len && !char_is_space(r->text.ptr[to]) &&
           !str_has_char(STR("()"), r->text.ptr[to]))
        to++;
    return str_slice(r->text, r->at, to == r->at ? to + 1 : to);
}

/* Appends a word, with the spaces that the normal form has, and steps behind it. */
static void put(struct reader *r, struct str word, struct str written)
{
    bool tight = !r->out.len || r->out.ptr[r->out.len - 1] == '(' || str_eq(word, STR(")"));
    if (!tight)
        buf_add_char(&r->out, ' ');
    buf_add(&r->out, word);
    r->at += written.len;
}

static int nocase_cmp(struct str a, struct str b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int order = (unsigned char)char_lower(a.ptr[i]) - (unsigned char)char_lower(b.ptr[i]);
        if (order)
            return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static const struct str *find(const struct str *table, size_t count, struct str id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = nocase_cmp(table[middle], id);
        if (!order)
            return &table[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool is_operator(struct str word)
{
    return str_eq_nocase(word, STR("and")) || str_eq_nocase(word, STR("or")) ||
           str_eq_nocase(word, STR("with"));
}

/* "LicenseRef-" and letters, digits, "-" and "." */
static bool take_reference(struct reader *r, struct str word)
{
    struct str own = str_from_pos(word, 11);
    for (size_t i = 0; i < own.len; i++)
        if (!char_is_alnum(own.ptr[i]) && !str_has_char(STR("-."), own.ptr[i]))
            return complain(r, "expected letters, digits, \"-\" and \".\" behind LicenseRef-");
    if (!own.len)
        return complain(r, "expected a name behind LicenseRef-");
    put(r, STR("LicenseRef-"), STR(""));
    buf_add(&r->out, own);
    r->at += word.len;
    return true;
}

/* An identifier, perhaps with "+", perhaps WITH an exception. */
static bool take_license(struct reader *r)
{
    struct str word = look(r), id = word;
    if (!word.len || is_operator(word) || str_eq(word, STR(")")))
        return complain(r, "expected a license");
    if (str_eq_nocase(str_slice(word, 0, 11), STR("LicenseRef-"))) {
        if (!take_reference(r, word))
            return false;
    } else {
        bool later = str_ends(id, STR("+"));
        id.len -= later;
        const struct str *known = find(licenses, COUNT(licenses), id);
        if (!known)
            return complain(r, "expected an identifier of the SPDX license list");
        put(r, *known, word);
        if (later)
            buf_add_char(&r->out, '+');
    }
    if (!str_eq_nocase(word = look(r), STR("with")))
        return true;
    put(r, STR("WITH"), word);
    const struct str *known = find(exceptions, COUNT(exceptions), word = look(r));
    if (!known)
        return complain(r, "expected an exception of the SPDX license list");
    put(r, *known, word);
    return true;
}

/* Behind a license: closing parentheses, then an operator; *more is false at the end. */
static bool take_operator(struct reader *r, bool *more)
{
    struct str word;
    while (str_eq(word = look(r), STR(")"))) {
        if (!r->open)
            return complain(r, "expected AND, OR or the end");
        r->open--;
        put(r, STR(")"), word);
    }
    *more = word.len != 0;
    if (!word.len)
        return !r->open || complain(r, "expected \")\"");
    if (str_eq_nocase(word, STR("and")))
        put(r, STR("AND"), word);
    else if (str_eq_nocase(word, STR("or")))
        put(r, STR("OR"), word);
    else
        return complain(r, "expected AND, OR or the end");
    return true;
}

/* Nesting needs a count alone: what follows a license does not depend on what it is inside of. */
static bool read_expression(struct reader *r)
{
    for (bool more = true; more;) {
        struct str word;
        while (str_eq(word = look(r), STR("("))) {
            r->open++;
            put(r, STR("("), word);
        }
        if (!take_license(r) || !take_operator(r, &more))
            return false;
    }
    return true;
}

bool license_parse(struct str text, struct arena *arena, struct str *normal, struct err *err)
{
    struct reader r = {.text = text, .err = err};
    if (text.len > LICENSE_LIMIT)
        return err_set(err, ERR_LIMIT, "a license expression of %zu bytes; at most %d are read",
                       text.len, LICENSE_LIMIT);
    bool good = read_expression(&r);
    if (good)
        *normal = arena_str(arena, buf_str(&r.out));
    buf_free(&r.out);
    return good;
}
