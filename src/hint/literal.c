#include "hint/literal.h"

#include <string.h>

enum { DEPTH_LIMIT = 16 };

struct parser {
    struct str text;
    size_t at;
    int depth;
    struct arena *arena;
    struct err *err;
};

/* What is known of a part of the pattern. */
struct part {
    struct literals need; /* none: nothing is known to be there */
    bool endless;         /* it holds a repetition without an end */
};

/* Bytes that follow each other in whatever matches. */
struct run {
    char bytes[LITERAL_LONGEST];
    size_t len;
};

struct repeat {
    bool optional, endless, given;
};

static bool literal_refuse(struct parser *parser, const char *what)
{
    return err_set_at(parser->err, ERR_FORMAT, 0, parser->at + 1, "pattern, position %zu: %s",
                      parser->at + 1, what);
}

static size_t literal_shortest(const struct literals *literals)
{
    size_t shortest = literals->len ? LITERAL_LONGEST : 0;
    for (size_t i = 0; i < literals->len; i++)
        if (literals->at[i].len < shortest)
            shortest = literals->at[i].len;
    return shortest;
}

/* Long ones are rare in logs, few are cheap. */
static void literal_prefer(struct literals *best, const struct literals *other)
{
    enum { ENOUGH = 16 };
    size_t ours = literal_shortest(best), theirs = literal_shortest(other);
    ours = ours > ENOUGH ? ENOUGH : ours;
    theirs = theirs > ENOUGH ? ENOUGH : theirs;
    if (theirs > ours || (theirs == ours && theirs && other->len < best->len))
        *best = *other;
}

static void literal_end_run(struct parser *parser, struct run *run, struct part *part)
{
    struct literals one = {.len = 1};
    if (run->len) {
        one.at[0] = arena_str(parser->arena, str_of(run->bytes, run->len));
        literal_prefer(&part->need, &one);
    }
    run->len = 0;
}

static char literal_peek(const struct parser *parser)
{
    return parser->at < parser->text.len ? parser->text.ptr[parser->at] : 0;
}

/* "{2,5}": false when the brace is no repetition and so an ordinary character. */
static bool literal_braces(struct parser *parser, struct repeat *repeat)
{
    struct str rest = str_from_pos(parser->text, parser->at + 1);
    struct str inside = str_slice(rest, 0, str_find_char(rest, '}')), low, high;
    uint64_t least, most;
    bool range = str_cut(inside, ',', &low, &high);
    if (inside.len == rest.len || !str_to_u64(low, &least) ||
        (range && high.len && !str_to_u64(high, &most)))
        return false;
    repeat->optional = least == 0;
    repeat->endless = range && !high.len;
    parser->at += inside.len + 2;
    return true;
}

static struct repeat literal_repeat(struct parser *parser)
{
    struct repeat repeat = {0};
    char c = literal_peek(parser);
    if (c == '?' || c == '*' || c == '+') {
        repeat = (struct repeat){c != '+', c != '?', true};
        parser->at++;
    } else if (c == '{') {
        repeat.given = literal_braces(parser, &repeat);
    }
    if (repeat.given && (literal_peek(parser) == '?' || literal_peek(parser) == '+'))
        parser->at++; /* lazy, possessive */
    return repeat;
}

static bool literal_class(struct parser *parser)
{
    size_t start = parser->at++;
    if (literal_peek(parser) == '^')
        parser->at++;
    for (bool first = true; parser->at < parser->text.len; first = false, parser->at++) {
        char c = literal_peek(parser);
        if (c == '\\')
            parser->at++;
        else if (c == '[' && parser->at + 1 < parser->text.len &&
                 parser->text.ptr[parser->at + 1] == ':')
            parser->at += str_find(str_from_pos(parser->text, parser->at), STR(":]")) + 1;
        else if (c == ']' && !first) {
            parser->at++;
            return true;
        }
    }
    parser->at = start;
    return literal_refuse(parser, "this \"[\" is not closed");
}

static bool literal_alternation(struct parser *parser, struct part *part);

/* Behind "(": what kind of group. `looks`: it only looks, and takes no part of the text. */
static bool literal_group_head(struct parser *parser, bool *looks)
{
    static const char *const looking[] = {"?=", "?!", "?<=", "?<!"};
    struct str rest = str_from_pos(parser->text, parser->at);
    *looks = false;
    if (!str_starts(rest, STR("?")))
        return !str_starts(rest, STR("*")) || literal_refuse(parser, "verbs are not used in hints");
    for (size_t i = 0; i < sizeof looking / sizeof *looking; i++)
        if (str_starts(rest, str_from(looking[i]))) {
            *looks = true;
            parser->at += strlen(looking[i]);
            return true;
        }
    if (str_starts(rest, STR("?:")) || str_starts(rest, STR("?>"))) {
        parser->at += 2;
        return true;
    }
    if (str_starts(rest, STR("?<")) || str_starts(rest, STR("?P<"))) {
        size_t end = str_find_char(rest, '>');
        parser->at += end + 1;
        return end < rest.len || literal_refuse(parser, "the name of this group has no end");
    }
    if (str_starts(rest, STR("?i)")) || str_starts(rest, STR("?i:"))) {
        parser->at += 2; /* either case: so are literals; ")" makes an empty group of it */
        parser->at += rest.ptr[2] == ':';
        return true;
    }
    return literal_refuse(parser, "this kind of group is not used in hints");
}

static bool literal_group(struct parser *parser, struct part *part)
{
    struct part inside = {0};
    size_t start = parser->at++;
    bool looks;
    if (++parser->depth > DEPTH_LIMIT)
        return literal_refuse(parser, "groups are nested too deep");
    if (!literal_group_head(parser, &looks) || !literal_alternation(parser, &inside))
        return false;
    if (literal_peek(parser) != ')') {
        parser->at = start;
        return literal_refuse(parser, "this \"(\" is not closed");
    }
    parser->at++;
    parser->depth--;
    struct repeat repeat = literal_repeat(parser);
    if (repeat.endless && inside.endless) {
        parser->at = start;
        return literal_refuse(parser, "a repetition inside of a repetition takes exponential time");
    }
    if (!looks && !repeat.optional)
        literal_prefer(&part->need, &inside.need);
    part->endless |= inside.endless || repeat.endless;
    return true;
}

/* Behind a backslash: an ordinary character, a class of characters, or a place. */
static bool literal_escape(struct parser *parser, bool *ordinary, bool *place)
{
    char c;
    parser->at++;
    c = literal_peek(parser);
    *ordinary = parser->at < parser->text.len && !char_is_alnum(c);
    *place = c == 'b' || c == 'B' || c == 'A' || c == 'z' || c == 'Z';
    if (*ordinary || *place || (c && strchr("dDsSwWhHnrt", c)))
        return true;
    return literal_refuse(parser, "this escape is not used in hints");
}

/* One atom that is no group: added to the run, or the run's end. */
static bool literal_atom(struct parser *parser, struct run *run, struct part *part)
{
    char c = literal_peek(parser);
    bool ordinary = true, place = false;
    struct repeat repeat;
    if (c == '[') {
        ordinary = false;
        if (!literal_class(parser))
            return false;
    } else {
        if (c == '\\') {
            if (!literal_escape(parser, &ordinary, &place))
                return false;
            c = literal_peek(parser);
        } else if (c == '^' || c == '$') {
            place = true;
        } else if (c == '.') {
            ordinary = false;
        } else if (c == '*' || c == '+' || c == '?') {
            return literal_refuse(parser, "there is nothing here to repeat");
        }
        parser->at++;
    }
    repeat = literal_repeat(parser);
    part->endless |= repeat.endless;
    if (place)
        return true;
    if (!ordinary || c == '\'' || c == '"' || c == '`' || (unsigned char)c >= 0x80 ||
        repeat.optional || run->len == LITERAL_LONGEST) {
        literal_end_run(parser, run, part);
        return true;
    }
    run->bytes[run->len++] = char_lower(c);
    if (repeat.given)
        literal_end_run(parser, run, part);
    return true;
}

static bool literal_sequence(struct parser *parser, struct part *part)
{
    struct run run = {0};
    while (parser->at < parser->text.len) {
        char c = literal_peek(parser);
        if (c == '|' || c == ')')
            break;
        if (c == '(')
            literal_end_run(parser, &run, part);
        if (!(c == '(' ? literal_group(parser, part) : literal_atom(parser, &run, part)))
            return false;
    }
    literal_end_run(parser, &run, part);
    return true;
}

static bool literal_alternation(struct parser *parser, struct part *part)
{
    bool known = true;
    for (;; parser->at++) {
        struct part branch = {0};
        if (!literal_sequence(parser, &branch))
            return false;
        part->endless |= branch.endless;
        known = known && branch.need.len && part->need.len + branch.need.len <= LITERAL_MOST;
        for (size_t i = 0; known && i < branch.need.len; i++)
            part->need.at[part->need.len++] = branch.need.at[i];
        if (literal_peek(parser) != '|')
            break;
    }
    if (!known)
        part->need.len = 0;
    return true;
}

bool literal_extract(struct str pattern, struct arena *arena, struct literals *literals,
                     struct err *err)
{
    struct parser parser = {.text = pattern, .arena = arena, .err = err};
    struct part whole = {0};
    if (!literal_alternation(&parser, &whole))
        return false;
    if (parser.at < pattern.len)
        return literal_refuse(&parser, "this \")\" closes nothing");
    if (literal_shortest(&whole.need) < LITERAL_SHORTEST) {
        parser.at = 0;
        return literal_refuse(&parser,
                              "nearly every line would match: at least 4 characters in a row "
                              "must be certain in all that it matches");
    }
    *literals = whole.need;
    return true;
}
