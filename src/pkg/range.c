#include "pkg/range.h"
#include "base/vec.h"

typedef VEC(struct range) range_list;

/* How much of a version its written form takes over. */
enum stem { STEM_RELEASE, STEM_PRE, STEM_POST };

static void write_stem(const struct version *v, enum stem stem, struct arena *arena,
                       struct buf *out)
{
    static const char *const kinds[] = {"", "a", "b", "rc"};
    buf_add(out, version_base(v, arena));
    if (stem >= STEM_PRE && v->has_pre) {
        buf_add(out, str_from(kinds[v->pre_kind]));
        buf_add(out, version_digits(v, v->pre));
    }
    if (stem >= STEM_POST && v->has_post) {
        buf_add(out, STR(".post"));
        buf_add(out, version_digits(v, v->post));
    }
}

/* Appends digits + 1, for numbers of any length. */
static void write_next(struct str digits, struct buf *out)
{
    size_t nines = 0;
    while (nines < digits.len && digits.ptr[digits.len - 1 - nines] == '9')
        nines++;
    if (nines == digits.len) {
        buf_add_char(out, '1');
    } else {
        buf_add(out, str_slice(digits, 0, digits.len - nines));
        out->ptr[out->len - 1]++;
    }
    for (size_t i = 0; i < nines; i++)
        buf_add_char(out, '0');
}

/* The point in front of the version that was written; false when it is longer than is read. */
static bool before_written(const struct buf *text, struct arena *arena, struct range_point *point)
{
    point->edge = RANGE_BEFORE;
    return version_try(arena_str(arena, buf_str(text)), &point->version);
}

/* In front of the earliest pre-release of v: V.dev0. */
static bool before_dev(const struct version *v, struct arena *arena, struct range_point *point)
{
    BUF_AUTO struct buf text = {0};
    write_stem(v, STEM_POST, arena, &text);
    buf_add(&text, STR(".dev0"));
    return before_written(&text, arena, point);
}

/* In front of all versions of the release after the first `count` numbers of v: of 1.2, 1.3.dev0.
 */
static bool before_next_release(const struct version *v, size_t count, struct arena *arena,
                                struct range_point *point)
{
    BUF_AUTO struct buf text = {0};
    struct version_part number;
    size_t at = v->release.at, left = count;
    if (v->has_epoch)
        buf_printf(&text, STR_FMT "!", STR_ARG(version_digits(v, v->epoch)));
    while (left-- && version_next_number(v, &at, &number)) {
        struct str digits = version_digits(v, number);
        if (left) {
            buf_add(&text, digits);
            buf_add_char(&text, '.');
        } else {
            write_next(digits, &text);
        }
    }
    buf_add(&text, STR(".dev0"));
    return before_written(&text, arena, point);
}

/* Behind v and its local versions. */
static bool after_locals(const struct version *v, struct arena *arena, struct range_point *point)
{
    BUF_AUTO struct buf text = {0};
    write_stem(v, v->has_dev ? STEM_POST : STEM_PRE, arena, &text);
    if (v->has_dev) {
        buf_add(&text, STR(".dev"));
        write_next(version_digits(v, v->dev), &text);
    } else {
        buf_add(&text, STR(".post"));
        if (v->has_post)
            write_next(version_digits(v, v->post), &text);
        else
            buf_add_char(&text, '0');
        buf_add(&text, STR(".dev0"));
    }
    return before_written(&text, arena, point);
}

/* Behind v, its local versions and its post-releases: what > means. */
static bool after_posts(const struct version *v, struct arena *arena, struct range_point *point)
{
    static const char *const kinds[] = {"", "a", "b", "rc"};
    if (v->has_dev || v->has_post)
        return after_locals(v, arena, point);
    if (!v->has_pre) {
        *point = (struct range_point){RANGE_AFTER_POSTS, *v};
        return true;
    }
    BUF_AUTO struct buf text = {0};
    write_stem(v, STEM_RELEASE, arena, &text);
    buf_add(&text, str_from(kinds[v->pre_kind]));
    write_next(version_digits(v, v->pre), &text);
    buf_add(&text, STR(".dev0"));
    return before_written(&text, arena, point);
}

/* w is v, one of its local versions or of its post-releases (v final). */
static bool is_in_family(const struct version *w, const struct version *v)
{
    return version_same_pre(w, v) && (w->has_post || !w->has_dev);
}

static int point_cmp(const struct range_point *a, const struct range_point *b)
{
    if (a->edge == RANGE_INFINITE || b->edge == RANGE_INFINITE)
        return (a->edge == RANGE_INFINITE) - (b->edge == RANGE_INFINITE);
    int order = version_cmp(&a->version, &b->version);
    if (!order)
        return (int)a->edge - (int)b->edge;
    if (order < 0 && a->edge == RANGE_AFTER_POSTS && is_in_family(&b->version, &a->version))
        return 1;
    if (order > 0 && b->edge == RANGE_AFTER_POSTS && is_in_family(&a->version, &b->version))
        return -1;
    return order;
}

/* Nothing precedes 0.dev0. */
static struct range_point first_point(void)
{
    struct range_point point = {.edge = RANGE_BEFORE};
    if (!version_try(STR("0.dev0"), &point.version))
        __builtin_unreachable();
    return point;
}

static const struct range_point last_point = {.edge = RANGE_INFINITE};

static void add(range_list *list, struct range_point from, struct range_point to,
                struct arena *arena)
{
    if (point_cmp(&from, &to) < 0)
        *vec_push(list, arena) = (struct range){from, to};
}

/* The ends of ==, from one point to another; of !=, all that is outside of them. */
static bool equality(const struct specifier *s, struct arena *arena, range_list *list)
{
    const struct version *v = &s->version;
    struct range_point from = {RANGE_BEFORE, *v}, to = {RANGE_AFTER, *v};
    bool good = s->wildcard ? before_dev(v, arena, &from) &&
                                  before_next_release(v, version_release_count(v), arena, &to)
                            : v->has_local || after_locals(v, arena, &to);
    if (!good)
        return false;
    if (s->op == SPECIFIER_EQ) {
        add(list, from, to, arena);
    } else {
        add(list, first_point(), from, arena);
        add(list, to, last_point, arena);
    }
    return true;
}

/* The intervals of one clause, at most two; false when a version gets too long. */
static bool clause_ranges(const struct specifier *s, struct arena *arena, range_list *list)
{
    const struct version *v = &s->version;
    struct range_point at = {RANGE_BEFORE, *v}, end = last_point, first = first_point();
    switch (s->op) {
    case SPECIFIER_EQ:
    case SPECIFIER_NE:
        return equality(s, arena, list);
    case SPECIFIER_GE:
        add(list, at, end, arena);
        return true;
    case SPECIFIER_LE:
        if (!after_locals(v, arena, &end))
            return false;
        add(list, first, end, arena);
        return true;
    case SPECIFIER_LT:
        if (!version_is_pre(v) && !before_dev(v, arena, &at))
            return false;
        add(list, first, at, arena);
        return true;
    case SPECIFIER_GT:
        if (!after_posts(v, arena, &at))
            return false;
        add(list, at, end, arena);
        return true;
    case SPECIFIER_COMPATIBLE:
        if (!before_next_release(v, version_release_count(v) - 1, arena, &end))
            return false;
        add(list, at, end, arena);
        return true;
    case SPECIFIER_ARBITRARY:
        break;
    }
    return false;
}

static struct ranges intersect(const struct ranges *a, const struct ranges *b, struct arena *arena)
{
    range_list both = {0};
    for (size_t i = 0, k = 0; i < a->len && k < b->len;) {
        const struct range *left = &a->at[i], *right = &b->at[k];
        bool left_ends = point_cmp(&left->to, &right->to) <= 0;
        add(&both, point_cmp(&left->from, &right->from) >= 0 ? left->from : right->from,
            left_ends ? left->to : right->to, arena);
        if (left_ends)
            i++;
        else
            k++;
    }
    return (struct ranges){both.at, both.len};
}

static struct ranges complement(const struct ranges *ranges, struct arena *arena)
{
    range_list gaps = {0};
    struct range_point from = first_point();
    for (size_t i = 0; i < ranges->len; i++) {
        add(&gaps, from, ranges->at[i].from, arena);
        from = ranges->at[i].to;
    }
    add(&gaps, from, last_point, arena);
    return (struct ranges){gaps.at, gaps.len};
}

bool range_make(const struct specifier_set *set, struct arena *arena, struct ranges *ranges,
                struct err *err)
{
    struct range *all = ARENA_NEW(arena, struct range);
    *all = (struct range){first_point(), last_point};
    struct ranges made = {all, 1};
    for (size_t i = 0; i < set->len; i++) {
        range_list one = {0};
        if (set->at[i].op == SPECIFIER_ARBITRARY)
            return err_set(err, ERR_USAGE,
                           "=== compares texts: such a set is no range of versions");
        if (!clause_ranges(&set->at[i], arena, &one))
            return err_set(err, ERR_LIMIT, "the end of a range is a version of more than %d bytes",
                           VERSION_TEXT_LIMIT);
        struct ranges clause = {one.at, one.len};
        made = intersect(&made, &clause, arena);
    }
    *ranges = made;
    return true;
}

bool range_contains(const struct ranges *ranges, const struct version *version)
{
    struct range_point at = {RANGE_BEFORE, *version};
    for (size_t i = 0; i < ranges->len; i++)
        if (point_cmp(&ranges->at[i].from, &at) <= 0 && point_cmp(&at, &ranges->at[i].to) < 0)
            return true;
    return false;
}

bool range_is_disjoint(const struct ranges *a, const struct ranges *b, struct arena *arena)
{
    return intersect(a, b, arena).len == 0;
}

bool range_is_subset(const struct ranges *a, const struct ranges *b, struct arena *arena)
{
    struct ranges outside = complement(b, arena);
    return range_is_disjoint(a, &outside, arena);
}

/* The first version from a point on that is no pre-release, as the point in front of it. */
static bool first_final(const struct range_point *point, struct arena *arena,
                        struct range_point *final)
{
    const struct version *v = &point->version;
    BUF_AUTO struct buf text = {0};
    *final = *point;
    if (!version_is_pre(v))
        return true; /* behind a final version there is always another, 1.0.0.1 behind 1.0 */
    write_stem(v, v->has_pre ? STEM_RELEASE : STEM_POST, arena, &text);
    return before_written(&text, arena, final);
}

bool range_has_final(const struct ranges *ranges, struct arena *arena)
{
    for (size_t i = 0; i < ranges->len; i++) {
        struct range_point final;
        if (!first_final(&ranges->at[i].from, arena, &final) ||
            point_cmp(&final, &ranges->at[i].to) < 0)
            return true;
    }
    return false;
}
