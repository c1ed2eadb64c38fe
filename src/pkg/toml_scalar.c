#include "pkg/toml_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Everything up to what ends a value; for a date also the one space before the time. */
static struct str toml_scalar_word(const struct toml_scan *scan)
{
    size_t end = scan->at;
    while (end < scan->text.len && !memchr(" \t\r\n,]}#", scan->text.ptr[end], 8))
        end++;
    struct str word = str_slice(scan->text, scan->at, end);
    struct str next = str_from_pos(scan->text, end);
    if (word.len == 10 && word.ptr[4] == '-' && next.len > 2 && next.ptr[0] == ' ' &&
        char_is_digit(next.ptr[1]) && char_is_digit(next.ptr[2])) {
        size_t more = 1;
        while (more < next.len && !memchr(" \t\r\n,]}#", next.ptr[more], 8))
            more++;
        word.len += more;
    }
    return word;
}

static bool toml_scalar_digits(struct str word, size_t *at, size_t count, int *value)
{
    int sum = 0;
    if (*at + count > word.len)
        return false;
    for (size_t i = 0; i < count; i++) {
        char c = word.ptr[*at + i];
        if (!char_is_digit(c))
            return false;
        sum = sum * 10 + (c - '0');
    }
    *at += count;
    *value = sum;
    return true;
}

static bool toml_scalar_char(struct str word, size_t *at, char c)
{
    if (*at >= word.len || word.ptr[*at] != c)
        return false;
    (*at)++;
    return true;
}

static bool toml_scalar_date(struct str word, size_t *at, struct toml_time *time)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!toml_scalar_digits(word, at, 4, &time->year) || !toml_scalar_char(word, at, '-') ||
        !toml_scalar_digits(word, at, 2, &time->month) || !toml_scalar_char(word, at, '-') ||
        !toml_scalar_digits(word, at, 2, &time->day) || time->month < 1 || time->month > 12)
        return false;
    bool leap = time->year % 4 == 0 && (time->year % 100 != 0 || time->year % 400 == 0);
    return time->day >= 1 && time->day <= days[time->month - 1] + (time->month == 2 && leap);
}

static bool toml_scalar_clock(struct str word, size_t *at, struct toml_time *time)
{
    if (!toml_scalar_digits(word, at, 2, &time->hour) || !toml_scalar_char(word, at, ':') ||
        !toml_scalar_digits(word, at, 2, &time->minute) || !toml_scalar_char(word, at, ':') ||
        !toml_scalar_digits(word, at, 2, &time->second) || time->hour > 23 || time->minute > 59 ||
        time->second > 60)
        return false;
    if (!toml_scalar_char(word, at, '.'))
        return true;
    int scale = 100000000, digit;
    size_t from = *at;
    for (; toml_scalar_digits(word, at, 1, &digit); scale /= 10)
        time->nanosecond += digit * scale;
    return *at > from;
}

static bool toml_scalar_offset(struct str word, size_t *at, struct toml_time *time)
{
    int hours, minutes, sign = 1;
    if (toml_scalar_char(word, at, 'Z') || toml_scalar_char(word, at, 'z'))
        return true;
    if (toml_scalar_char(word, at, '-'))
        sign = -1;
    else if (!toml_scalar_char(word, at, '+'))
        return false;
    if (!toml_scalar_digits(word, at, 2, &hours) || !toml_scalar_char(word, at, ':') ||
        !toml_scalar_digits(word, at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    time->offset_minutes = sign * (hours * 60 + minutes);
    return true;
}

/* Dates and times (RFC 3339); false when the word is none. */
static bool toml_scalar_time(struct str word, struct toml *value)
{
    struct toml_time time = {0};
    size_t at = 0;
    if (word.len > 2 && word.ptr[2] == ':') {
        value->kind = TOML_LOCAL_TIME;
        if (!toml_scalar_clock(word, &at, &time) || at != word.len)
            return false;
        value->time = time;
        return true;
    }
    if (!toml_scalar_date(word, &at, &time))
        return false;
    value->kind = TOML_LOCAL_DATE;
    if (at < word.len) {
        if (!memchr("Tt ", word.ptr[at++], 3) || !toml_scalar_clock(word, &at, &time))
            return false;
        value->kind = TOML_LOCAL_DATETIME;
        if (at < word.len) {
            value->kind = TOML_OFFSET_DATETIME;
            if (!toml_scalar_offset(word, &at, &time))
                return false;
        }
    }
    value->time = time;
    return at == word.len;
}

/* Every underscore stands between two digits; `hex` counts letters as digits. */
static bool toml_scalar_underscores(struct str digits, bool hex)
{
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] != '_')
            continue;
        if (i == 0 || i + 1 == digits.len)
            return false;
        char before = digits.ptr[i - 1], after = digits.ptr[i + 1];
        bool ok = hex ? char_is_alnum(before) && char_is_alnum(after)
                      : char_is_digit(before) && char_is_digit(after);
        if (!ok)
            return false;
    }
    return true;
}

enum toml_scalar_found { TOML_SCALAR_NONE, TOML_SCALAR_OK, TOML_SCALAR_RANGE };

/* Digits of a base into an integer, underscores left out. */
static enum toml_scalar_found toml_scalar_magnitude(struct str digits, unsigned base,
                                                    uint64_t limit, uint64_t *value)
{
    uint64_t sum = 0;
    bool any = false, range = false;
    if (!toml_scalar_underscores(digits, base == 16))
        return TOML_SCALAR_NONE;
    for (size_t i = 0; i < digits.len; i++) {
        char c = char_lower(digits.ptr[i]);
        if (c == '_')
            continue;
        unsigned digit = char_is_digit(c)   ? (unsigned)(c - '0')
                         : char_is_alpha(c) ? (unsigned)(c - 'a' + 10)
                                            : 99;
        if (digit >= base)
            return TOML_SCALAR_NONE;
        any = true;
        if (sum > (limit - digit) / base)
            range = true;
        else
            sum = sum * base + digit;
    }
    *value = sum;
    return !any ? TOML_SCALAR_NONE : range ? TOML_SCALAR_RANGE : TOML_SCALAR_OK;
}

static enum toml_scalar_found toml_scalar_integer(struct str word, int64_t *value)
{
    static const struct {
        const char *prefix;
        unsigned base;
    } bases[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}};
    uint64_t magnitude;
    enum toml_scalar_found found;
    for (size_t i = 0; i < 3; i++)
        if (str_starts(word, str_from(bases[i].prefix))) {
            found =
                toml_scalar_magnitude(str_from_pos(word, 2), bases[i].base, INT64_MAX, &magnitude);
            *value = (int64_t)magnitude;
            return found;
        }
    bool negative = word.len && word.ptr[0] == '-';
    struct str digits = word.len && (negative || word.ptr[0] == '+') ? str_from_pos(word, 1) : word;
    if (digits.len > 1 && digits.ptr[0] == '0')
        return TOML_SCALAR_NONE;
    found = toml_scalar_magnitude(digits, 10, (uint64_t)INT64_MAX + negative, &magnitude);
    if (found == TOML_SCALAR_OK)
        *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return found;
}

/* Sign, digits without a leading zero, then a fraction or an exponent or both. */
static bool toml_scalar_float_shape(struct str word)
{
    size_t i = word.len && memchr("+-", word.ptr[0], 2) ? 1 : 0, start = i;
    if (!toml_scalar_underscores(str_from_pos(word, i), false))
        return false;
    while (i < word.len && (char_is_digit(word.ptr[i]) || word.ptr[i] == '_'))
        i++;
    if (i == start || (word.ptr[start] == '0' && i > start + 1))
        return false;
    bool more = false;
    if (i < word.len && word.ptr[i] == '.') {
        start = ++i;
        while (i < word.len && (char_is_digit(word.ptr[i]) || word.ptr[i] == '_'))
            i++;
        if (i == start)
            return false;
        more = true;
    }
    if (i < word.len && char_lower(word.ptr[i]) == 'e') {
        i++;
        if (i < word.len && memchr("+-", word.ptr[i], 2))
            i++;
        start = i;
        while (i < word.len && (char_is_digit(word.ptr[i]) || word.ptr[i] == '_'))
            i++;
        if (i == start)
            return false;
        more = true;
    }
    return more && i == word.len;
}

static bool toml_scalar_float(struct str word, struct arena *arena, double *value)
{
    struct str name = word.len && memchr("+-", word.ptr[0], 2) ? str_from_pos(word, 1) : word;
    bool negative = word.len && word.ptr[0] == '-';
    if (str_eq(name, STR("inf")) || str_eq(name, STR("nan"))) {
        double special = name.ptr[0] == 'i' ? (double)INFINITY : (double)NAN;
        *value = negative ? -special : special;
        return true;
    }
    if (!toml_scalar_float_shape(word))
        return false;
    char *plain = arena_alloc(arena, word.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] != '_')
            plain[len++] = word.ptr[i];
    *value = strtod(plain, NULL);
    return true;
}

bool toml_scan_scalar(struct toml_scan *scan, struct toml *value)
{
    struct str word = toml_scalar_word(scan);
    bool yes = str_eq(word, STR("true"));
    enum toml_scalar_found found;
    if (yes || str_eq(word, STR("false"))) {
        value->kind = TOML_BOOLEAN;
        value->boolean = yes;
    } else if ((found = toml_scalar_integer(word, &value->integer)) != TOML_SCALAR_NONE) {
        value->kind = TOML_INTEGER;
        if (found == TOML_SCALAR_RANGE)
            return toml_scan_fail(scan, "an integer does not fit 64 bits");
    } else if (toml_scalar_float(word, scan->arena, &value->number)) {
        value->kind = TOML_FLOAT;
    } else if (!toml_scalar_time(word, value)) {
        if (!word.len)
            return toml_scan_fail(scan, "a value is expected here");
        return toml_scan_fail(scan, "\"%.*s\" is no value", (int)(word.len < 80 ? word.len : 80),
                              word.ptr);
    }
    scan->at += word.len;
    return true;
}
