#include "cli/option_value.h"

enum { OPTION_VALUE_SCALE = 1000 };

struct option_value_unit {
    struct str name;
    int64_t factor;
};

static const struct option_value_unit option_value_durations[] = {
    {STR_INIT("ms"), 1},
    {STR_INIT("s"), 1000},
    {STR_INIT("m"), 60 * 1000},
    {STR_INIT("h"), 3600 * 1000},
    {STR_INIT("d"), INT64_C(24) * 3600 * 1000},
    {STR_INIT("w"), INT64_C(7) * 24 * 3600 * 1000},
};

static const struct option_value_unit option_value_sizes[] = {
    {STR_INIT("b"), 1},
    {STR_INIT("k"), 1 << 10},
    {STR_INIT("kib"), 1 << 10},
    {STR_INIT("kb"), 1 << 10},
    {STR_INIT("m"), 1 << 20},
    {STR_INIT("mib"), 1 << 20},
    {STR_INIT("mb"), 1 << 20},
    {STR_INIT("g"), 1 << 30},
    {STR_INIT("gib"), 1 << 30},
    {STR_INIT("gb"), 1 << 30},
    {STR_INIT("t"), INT64_C(1) << 40},
    {STR_INIT("tib"), INT64_C(1) << 40},
    {STR_INIT("tb"), INT64_C(1) << 40},
};

/* "12" or "1.5" at the start of `rest`, in thousandths; digits past the third are dropped. */
static bool option_value_decimal(struct str *rest, int64_t *milli)
{
    size_t at = 0, digits = 0;
    int64_t value = 0, scale = OPTION_VALUE_SCALE;
    while (at < rest->len && char_is_digit(rest->ptr[at])) {
        if (value > INT64_MAX / OPTION_VALUE_SCALE / 10 - 10)
            return false;
        value = value * 10 + (rest->ptr[at++] - '0');
        digits++;
    }
    value *= OPTION_VALUE_SCALE;
    if (at < rest->len && rest->ptr[at] == '.') {
        at++;
        while (at < rest->len && char_is_digit(rest->ptr[at])) {
            scale /= 10;
            value += (rest->ptr[at++] - '0') * scale;
            digits++;
        }
    }
    if (digits == 0)
        return false;
    *rest = str_from_pos(*rest, at);
    *milli = value;
    return true;
}

/* One or more numbers with units, added: "1h30m". A number without a unit has factor `bare`. */
static bool option_value_units(struct str text, const struct option_value_unit *units,
                               size_t unit_count, int64_t bare, int64_t *number)
{
    int64_t sum = 0;
    if (text.len == 0)
        return false;
    while (text.len > 0) {
        int64_t milli, factor = bare;
        size_t letters = 0;
        if (!option_value_decimal(&text, &milli))
            return false;
        while (letters < text.len && char_is_alpha(text.ptr[letters]))
            letters++;
        if (letters > 0) {
            struct str unit = str_slice(text, 0, letters);
            factor = 0;
            for (size_t i = 0; i < unit_count; i++)
                if (str_eq_nocase(unit, units[i].name))
                    factor = units[i].factor;
        } else if (text.len > 0) {
            return false;
        }
        if (factor == 0 || milli > INT64_MAX / factor)
            return false;
        if (sum > INT64_MAX - milli * factor / OPTION_VALUE_SCALE)
            return false;
        sum += milli * factor / OPTION_VALUE_SCALE;
        text = str_from_pos(text, letters);
    }
    *number = sum;
    return true;
}

static bool option_value_flag(struct str text, int64_t *number)
{
    static const struct {
        struct str word;
        int value;
    } words[] = {{STR_INIT("yes"), 1}, {STR_INIT("true"), 1}, {STR_INIT("on"), 1},
                 {STR_INIT("1"), 1},   {STR_INIT("no"), 0},   {STR_INIT("false"), 0},
                 {STR_INIT("off"), 0}, {STR_INIT("0"), 0},    {STR_INIT(""), 0}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq_nocase(text, words[i].word)) {
            *number = words[i].value;
            return true;
        }
    return false;
}

/* Takes exactly `digits` digits and then `after` (0: nothing) from the front. */
static bool option_value_field(struct str *rest, size_t digits, char after, int64_t *value)
{
    uint64_t number;
    if (rest->len < digits || !str_to_u64(str_slice(*rest, 0, digits), &number))
        return false;
    *rest = str_from_pos(*rest, digits);
    if (after) {
        if (rest->len == 0 || rest->ptr[0] != after)
            return false;
        *rest = str_from_pos(*rest, 1);
    }
    *value = (int64_t)number;
    return true;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t option_value_days(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month > 2 ? year : year - 1;
    int64_t era = shifted / 400, of_era = shifted % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t option_value_month_length(int64_t year, int64_t month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return lengths[month - 1] + (month == 2 && leap);
}

/* "Z", "+02:00", "-0530" or nothing (UTC): minutes east of UTC. */
static bool option_value_zone(struct str zone, int64_t *minutes)
{
    int64_t hour, minute;
    bool west;
    *minutes = 0;
    if (zone.len == 0 || str_eq_nocase(zone, STR("z")))
        return true;
    west = zone.ptr[0] == '-';
    if (!west && zone.ptr[0] != '+')
        return false;
    zone = str_from_pos(zone, 1);
    if (!option_value_field(&zone, 2, zone.len == 5 ? ':' : 0, &hour) ||
        !option_value_field(&zone, 2, 0, &minute) || zone.len > 0 || hour > 23 || minute > 59)
        return false;
    *minutes = (hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

/* RFC 3339 date, or date and time; or seconds since 1970. */
static bool option_value_time(struct str text, int64_t *number)
{
    int64_t year, month, day, hour = 0, minute = 0, second = 0, zone = 0;
    uint64_t seconds;
    struct str rest = text;
    if (!str_has_char(text, '-')) {
        if (!str_to_u64(text, &seconds) || seconds > INT64_MAX / 1000)
            return false;
        *number = (int64_t)seconds * 1000;
        return true;
    }
    if (!option_value_field(&rest, 4, '-', &year) || !option_value_field(&rest, 2, '-', &month) ||
        !option_value_field(&rest, 2, 0, &day) || month < 1 || month > 12 || day < 1 ||
        day > option_value_month_length(year, month))
        return false;
    if (rest.len > 0) {
        if (rest.ptr[0] != 'T' && rest.ptr[0] != 't' && rest.ptr[0] != ' ')
            return false;
        rest = str_from_pos(rest, 1);
        if (!option_value_field(&rest, 2, ':', &hour) ||
            !option_value_field(&rest, 2, ':', &minute) ||
            !option_value_field(&rest, 2, 0, &second) || hour > 23 || minute > 59 || second > 60)
            return false;
        if (rest.len > 0 && rest.ptr[0] == '.') {
            size_t at = 1;
            while (at < rest.len && char_is_digit(rest.ptr[at]))
                at++;
            rest = str_from_pos(rest, at);
        }
        if (!option_value_zone(rest, &zone))
            return false;
    }
    *number =
        (((option_value_days(year, month, day) * 24 + hour) * 60 + minute - zone) * 60 + second) *
        1000;
    return true;
}

bool option_value_number(enum option_kind kind, struct str text, int64_t *number)
{
    uint64_t count;
    int64_t milli;
    switch (kind) {
    case OPTION_FLAG:
        return option_value_flag(text, number);
    case OPTION_INT:
    case OPTION_TOP:
        if (!str_to_u64(text, &count) || count > INT32_MAX)
            return false;
        *number = (int64_t)count;
        return true;
    case OPTION_DECIMAL:
        if (!option_value_decimal(&text, &milli) || text.len > 0)
            return false;
        *number = milli;
        return true;
    case OPTION_DURATION:
        return option_value_units(text, option_value_durations,
                                  sizeof option_value_durations / sizeof *option_value_durations,
                                  1000, number);
    case OPTION_SIZE:
        return option_value_units(text, option_value_sizes,
                                  sizeof option_value_sizes / sizeof *option_value_sizes, 1,
                                  number);
    case OPTION_TIME:
        return option_value_time(text, number);
    default:
        *number = 0;
        return true;
    }
}

const char *option_value_expected(enum option_kind kind)
{
    static const char *const expected[] = {
        [OPTION_FLAG] = "yes or no",
        [OPTION_INT] = "a whole number below 2147483648",
        [OPTION_TOP] = "a whole number below 2147483648",
        [OPTION_DECIMAL] = "a number such as 2 or 1.5",
        [OPTION_DURATION] = "a duration such as 90, 15m or 1h30m",
        [OPTION_SIZE] = "a size such as 512m or 4g",
        [OPTION_TIME] = "a time such as 2026-01-31 or 2026-01-31T12:00:00Z",
        [OPTION_CHOICE] = "",
    };
    return expected[kind];
}

bool option_value_is_choice(const char *choices, struct str text)
{
    struct str rest = str_from(choices), word;
    while (str_next(&rest, '|', &word))
        if (str_eq(word, text))
            return true;
    return false;
}
