#include "pkg/version.h"
#include "base/utf8.h"

#include <string.h>

/*
 * The key, most significant field first. The greatest value of a field means
 * "this or more": all bits after it are then ones, so that the key is above any
 * version that agrees up to here, and `exact` is off.
 *
 *   high: epoch 3, first release number 25, second 18, third 18
 *   low:  fourth 18, kind of pre-release 3, its number 7, post 10, dev 25, local 1
 */
enum {
    EPOCH_BITS = 3,
    FIRST_BITS = 25,
    NEXT_BITS = 18,
    KIND_BITS = 3,
    PRE_BITS = 7,
    POST_BITS = 10,
    DEV_BITS = 25,
    KEY_NUMBERS = 4,
    KIND_DEV_ONLY = 0, /* 1.0.dev1 precedes 1.0a1; VERSION_PRE_* are 1 to 3 */
    KIND_FINAL = 4,
    DEV_NONE = (1 << DEV_BITS) - 2,
    DEV_MORE = (1 << DEV_BITS) - 3,
};

struct cursor {
    const char *text;
    size_t len, at;
};

struct word {
    const char *text;
    uint8_t len, kind;
};

/* Longer spellings first. */
static const struct word pre_words[] = {
    {"preview", 7, VERSION_PRE_RC}, {"alpha", 5, VERSION_PRE_A}, {"beta", 4, VERSION_PRE_B},
    {"pre", 3, VERSION_PRE_RC},     {"rc", 2, VERSION_PRE_RC},   {"a", 1, VERSION_PRE_A},
    {"b", 1, VERSION_PRE_B},        {"c", 1, VERSION_PRE_RC},
};
static const struct word post_words[] = {{"post", 4, 1}, {"rev", 3, 1}, {"r", 1, 1}};
static const struct word dev_words[] = {{"dev", 3, 1}};
#define WORDS(table) table, sizeof(table) / sizeof *(table)

static bool is_separator(char c)
{
    return c == '.' || c == '-' || c == '_';
}

static struct version_part take_digits(struct cursor *cur)
{
    size_t from = cur->at;
    while (cur->at < cur->len && char_is_digit(cur->text[cur->at]))
        cur->at++;
    return (struct version_part){(uint16_t)from, (uint16_t)(cur->at - from)};
}

/* An optional separator, one of the words, an optional separator, an optional number. */
static uint8_t take_word(struct cursor *cur, const struct word *words, size_t count,
                         struct version_part *number)
{
    size_t at = cur->at;
    if (at < cur->len && is_separator(cur->text[at]))
        at++;
    if (at == cur->len || !char_is_alpha(cur->text[at]))
        return 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        if (cur->len - at < words[i].len)
            continue;
        while (k < words[i].len && char_lower(cur->text[at + k]) == words[i].text[k])
            k++;
        if (k < words[i].len)
            continue;
        cur->at = at + k;
        if (cur->at < cur->len && is_separator(cur->text[cur->at]))
            cur->at++;
        *number = take_digits(cur);
        return words[i].kind;
    }
    return 0;
}

static void take_post(struct cursor *cur, struct version *v)
{
    if (cur->at + 1 < cur->len && cur->text[cur->at] == '-' &&
        char_is_digit(cur->text[cur->at + 1])) {
        cur->at++;
        v->post = take_digits(cur);
        v->has_post = true;
        return;
    }
    v->has_post = take_word(cur, WORDS(post_words), &v->post) != 0;
}

static bool take_local(struct cursor *cur, struct version *v)
{
    if (cur->at == cur->len || cur->text[cur->at] != '+')
        return true;
    size_t from = ++cur->at;
    while (cur->at < cur->len) {
        char c = cur->text[cur->at];
        bool separates = is_separator(c);
        if (!separates && !char_is_alnum(c))
            return false;
        if (separates && (cur->at == from || is_separator(cur->text[cur->at - 1])))
            return false;
        cur->at++;
    }
    if (cur->at == from || is_separator(cur->text[cur->at - 1]))
        return false;
    v->local = (struct version_part){(uint16_t)from, (uint16_t)(cur->at - from)};
    v->has_local = true;
    return true;
}

static bool take_release(struct cursor *cur, struct version *v)
{
    struct version_part number = take_digits(cur);
    if (!number.len)
        return false;
    if (cur->at < cur->len && cur->text[cur->at] == '!') {
        v->epoch = number;
        v->has_epoch = true;
        cur->at++;
        number = take_digits(cur);
        if (!number.len)
            return false;
    }
    while (cur->at + 1 < cur->len && cur->text[cur->at] == '.' &&
           char_is_digit(cur->text[cur->at + 1])) {
        cur->at++;
        take_digits(cur);
    }
    v->release = (struct version_part){number.at, (uint16_t)(cur->at - number.at)};
    return true;
}

static bool take_version(struct cursor *cur, struct version *v)
{
    if (cur->at < cur->len && char_lower(cur->text[cur->at]) == 'v')
        cur->at++;
    if (!take_release(cur, v))
        return false;
    v->pre_kind = take_word(cur, WORDS(pre_words), &v->pre);
    v->has_pre = v->pre_kind != VERSION_PRE_NONE;
    take_post(cur, v);
    v->has_dev = take_word(cur, WORDS(dev_words), &v->dev) != 0;
    return take_local(cur, v) && cur->at == cur->len;
}

/* Saturates: numbers of any length are allowed. */
static uint64_t part_value(const char *text, struct version_part part)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < part.len; i++) {
        if (sum > UINT64_MAX / 16)
            return UINT64_MAX;
        sum = sum * 10 + (uint64_t)(text[part.at + i] - '0');
    }
    return sum;
}

struct key {
    uint64_t words[2];
    unsigned word, left; /* bits left in the current word */
    bool full;
};

static void key_saturate(struct key *key)
{
    if (key->full)
        return;
    key->words[key->word] |= key->left == 64 ? UINT64_MAX : (UINT64_C(1) << key->left) - 1;
    if (key->word == 0)
        key->words[1] = UINT64_MAX;
    key->full = true;
}

static void key_add(struct key *key, unsigned bits, uint64_t value)
{
    if (key->full)
        return;
    if (key->left == 0) {
        key->word++;
        key->left = 64;
    }
    if (value >= (UINT64_C(1) << bits) - 1) {
        key_saturate(key);
        return;
    }
    key->left -= bits;
    key->words[key->word] |= value << key->left;
}

static void key_add_dev(struct key *key, const struct version *v)
{
    uint64_t value = DEV_NONE;
    if (v->has_dev) {
        value = part_value(v->text.ptr, v->dev);
        if (value >= DEV_MORE) {
            key_add(key, DEV_BITS, DEV_MORE);
            key_saturate(key);
            return;
        }
    }
    key_add(key, DEV_BITS, value);
}

/* The next number of the release; false behind the last. */
static inline bool next_number(const struct version *v, size_t *at, struct version_part *number)
{
    size_t end = (size_t)v->release.at + v->release.len;
    if (*at >= end)
        return false;
    size_t from = *at, to = from;
    while (to < end && v->text.ptr[to] != '.')
        to++;
    *number = (struct version_part){(uint16_t)from, (uint16_t)(to - from)};
    *at = to + 1;
    return true;
}

static void key_add_release(struct key *key, const struct version *v)
{
    static const unsigned widths[KEY_NUMBERS] = {FIRST_BITS, NEXT_BITS, NEXT_BITS, NEXT_BITS};
    size_t at = v->release.at;
    struct version_part number;
    for (size_t i = 0; i < KEY_NUMBERS; i++)
        key_add(key, widths[i], next_number(v, &at, &number) ? part_value(v->text.ptr, number) : 0);
    while (next_number(v, &at, &number))
        if (part_value(v->text.ptr, number))
            key_saturate(key);
}

static unsigned pre_rank(const struct version *v)
{
    if (v->has_pre)
        return v->pre_kind;
    return v->has_dev && !v->has_post ? KIND_DEV_ONLY : KIND_FINAL;
}

static void version_key(struct version *v)
{
    struct key key = {.left = 64};
    const char *text = v->text.ptr;
    key_add(&key, EPOCH_BITS, part_value(text, v->epoch));
    key_add_release(&key, v);
    key_add(&key, KIND_BITS, pre_rank(v));
    key_add(&key, PRE_BITS, part_value(text, v->pre));
    uint64_t post = part_value(text, v->post);
    key_add(&key, POST_BITS, !v->has_post ? 0 : post == UINT64_MAX ? post : post + 1);
    key_add_dev(&key, v);
    if (v->has_local)
        key_saturate(&key);
    v->exact = !key.full;
    v->high = key.words[0];
    v->low = key.words[1];
}

/* `stopped` is where reading ended, counted from 0 in text. */
static bool parse(struct str text, struct version *version, size_t *stopped)
{
    struct str trimmed = utf8_trim(text);
    struct version v = {.text = trimmed};
    struct cursor cur = {trimmed.ptr, trimmed.len, 0};
    if (trimmed.len > VERSION_TEXT_LIMIT || !take_version(&cur, &v)) {
        *stopped = cur.at + (trimmed.len ? (size_t)(trimmed.ptr - text.ptr) : 0);
        return false;
    }
    version_key(&v);
    *version = v;
    return true;
}

bool version_try(struct str text, struct version *version)
{
    size_t stopped;
    return parse(text, version, &stopped);
}

bool version_parse(struct str text, struct version *version, struct err *err)
{
    size_t stopped;
    if (parse(text, version, &stopped))
        return true;
    if (text.len > VERSION_TEXT_LIMIT)
        return err_set(err, ERR_LIMIT, "a version of %zu bytes; at most %d are read", text.len,
                       VERSION_TEXT_LIMIT);
    return err_set_at(err, ERR_FORMAT, 0, stopped + 1,
                      "\"%.*s\" is not a version (PEP 440): position %zu",
                      STR_ARG(str_slice(text, 0, 100)), stopped + 1);
}

static int digits_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
    while (a_len && *a == '0')
        a++, a_len--;
    while (b_len && *b == '0')
        b++, b_len--;
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return a_len ? memcmp(a, b, a_len) : 0;
}

static int part_cmp(const struct version *a, struct version_part pa, const struct version *b,
                    struct version_part pb)
{
    return digits_cmp(a->text.ptr + pa.at, pa.len, b->text.ptr + pb.at, pb.len);
}

static int release_cmp(const struct version *a, const struct version *b, size_t count)
{
    size_t at_a = a->release.at, at_b = b->release.at;
    for (size_t i = 0; i < count; i++) {
        struct version_part pa = {0}, pb = {0};
        bool more_a = next_number(a, &at_a, &pa), more_b = next_number(b, &at_b, &pb);
        if (!more_a && !more_b)
            return 0;
        int order = part_cmp(a, pa, b, pb);
        if (order)
            return order;
    }
    return 0;
}

static struct str next_local(struct str *rest)
{
    size_t to = 0;
    while (to < rest->len && !is_separator(rest->ptr[to]))
        to++;
    struct str piece = str_slice(*rest, 0, to);
    *rest = str_from_pos(*rest, to + 1);
    return piece;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!char_is_digit(s.ptr[i]))
            return false;
    return s.len > 0;
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

static struct str local_of(const struct version *v)
{
    return str_of(v->text.ptr + v->local.at, v->local.len);
}

static int local_cmp(const struct version *a, const struct version *b)
{
    if (!a->has_local || !b->has_local)
        return a->has_local - b->has_local;
    struct str rest_a = local_of(a), rest_b = local_of(b);
    while (rest_a.len && rest_b.len) {
        struct str pa = next_local(&rest_a), pb = next_local(&rest_b);
        bool number_a = all_digits(pa), number_b = all_digits(pb);
        int order = number_a != number_b ? number_a - number_b
                    : number_a           ? digits_cmp(pa.ptr, pa.len, pb.ptr, pb.len)
                                         : nocase_cmp(pa, pb);
        if (order)
            return order;
    }
    return (rest_a.len > 0) - (rest_b.len > 0);
}

/* What the keys could not decide, from the text. */
static int walk_public(const struct version *a, const struct version *b)
{
    int order = part_cmp(a, a->epoch, b, b->epoch);
    if (!order)
        order = release_cmp(a, b, SIZE_MAX);
    if (!order)
        order = (int)pre_rank(a) - (int)pre_rank(b);
    if (!order)
        order = part_cmp(a, a->pre, b, b->pre);
    if (!order)
        order = a->has_post - b->has_post;
    if (!order)
        order = part_cmp(a, a->post, b, b->post);
    if (!order)
        order = b->has_dev - a->has_dev;
    if (!order)
        order = part_cmp(a, a->dev, b, b->dev);
    return order;
}

int version_cmp(const struct version *a, const struct version *b)
{
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    if (a->exact && b->exact)
        return 0;
    int order = walk_public(a, b);
    return order ? order : local_cmp(a, b);
}

int version_cmp_public(const struct version *a, const struct version *b)
{
    if (!a->has_local && !b->has_local)
        return version_cmp(a, b);
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return walk_public(a, b);
}

bool version_is_pre(const struct version *version)
{
    return version->has_pre || version->has_dev;
}

bool version_same_release(const struct version *a, const struct version *b, size_t count)
{
    return part_cmp(a, a->epoch, b, b->epoch) == 0 && release_cmp(a, b, count) == 0;
}

bool version_same_pre(const struct version *a, const struct version *b)
{
    return version_same_release(a, b, SIZE_MAX) && a->pre_kind == b->pre_kind &&
           part_cmp(a, a->pre, b, b->pre) == 0;
}

bool version_same_post(const struct version *a, const struct version *b)
{
    return version_same_pre(a, b) && a->has_post == b->has_post &&
           part_cmp(a, a->post, b, b->post) == 0;
}

size_t version_release_count(const struct version *version)
{
    size_t at = version->release.at, count = 0;
    struct version_part number;
    while (next_number(version, &at, &number))
        count++;
    return count;
}

static struct str plain_digits(struct str digits)
{
    while (digits.len > 1 && digits.ptr[0] == '0')
        digits = str_from_pos(digits, 1);
    return digits.len ? digits : STR("0");
}

bool version_next_number(const struct version *version, size_t *at, struct version_part *number)
{
    return next_number(version, at, number);
}

struct str version_digits(const struct version *version, struct version_part part)
{
    return plain_digits(str_of(version->text.ptr + part.at, part.len));
}

static void write_part(const struct version *v, struct version_part part, struct buf *out)
{
    buf_add(out, version_digits(v, part));
}

static void write_base(const struct version *v, struct buf *out)
{
    if (part_value(v->text.ptr, v->epoch)) {
        write_part(v, v->epoch, out);
        buf_add_char(out, '!');
    }
    size_t at = v->release.at;
    struct version_part number;
    for (bool first = true; next_number(v, &at, &number); first = false) {
        if (!first)
            buf_add_char(out, '.');
        write_part(v, number, out);
    }
}

static void write_local(const struct version *v, struct buf *out)
{
    struct str rest = local_of(v);
    for (char before = '+'; rest.len; before = '.') {
        struct str piece = next_local(&rest);
        buf_add_char(out, before);
        if (all_digits(piece)) {
            buf_add(out, plain_digits(piece));
            continue;
        }
        for (size_t i = 0; i < piece.len; i++)
            buf_add_char(out, char_lower(piece.ptr[i]));
    }
}

void version_write(const struct version *version, struct buf *out)
{
    static const char *const kinds[] = {"", "a", "b", "rc"};
    write_base(version, out);
    if (version->has_pre) {
        buf_add(out, str_from(kinds[version->pre_kind]));
        write_part(version, version->pre, out);
    }
    if (version->has_post) {
        buf_add(out, STR(".post"));
        write_part(version, version->post, out);
    }
    if (version->has_dev) {
        buf_add(out, STR(".dev"));
        write_part(version, version->dev, out);
    }
    if (version->has_local)
        write_local(version, out);
}

struct str version_normal(const struct version *version, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    version_write(version, &out);
    return arena_str(arena, buf_str(&out));
}

struct str version_base(const struct version *version, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    write_base(version, &out);
    return arena_str(arena, buf_str(&out));
}
