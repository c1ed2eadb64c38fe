#include "hint/applies.h"

#include "pkg/specifier.h"

bool applies_glob(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' ||
                                       char_lower(pattern.ptr[p]) == char_lower(text.ptr[t]))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* "3.11" against "3.11", "3.*" and sets such as ">=3.12,<3.14". */
static bool applies_python(struct str wanted, struct str python)
{
    ARENA_AUTO struct arena arena = {0};
    struct specifier_set set;
    struct err ignored = {0};
    if (wanted.len && !char_is_digit(wanted.ptr[0]))
        return specifier_set_parse(wanted, &arena, &set, &ignored) &&
               specifier_set_match_text(&set, python);
    return applies_glob(wanted, python);
}

typedef bool applies_test(struct str wanted, struct str actual);

/* Any of the values; those behind "!" each rule out what they name. */
static bool applies_any(const struct hint_list *list, struct str actual, applies_test *test)
{
    bool wants = false, found = false;
    if (!list->len || !actual.len)
        return true;
    for (size_t i = 0; i < list->len; i++) {
        struct str value = list->at[i];
        if (str_starts(value, STR("!")) && !str_starts(value, STR("!="))) {
            if (test(str_from_pos(value, 1), actual))
                return false;
            continue;
        }
        wants = true;
        found = found || test(value, actual);
    }
    return found || !wants;
}

bool hint_applies(const struct hint *hint, const struct hint_facts *facts)
{
    const struct hint_applies *applies = &hint->applies;
    return applies_any(&applies->packages, facts->name, str_eq) &&
           applies_any(&applies->patterns, facts->name, applies_glob) &&
           applies_any(&applies->python, facts->python, applies_python) &&
           applies_any(&applies->python_tags, facts->python_tag, applies_glob) &&
           applies_any(&applies->platforms, facts->platform, applies_glob) &&
           applies_any(&applies->arch, facts->arch, applies_glob) &&
           applies_any(&applies->backends, facts->backend, applies_glob) &&
           applies_any(&hint->phases, facts->phase, str_eq);
}
