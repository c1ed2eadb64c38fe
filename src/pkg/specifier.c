#include "pkg/specifier.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <stdlib.h>

/* Longer operators first. */
static const struct {
    struct str text;
    enum specifier_op op;
} operators[] = {
    {STR_INIT("==="), SPECIFIER_ARBITRARY}, {STR_INIT("~="), SPECIFIER_COMPATIBLE},
    {STR_INIT("=="), SPECIFIER_EQ},         {STR_INIT("!="), SPECIFIER_NE},
    {STR_INIT("<="), SPECIFIER_LE},         {STR_INIT(">="), SPECIFIER_GE},
    {STR_INIT("<"), SPECIFIER_LT},          {STR_INIT(">"), SPECIFIER_GT},
};
enum { OPERATORS = sizeof operators / sizeof *operators };

struct str specifier_op_text(enum specifier_op op)
{
    size_t i = 0;
    while (operators[i].op != op)
        i++;
    return operators[i].text;
}

/* What may stand behind ===: anything but what ends a clause where it is written. */
static bool is_arbitrary(struct str s)
{
    if (s.len > VERSION_TEXT_LIMIT)
        return false;
    while (s.len) {
        uint32_t point;
        size_t len = utf8_decode(s, &point);
        if (len &&
            (utf8_is_space(point) || (point < 0x80 && str_has_char(STR(",;)"), (char)point))))
            return false;
        s = str_from_pos(s, len ? len : 1);
    }
    return true;
}

static bool is_release_only(const struct version *v)
{
    return !v->has_pre && !v->has_post && !v->has_dev && !v->has_local;
}

bool specifier_make(enum specifier_op op, struct str text, struct specifier *specifier)
{
    struct specifier s = {.op = op, .text = utf8_trim(text)};
    if (op == SPECIFIER_ARBITRARY) {
        if (!is_arbitrary(s.text))
            return false;
        s.valid = version_try(s.text, &s.version);
        *specifier = s;
        return true;
    }
    bool equality = op == SPECIFIER_EQ || op == SPECIFIER_NE;
    if (equality && str_ends(s.text, STR(".*"))) {
        s.wildcard = true;
        s.text.len -= 2;
    }
    s.valid = version_try(s.text, &s.version) && s.version.text.len == s.text.len;
    if (!s.valid || (s.wildcard && !is_release_only(&s.version)))
        return false;
    if (!equality && s.version.has_local)
        return false;
    if (op == SPECIFIER_COMPATIBLE && version_release_count(&s.version) < 2)
        return false;
    *specifier = s;
    return true;
}

/* What specifier_make refused, in words. */
static const char *complaint(enum specifier_op op, struct str text)
{
    struct version v;
    bool wildcard = str_ends(text, STR(".*"));
    if (!text.len)
        return "the version is missing";
    if (op == SPECIFIER_ARBITRARY)
        return "white space, \";\" or \")\" in the version";
    if (wildcard && op != SPECIFIER_EQ && op != SPECIFIER_NE)
        return ".* goes with == and != only";
    if (!version_try(str_slice(text, 0, text.len - (wildcard ? 2 : 0)), &v))
        return "not a version (PEP 440)";
    if (wildcard)
        return ".* goes with release numbers only";
    if (v.has_local)
        return "a local version goes with == and != only";
    return "~= needs at least two release numbers";
}

static bool take_operator(struct str *text, enum specifier_op *op)
{
    for (size_t i = 0; i < OPERATORS; i++)
        if (str_starts(*text, operators[i].text)) {
            *text = utf8_trim(str_from_pos(*text, operators[i].text.len));
            *op = operators[i].op;
            return true;
        }
    return false;
}

bool specifier_parse(struct str text, struct specifier *specifier, struct err *err)
{
    struct str rest = utf8_trim(text);
    enum specifier_op op;
    struct str shown = str_slice(rest, 0, 100);
    if (!take_operator(&rest, &op))
        return err_set(
            err, ERR_FORMAT,
            "\"%.*s\": a version clause starts with one of ~= == != <= >= < > ===", STR_ARG(shown));
    if (!rest.len || !specifier_make(op, rest, specifier))
        return err_set(err, ERR_FORMAT, "\"%.*s\": %s", STR_ARG(shown), complaint(op, rest));
    return true;
}

bool specifier_set_parse(struct str text, struct arena *arena, struct specifier_set *set,
                         struct err *err)
{
    VEC(struct specifier) found = {0};
    struct str rest = utf8_trim(text), piece;
    struct specifier_set made = {.text = rest};
    while (rest.len && str_next(&rest, ',', &piece)) {
        if (!utf8_trim(piece).len)
            continue;
        if (found.len == SPECIFIER_SET_LIMIT)
            return err_set(err, ERR_LIMIT, "more than %d version clauses", SPECIFIER_SET_LIMIT);
        struct specifier one;
        if (!specifier_parse(piece, &one, err)) {
            err->position = (size_t)(utf8_trim(piece).ptr - text.ptr) + 1;
            return false;
        }
        *vec_push(&found, arena) = one;
    }
    made.at = found.at;
    made.len = found.len;
    *set = made;
    return true;
}

/* Post-release of exactly `of`: "1.0.post1" of "1.0", also "1.0a1.post2.dev3" of "1.0a1". */
static bool is_post_of(const struct version *v, const struct version *of)
{
    return v->has_post && !of->has_dev && version_same_pre(v, of);
}

/* `v`, which precedes `of`, is a pre-release of that very version. */
static bool is_pre_of(const struct version *v, const struct version *of)
{
    if (!of->has_post)
        return version_is_pre(v) && version_same_release(v, of, SIZE_MAX);
    return v->has_dev && version_same_post(v, of);
}

static bool match_equal(const struct specifier *s, const struct version *v)
{
    if (s->wildcard)
        return version_same_release(v, &s->version, version_release_count(&s->version));
    if (s->version.has_local)
        return version_cmp(v, &s->version) == 0;
    return version_cmp_public(v, &s->version) == 0;
}

bool specifier_match(const struct specifier *s, const struct version *v)
{
    const struct version *bound = &s->version;
    switch (s->op) {
    case SPECIFIER_EQ:
        return match_equal(s, v);
    case SPECIFIER_NE:
        return !match_equal(s, v);
    case SPECIFIER_GE:
        return version_cmp_public(v, bound) >= 0;
    case SPECIFIER_LE:
        return version_cmp_public(v, bound) <= 0;
    case SPECIFIER_COMPATIBLE:
        return version_cmp_public(v, bound) >= 0 &&
               version_same_release(v, bound, version_release_count(bound) - 1);
    case SPECIFIER_LT:
        if (version_cmp_public(v, bound) >= 0)
            return false;
        return version_is_pre(bound) || !is_pre_of(v, bound);
    case SPECIFIER_GT:
        if (version_cmp_public(v, bound) <= 0)
            return false;
        return bound->has_post || !is_post_of(v, bound);
    case SPECIFIER_ARBITRARY:
        return str_eq_nocase(v->text, s->text);
    }
    return false;
}

bool specifier_match_text(const struct specifier *specifier, struct str version)
{
    struct version parsed;
    if (specifier->op == SPECIFIER_ARBITRARY)
        return str_eq_nocase(utf8_trim(version), specifier->text);
    return version_try(version, &parsed) && specifier_match(specifier, &parsed);
}

bool specifier_set_match(const struct specifier_set *set, const struct version *version)
{
    for (size_t i = 0; i < set->len; i++)
        if (!specifier_match(&set->at[i], version))
            return false;
    return true;
}

bool specifier_set_match_text(const struct specifier_set *set, struct str version)
{
    for (size_t i = 0; i < set->len; i++)
        if (!specifier_match_text(&set->at[i], version))
            return false;
    return true;
}

bool specifier_set_names_pre(const struct specifier_set *set)
{
    for (size_t i = 0; i < set->len; i++)
        if (set->at[i].op != SPECIFIER_NE && set->at[i].valid &&
            version_is_pre(&set->at[i].version))
            return true;
    return false;
}

bool specifier_set_pins(const struct specifier_set *set)
{
    for (size_t i = 0; i < set->len; i++)
        if (set->at[i].op == SPECIFIER_ARBITRARY ||
            (set->at[i].op == SPECIFIER_EQ && !set->at[i].wildcard))
            return true;
    return false;
}

size_t specifier_set_pick(const struct specifier_set *set, const struct version *versions,
                          size_t count, enum specifier_pre pre)
{
    size_t best = count, best_final = count;
    for (size_t i = 0; i < count; i++) {
        if (!specifier_set_match(set, &versions[i]))
            continue;
        if (best == count || version_cmp(&versions[i], &versions[best]) > 0)
            best = i;
        if (!version_is_pre(&versions[i]) &&
            (best_final == count || version_cmp(&versions[i], &versions[best_final]) > 0))
            best_final = i;
    }
    if (pre == SPECIFIER_PRE_ALLOW ||
        (pre == SPECIFIER_PRE_IF_NEEDED && specifier_set_names_pre(set)))
        return best;
    return best_final == count && pre == SPECIFIER_PRE_IF_NEEDED ? best : best_final;
}

void specifier_set_filter(const struct specifier_set *set, const struct str *texts, size_t count,
                          enum specifier_pre pre, size_t *places, size_t *kept)
{
    bool wanted = pre == SPECIFIER_PRE_ALLOW;
    struct version version;
    if (pre == SPECIFIER_PRE_IF_NEEDED) {
        bool has_final = false;
        for (size_t i = 0; i < count && !has_final; i++)
            has_final = version_try(texts[i], &version) && !version_is_pre(&version) &&
                        specifier_set_match(set, &version);
        wanted = specifier_set_names_pre(set) || !has_final;
    }
    *kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_pre = version_try(texts[i], &version) && version_is_pre(&version);
        if ((wanted || !is_pre) && specifier_set_match_text(set, texts[i]))
            places[(*kept)++] = i;
    }
}

static int clause_cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct str specifier_set_normal(const struct specifier_set *set, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    struct str *clauses = ARENA_ARRAY(arena, struct str, set->len);
    for (size_t i = 0; i < set->len; i++) {
        const struct specifier *s = &set->at[i];
        buf_clear(&out);
        buf_add(&out, specifier_op_text(s->op));
        if (s->op == SPECIFIER_ARBITRARY)
            buf_add(&out, s->text);
        else
            version_write(&s->version, &out);
        if (s->wildcard)
            buf_add(&out, STR(".*"));
        clauses[i] = arena_str(arena, buf_str(&out));
    }
    if (set->len)
        qsort(clauses, set->len, sizeof *clauses, clause_cmp);
    buf_clear(&out);
    for (size_t i = 0; i < set->len; i++) {
        if (i)
            buf_add_char(&out, ',');
        buf_add(&out, clauses[i]);
    }
    return arena_str(arena, buf_str(&out));
}
