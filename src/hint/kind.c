#include "hint/kind.h"

enum { PASSING = 1 };

static const struct {
    const char *name;
    int rank;
    unsigned traits;
    const char *words;
} kind_classes[] = {
#define HINT_CLASS(id, name, rank, traits, words) {name, rank, traits, words},
#include "tables/hint_classes.def"
};

static const struct {
    const char *name, *extra, *words;
} kind_needs[] = {
#define HINT_NEED(id, name, extra, words) {name, extra, words},
#include "tables/hint_needs.def"
};

/* Words of a value; the first is its name. */
static const char *const kind_severities[][3] = {
    [SEVERITY_INFO] = {"info", "note", "low"},
    [SEVERITY_WARNING] = {"warning", "warn", "medium"},
    [SEVERITY_ERROR] = {"error", "high"},
    [SEVERITY_FATAL] = {"fatal", "critical"},
};
static const char *const kind_impacts[] = {[IMPACT_NORMAL] = "normal", [IMPACT_HIGH] = "high"};

/* Words of one name: case, "-", "_" and " " do not count. */
static bool kind_same(struct str given, const char *name)
{
    struct str known = str_from(name);
    if (given.len != known.len)
        return false;
    for (size_t i = 0; i < given.len; i++) {
        char c = given.ptr[i];
        if (c == '_' || c == ' ')
            c = '-';
        if (char_lower(c) != known.ptr[i])
            return false;
    }
    return true;
}

const char *hint_class_name(enum hint_class class)
{
    return kind_classes[class].name;
}

const char *hint_class_words(enum hint_class class)
{
    return kind_classes[class].words;
}

int hint_class_rank(enum hint_class class)
{
    return kind_classes[class].rank;
}

bool hint_class_passes(enum hint_class class)
{
    return kind_classes[class].traits & PASSING;
}

bool hint_class_from(struct str name, enum hint_class *class)
{
    for (int i = 0; i < HINT_CLASS_COUNT; i++)
        if (kind_same(name, kind_classes[i].name)) {
            *class = (enum hint_class)i;
            return true;
        }
    return false;
}

const char *hint_need_name(enum hint_need need)
{
    return kind_needs[need].name;
}

const char *hint_need_words(enum hint_need need)
{
    return kind_needs[need].words;
}

bool hint_need_from(struct str name, enum hint_need *need)
{
    for (int i = 0; i < HINT_NEED_COUNT; i++)
        if (kind_same(name, kind_needs[i].name)) {
            *need = (enum hint_need)i;
            return true;
        }
    return false;
}

bool hint_need_accepts(enum hint_need need, struct str name)
{
    struct str extra = str_from(kind_needs[need].extra);
    if (name.len == 0 || name.len > HINT_NAME_LIMIT || name.ptr[0] == '-' || name.ptr[0] == '/' ||
        str_find(name, STR("..")) < name.len || str_find(name, STR("//")) < name.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!char_is_alnum(name.ptr[i]) && !str_has_char(STR("_-.+"), name.ptr[i]) &&
            !str_has_char(extra, name.ptr[i]))
            return false;
    return true;
}

const char *hint_severity_name(enum hint_severity severity)
{
    return kind_severities[severity][0];
}

bool hint_severity_from(struct str name, enum hint_severity *severity)
{
    for (int i = SEVERITY_INFO; i <= SEVERITY_FATAL; i++)
        for (int word = 0; word < 3 && kind_severities[i][word]; word++)
            if (kind_same(name, kind_severities[i][word])) {
                *severity = (enum hint_severity)i;
                return true;
            }
    return false;
}

const char *hint_impact_name(enum hint_impact impact)
{
    return kind_impacts[impact];
}

bool hint_impact_from(struct str name, enum hint_impact *impact)
{
    for (int i = IMPACT_NORMAL; i <= IMPACT_HIGH; i++)
        if (kind_same(name, kind_impacts[i])) {
            *impact = (enum hint_impact)i;
            return true;
        }
    return false;
}
