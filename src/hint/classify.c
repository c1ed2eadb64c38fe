#define PCRE2_CODE_UNIT_WIDTH 8
#include "hint/classify.h"

#include <pcre2.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "hint/clean.h"
#include "hint/finding.h"
#include "hint/prefilter.h"

enum {
    BUFFER = 1 << 17,
    EDITS = 3 * CLASSIFY_LINE_LIMIT, /* one line of escapes alone leaves room for others */
    MATCH_LIMIT = 20000,             /* steps of one pattern on one line */
    GIVE_UP = 4,                     /* lines on which a pattern may run into that limit */
    ASK_COST = 64,                   /* of asking at all, in bytes */
    WORK_PER_BYTE = 16,
    WORK_AT_START = 64 << 20,
};

/* A hint's pattern, at work on this log. */
struct rule {
    pcre2_code *code; /* made when first needed */
    uint64_t line;    /* number of the last line that it is a candidate for */
    uint32_t matches, kept, gave_up;
    bool retired;
};

/* From here on in the buffer the bytes are those of the log from `offset` on. */
struct edit {
    size_t at;
    uint64_t offset;
};

struct classifier {
    const struct hint_catalogue *catalogue;
    struct arena *arena; /* the caller's: what was found */
    struct arena own;    /* all the rest, this struct too */
    struct clean clean;
    struct str phase;
    char *buffer;
    size_t len;
    uint64_t taken;     /* bytes of the log */
    struct edit *edits; /* the first is at 0 */
    size_t edit_count;
    struct rule *rules; /* one a hint */
    uint32_t *candidates;
    size_t candidate_count;
    struct str text;             /* what is being read */
    size_t line_begin, line_end; /* in it: the line of the candidates */
    uint64_t line_number;        /* of lines with candidates */
    int64_t work;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    VEC(struct hint_finding) findings;
    struct map known; /* "hint name version" -> index + 1 */
    struct buf key;
    uint64_t unasked;
    char scratch[CLASSIFY_LINE_LIMIT];
};

struct classifier *classifier_open(const struct hint_catalogue *catalogue, struct arena *arena)
{
    struct arena own = {0};
    struct classifier *made = ARENA_NEW(&own, struct classifier);
    made->catalogue = catalogue;
    made->arena = arena;
    made->own = own;
    made->buffer = arena_alloc(&made->own, BUFFER);
    made->edits = ARENA_ARRAY(&made->own, struct edit, EDITS);
    made->edit_count = 1;
    made->rules = ARENA_ARRAY(&made->own, struct rule, catalogue->len + 1);
    made->candidates = ARENA_ARRAY(&made->own, uint32_t, catalogue->len + 1);
    made->work = WORK_AT_START;
    made->data = pcre2_match_data_create(8, NULL);
    made->limits = pcre2_match_context_create(NULL);
    if (made->limits)
        (void)pcre2_set_match_limit(made->limits, MATCH_LIMIT);
    return made;
}

void classifier_close(struct classifier **classifier)
{
    if (!*classifier)
        return;
    for (size_t i = 0; i < (*classifier)->catalogue->len; i++)
        pcre2_code_free((*classifier)->rules[i].code);
    pcre2_match_data_free((*classifier)->data);
    pcre2_match_context_free((*classifier)->limits);
    buf_free(&(*classifier)->key);
    struct arena own = (*classifier)->own;
    arena_free(&own);
    *classifier = NULL;
}

/* The buffer's place as an offset in the log. */
static uint64_t classifier_offset(const struct classifier *classifier, size_t at)
{
    size_t low = 0, high = classifier->edit_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (classifier->edits[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return classifier->edits[low].offset + (at - classifier->edits[low].at);
}

static struct str classifier_group(struct classifier *classifier, const struct rule *rule,
                                   struct str line, const char *group)
{
    const size_t *ends = pcre2_get_ovector_pointer(classifier->data);
    int number = pcre2_substring_number_from_name(rule->code, (PCRE2_SPTR)group);
    if (number <= 0 || (uint32_t)number >= pcre2_get_ovector_count(classifier->data) ||
        ends[2 * number] == PCRE2_UNSET)
        return STR("");
    return str_slice(line, ends[2 * number], ends[2 * number + 1]);
}

static void classifier_found(struct classifier *classifier, uint32_t index, struct str line,
                             struct str plain)
{
    struct rule *rule = &classifier->rules[index];
    const struct hint *hint = &classifier->catalogue->at[index];
    struct hint_finding finding = {.hint = hint,
                                   .class = hint->class,
                                   .need = hint->need,
                                   .phase = classifier->phase,
                                   .count = 1};
    finding_names(&finding, classifier_group(classifier, rule, plain, "name"),
                  classifier_group(classifier, rule, plain, "version"));
    if (++rule->matches >= CLASSIFY_MATCHES)
        rule->retired = true;
    buf_clear(&classifier->key);
    buf_printf(&classifier->key, "%u " STR_FMT " " STR_FMT, index, STR_ARG(finding.name),
               STR_ARG(finding.version));
    uintptr_t known = (uintptr_t)map_get(&classifier->known, buf_str(&classifier->key));
    if (known) {
        classifier->findings.at[known - 1].count++;
        return;
    }
    if (rule->kept >= CLASSIFY_PER_HINT || classifier->findings.len >= CLASSIFY_FINDINGS) {
        classifier->unasked++;
        return;
    }
    rule->kept++;
    finding.name = arena_str(classifier->arena, finding.name);
    finding.version = arena_str(classifier->arena, finding.version);
    finding.excerpt = finding_excerpt(line, classifier->arena);
    finding.offset = classifier_offset(classifier, classifier->line_begin);
    *vec_push(&classifier->findings, classifier->arena) = finding;
    *map_at(&classifier->known, &classifier->own,
            arena_str(&classifier->own, buf_str(&classifier->key))) =
        (void *)(uintptr_t)classifier->findings.len;
}

static bool classifier_ready(struct classifier *classifier, struct rule *rule,
                             const struct hint *hint)
{
    if (!rule->code) {
        rule->code = pcre2_code_copy(hint->code);
        if (rule->code) /* without it the pattern is interpreted */
            (void)pcre2_jit_compile(rule->code, PCRE2_JIT_COMPLETE);
    }
    return rule->code && classifier->data && classifier->limits;
}

/* The line with candidates is complete: they are asked. */
static void classifier_ask(struct classifier *classifier)
{
    struct str line = str_slice(classifier->text, classifier->line_begin, classifier->line_end),
               plain;
    if (!classifier->candidate_count)
        return;
    plain = clean_quotes(line, classifier->scratch);
    for (size_t i = 0; i < classifier->candidate_count; i++) {
        uint32_t index = classifier->candidates[i];
        struct rule *rule = &classifier->rules[index];
        if (classifier->work <= 0 ||
            !classifier_ready(classifier, rule, &classifier->catalogue->at[index])) {
            classifier->unasked++;
            break;
        }
        classifier->work -= (int64_t)plain.len + ASK_COST;
        int got = pcre2_match(rule->code, (PCRE2_SPTR)plain.ptr, plain.len, 0, PCRE2_NO_UTF_CHECK,
                              classifier->data, classifier->limits);
        if (got > 0)
            classifier_found(classifier, index, line, plain);
        if (got >= 0 || got == PCRE2_ERROR_NOMATCH)
            continue;
        classifier->work -= MATCH_LIMIT;
        classifier->unasked++;
        rule->retired |= ++rule->gave_up >= GIVE_UP;
    }
    classifier->candidate_count = 0;
}

/* Where the line of this place begins and ends; it is the first that was not read yet, or later. */
static void classifier_find_line(struct classifier *classifier, size_t place)
{
    struct str text = classifier->text;
    size_t begin = classifier->line_end;
    const char *before = memrchr(text.ptr + begin, '\n', place - begin);
    if (before)
        begin = (size_t)(before - text.ptr) + 1;
    begin += (place - begin) / CLASSIFY_LINE_LIMIT * CLASSIFY_LINE_LIMIT;
    size_t room = text.len - begin < CLASSIFY_LINE_LIMIT ? text.len - begin : CLASSIFY_LINE_LIMIT;
    const char *end = memchr(text.ptr + begin, '\n', room);
    classifier->line_begin = begin;
    classifier->line_end = end ? (size_t)(end - text.ptr) : begin + room;
    classifier->line_number++;
}

static void classifier_candidate(void *state, uint32_t owner, size_t begin)
{
    struct classifier *classifier = state;
    struct rule *rule = &classifier->rules[owner];
    if (begin < classifier->line_begin)
        return;
    if (begin >= classifier->line_end) {
        classifier_ask(classifier);
        classifier_find_line(classifier, begin);
    }
    if (rule->retired || rule->line == classifier->line_number)
        return;
    rule->line = classifier->line_number;
    classifier->candidates[classifier->candidate_count++] = owner;
}

/* Reads whole lines: the buffer up to `end`. */
static void classifier_read(struct classifier *classifier, size_t end)
{
    const struct prefilter *filter = classifier->catalogue->prefilter;
    classifier->text = str_of(classifier->buffer, end);
    classifier->line_begin = classifier->line_end = 0;
    for (size_t at = prefilter_next(filter, classifier->text, 0); at < end;
         at = prefilter_next(filter, classifier->text, at + prefilter_stride(filter)))
        prefilter_each(filter, classifier->text, at, classifier_candidate, classifier);
    classifier_ask(classifier);
}

/* Reads what is complete of the buffer and keeps the rest: less than a line's limit. */
static void classifier_turn(struct classifier *classifier, bool all)
{
    const char *last = memrchr(classifier->buffer, '\n', classifier->len);
    size_t end = last ? (size_t)(last - classifier->buffer) + 1 : 0, kept = 0;
    end += (classifier->len - end) / CLASSIFY_LINE_LIMIT * CLASSIFY_LINE_LIMIT;
    if (all)
        end = classifier->len;
    classifier_read(classifier, end);
    uint64_t offset = classifier_offset(classifier, end);
    for (size_t i = 0; i < classifier->edit_count; i++)
        if (classifier->edits[i].at > end)
            classifier->edits[++kept] =
                (struct edit){classifier->edits[i].at - end, classifier->edits[i].offset};
    classifier->edits[0] = (struct edit){0, offset};
    classifier->edit_count = kept + 1;
    classifier->len -= end;
    memmove(classifier->buffer, classifier->buffer + end, classifier->len);
}

void classifier_phase(struct classifier *classifier, struct str phase)
{
    if (str_eq(phase, classifier->phase))
        return;
    classifier_turn(classifier, true);
    classifier->phase = arena_str(classifier->arena, phase);
}

/* Bytes of the log that are kept, from `offset` on in it. */
static void classifier_add(struct classifier *classifier, struct str bytes, uint64_t offset)
{
    while (bytes.len) {
        if (classifier->len == BUFFER || classifier->edit_count == EDITS)
            classifier_turn(classifier, false);
        if (classifier_offset(classifier, classifier->len) != offset)
            classifier->edits[classifier->edit_count++] = (struct edit){classifier->len, offset};
        size_t room = BUFFER - classifier->len;
        struct str piece = str_slice(bytes, 0, room);
        char *to = classifier->buffer + classifier->len, *end = to + piece.len;
        memcpy(to, piece.ptr, piece.len);
        while ((to = memchr(to, '\r', (size_t)(end - to))))
            *to = '\n';
        classifier->len += piece.len;
        offset += piece.len;
        bytes = str_from_pos(bytes, piece.len);
    }
}

void classifier_feed(struct classifier *classifier, struct str bytes)
{
    struct str rest = bytes, kept;
    classifier->work += (int64_t)bytes.len * WORK_PER_BYTE;
    while (clean_next(&classifier->clean, &rest, &kept))
        classifier_add(classifier, kept, classifier->taken + (uint64_t)(kept.ptr - bytes.ptr));
    classifier->taken += bytes.len;
}

void classifier_end(struct classifier *classifier, struct hint_reading *reading)
{
    classifier_turn(classifier, true);
    finding_sort(classifier->findings.at, classifier->findings.len);
    *reading = (struct hint_reading){
        .class = finding_cause(classifier->findings.at, classifier->findings.len),
        .findings = classifier->findings.at,
        .len = classifier->findings.len,
        .bytes = classifier->taken,
        .unasked = classifier->unasked,
    };
}
