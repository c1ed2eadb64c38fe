#include "pkg/managed.h"
#include "base/buf.h"

static bool is_blank_start(struct str line)
{
    return line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
}

/* How well a key suits the locale: 0 not at all, 1 "Error", 2 its language, 3 the locale. */
static int suits(struct str key, struct str locale)
{
    if (str_eq_nocase(key, STR("Error")))
        return 1;
    if (!str_eq_nocase(str_slice(key, 0, 6), STR("Error-")) || !locale.len)
        return 0;
    struct str named = str_from_pos(key, 6), language, rest;
    str_cut(locale, '_', &language, &rest);
    return str_eq_nocase(named, locale) ? 3 : str_eq_nocase(named, language) ? 2 : 0;
}

/* "Key = value" or "Key: value" */
static bool cut_entry(struct str line, struct str *key, struct str *value)
{
    size_t equals = str_find_char(line, '='), colon = str_find_char(line, ':');
    size_t at = equals < colon ? equals : colon;
    *key = str_trim(str_slice(line, 0, at));
    *value = str_trim(str_from_pos(line, at + 1));
    return at < line.len && key->len;
}

struct reader {
    struct buf value; /* of the best key so far */
    int best,
        current; /* how well keys suit; current: of the key whose lines are read, 0 for others */
    bool inside; /* the section */
    bool seen;
};

static bool read_line(struct reader *r, struct str line, struct str locale, size_t number,
                      struct err *err)
{
    struct str plain = str_trim(line), key, value;
    if (plain.len && (plain.ptr[0] == '#' || plain.ptr[0] == ';'))
        return true;
    if (!plain.len || is_blank_start(line)) { /* the value goes on */
        if (r->current && r->current == r->best)
            buf_printf(&r->value, "\n" STR_FMT, STR_ARG(plain));
        return true;
    }
    r->current = 0;
    if (plain.ptr[0] == '[') {
        r->inside = str_eq(plain, STR("[externally-managed]"));
        r->seen |= r->inside;
        return true;
    }
    if (!cut_entry(plain, &key, &value))
        return err_set_at(err, ERR_FORMAT, number, 1,
                          "EXTERNALLY-MANAGED, line %zu: neither a section nor \"Key = value\"",
                          number);
    if (!r->inside)
        return true;
    int suiting = suits(key, locale);
    if (suiting > r->best) {
        r->best = r->current = suiting;
        buf_clear(&r->value);
        buf_add(&r->value, value);
    }
    return true;
}

bool managed_parse(struct str text, struct str locale, struct arena *arena, struct str *message,
                   struct err *err)
{
    struct reader r = {0};
    struct str line;
    size_t number = 0;
    bool good = true;
    if (text.len > MANAGED_LIMIT)
        return err_set(err, ERR_LIMIT, "EXTERNALLY-MANAGED: %zu bytes, more than the %d allowed",
                       text.len, MANAGED_LIMIT);
    while (good && str_next_line(&text, &line))
        good = read_line(&r, line, locale, ++number, err);
    if (good && !r.seen)
        good = err_set(err, ERR_FORMAT,
                       "EXTERNALLY-MANAGED: there is no section [externally-managed]");
    if (good)
        *message = arena_str(arena, str_trim(buf_str(&r.value)));
    buf_free(&r.value);
    return good;
}
