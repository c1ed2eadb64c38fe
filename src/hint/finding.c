#include "hint/finding.h"

#include <stdlib.h>

#include "base/utf8.h"

static bool finding_is_version(struct str version)
{
    if (!version.len || version.len > 64)
        return false;
    for (size_t i = 0; i < version.len; i++)
        if (!char_is_alnum(version.ptr[i]) && !str_has_char(STR("._-+!*<>=~, "), version.ptr[i]))
            return false;
    return true;
}

void finding_names(struct hint_finding *finding, struct str name, struct str version)
{
    bool good = finding->need == NEED_NONE ? hint_need_accepts(NEED_VERSION, name)
                                           : hint_need_accepts(finding->need, name);
    finding->name = good ? name : STR("");
    finding->version = finding_is_version(version) ? version : STR("");
    if (!good)
        finding->need = NEED_NONE;
}

struct str finding_excerpt(struct str line, struct arena *arena)
{
    struct str cut = str_trim(str_slice(line, 0, CLASSIFY_EXCERPT_LIMIT));
    char *copy = arena_alloc(arena, cut.len + 1);
    for (size_t i = 0; i < cut.len; i++) {
        unsigned char c = (unsigned char)cut.ptr[i];
        copy[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    return utf8_clean(str_of(copy, cut.len), arena);
}

static int finding_order(const void *left, const void *right)
{
    const struct hint_finding *a = left, *b = right;
    int rank_a = hint_class_rank(a->class), rank_b = hint_class_rank(b->class);
    if (a->hint->severity != b->hint->severity)
        return a->hint->severity > b->hint->severity ? -1 : 1;
    if (a->hint->severity == SEVERITY_INFO && a->offset != b->offset)
        return a->offset > b->offset ? -1 : 1;
    if (rank_a != rank_b)
        return rank_a > rank_b ? -1 : 1;
    if (a->hint->confidence != b->hint->confidence)
        return a->hint->confidence > b->hint->confidence ? -1 : 1;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return str_cmp(a->hint->id, b->hint->id);
}

void finding_sort(struct hint_finding *findings, size_t len)
{
    if (len)
        qsort(findings, len, sizeof *findings, finding_order);
}

enum hint_class finding_cause(const struct hint_finding *findings, size_t len)
{
    return len && findings->hint->severity > SEVERITY_INFO ? findings->class : HINT_UNKNOWN;
}
