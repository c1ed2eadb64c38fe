#include "hint/import.h"

#include "base/digest.h"
#include "base/map.h"
#include "base/vec.h"
#include "hint/catalogue_read.h"

enum { EXAMPLES_KEPT = 8 };

struct importer {
    struct arena *arena;
    struct str name;
    size_t entries, refused;
    VEC(struct hint) rules;
    VEC(struct str) complaints;
    struct map known; /* what makes a rule -> index + 1 */
};

static void import_complain(struct importer *importer, const char *what)
{
    importer->refused++;
    *vec_push(&importer->complaints, importer->arena) = arena_str(importer->arena, str_from(what));
}

static struct str import_key(const struct hint *hint, struct arena *arena)
{
    BUF_AUTO struct buf key = {0};
    buf_printf(&key, "%d " STR_FMT, hint->pattern.len ? 0 : (int)hint->class,
               STR_ARG(hint->pattern));
    for (size_t i = 0; i < hint->recipes.len; i++)
        buf_printf(&key, "\n" STR_FMT ":" STR_FMT, STR_ARG(hint->recipes.at[i].kind),
                   STR_ARG(hint->recipes.at[i].value));
    return arena_str(arena, buf_str(&key));
}

/* Values of both; where one holds for everything, so do both together. */
static struct hint_list import_union(struct hint_list a, struct hint_list b, bool empty_is_all,
                                     size_t most, struct arena *arena)
{
    VEC(struct str) all = {0};
    if (empty_is_all && (!a.len || !b.len))
        return (struct hint_list){0};
    for (size_t i = 0; i < a.len + b.len && all.len < most; i++) {
        struct str value = i < a.len ? a.at[i] : b.at[i - a.len];
        bool known = false;
        for (size_t j = 0; j < all.len; j++)
            known = known || str_eq(all.at[j], value);
        if (!known)
            *vec_push(&all, arena) = value;
    }
    return (struct hint_list){all.at, all.len};
}

static void import_merge(struct hint *rule, const struct hint *more, struct arena *arena)
{
    struct hint_applies *ours = &rule->applies;
    const struct hint_applies *theirs = &more->applies;
    struct hint_list *const to[] = {&ours->packages,    &ours->patterns,  &ours->python,
                                    &ours->python_tags, &ours->platforms, &ours->arch,
                                    &ours->backends};
    const struct hint_list *const from[] = {
        &theirs->packages,  &theirs->patterns, &theirs->python,  &theirs->python_tags,
        &theirs->platforms, &theirs->arch,     &theirs->backends};
    for (size_t i = 0; i < sizeof to / sizeof *to; i++)
        *to[i] = import_union(*to[i], *from[i], true, CATALOGUE_LIST_LIMIT, arena);
    rule->tags = import_union(rule->tags, more->tags, false, CATALOGUE_LIST_LIMIT, arena);
    rule->examples = import_union(rule->examples, more->examples, false, EXAMPLES_KEPT, arena);
    rule->phases = import_union(rule->phases, more->phases, true, CATALOGUE_LIST_LIMIT, arena);
    if (more->confidence < rule->confidence)
        rule->confidence = more->confidence;
}

static void import_item(void *state, const struct yamltree *item, const struct err *why)
{
    struct importer *importer = state;
    struct hint hint;
    struct err err = {0};
    importer->entries++;
    if (!item || !catalogue_read(item, true, importer->arena, &hint, &err)) {
        import_complain(importer, item ? err.text : why->text);
        return;
    }
    struct str key = import_key(&hint, importer->arena);
    void **place = map_at(&importer->known, importer->arena, key);
    if (*place) {
        import_merge(&importer->rules.at[(uintptr_t)*place - 1], &hint, importer->arena);
        return;
    }
    if (!hint.id.len) {
        struct digest digest = digest_of(key);
        struct digest_hex hex = digest_to_hex(&digest);
        hint.id = arena_printf(importer->arena, "imported-%.12s", hex.text);
    }
    *vec_push(&importer->rules, importer->arena) = hint;
    *place = (void *)(uintptr_t)importer->rules.len;
}

/* As the catalogue judges them: what it would refuse is refused now. */
static void import_judge(struct importer *importer, struct hint_import *import)
{
    BUF_AUTO struct buf text = {0};
    struct hint_import all = {.at = importer->rules.at, .len = importer->rules.len};
    struct hint_catalogue catalogue;
    struct hint_complaints complaints;
    size_t kept = 0;
    import_write(&all, &text);
    const struct hint_source source = {importer->name, arena_str(importer->arena, buf_str(&text)),
                                       ORIGIN_LOCAL};
    catalogue_open(&source, 1, false, importer->arena, &catalogue, &complaints);
    for (size_t i = 0; i < importer->rules.len; i++)
        if (catalogue_find(&catalogue, importer->rules.at[i].id))
            importer->rules.at[kept++] = importer->rules.at[i];
    importer->refused += importer->rules.len - kept;
    importer->rules.len = kept;
    for (size_t i = 0; i < complaints.len; i++)
        *vec_push(&importer->complaints, importer->arena) = complaints.at[i];
    catalogue_close(&catalogue);
    *import = (struct hint_import){
        .entries = importer->entries,
        .refused = importer->refused,
        .at = importer->rules.at,
        .len = importer->rules.len,
        .complaints = {importer->complaints.at, importer->complaints.len},
    };
}

void import_read(struct str text, struct str name, struct arena *arena, struct hint_import *import)
{
    struct importer importer = {.arena = arena, .name = name};
    document_each(text, name, arena, import_item, &importer);
    import_judge(&importer, import);
}

/* A scalar that every YAML reader takes for the text that it is. */
static void import_scalar(struct str text, struct buf *out)
{
    bool plain = true;
    for (size_t i = 0; i < text.len; i++)
        plain = plain && (unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f;
    buf_add_char(out, plain ? '\'' : '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (!plain && (c < ' ' || c == 0x7f))
            buf_printf(out, "\\x%02x", c);
        else if (!plain && (c == '"' || c == '\\'))
            buf_printf(out, "\\%c", c);
        else if (plain && c == '\'')
            buf_add(out, STR("''"));
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, plain ? '\'' : '"');
}

static void import_text(const char *indent, const char *key, struct str text, struct buf *out)
{
    if (!text.len)
        return;
    buf_printf(out, "%s%s: ", indent, key);
    import_scalar(text, out);
    buf_add_char(out, '\n');
}

static void import_list(const char *indent, const char *key, struct hint_list list, struct buf *out)
{
    if (!list.len)
        return;
    buf_printf(out, "%s%s: [", indent, key);
    for (size_t i = 0; i < list.len; i++) {
        buf_add(out, i ? STR(", ") : STR(""));
        import_scalar(list.at[i], out);
    }
    buf_add(out, STR("]\n"));
}

static void import_applies(const struct hint_applies *applies, struct buf *out)
{
    const struct {
        const char *key;
        const struct hint_list *list;
    } rows[] = {{"packages", &applies->packages},      {"patterns", &applies->patterns},
                {"python_versions", &applies->python}, {"python_tags", &applies->python_tags},
                {"platforms", &applies->platforms},    {"arch", &applies->arch},
                {"backends", &applies->backends}};
    bool head = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].list->len)
            continue;
        if (!head)
            buf_add(out, STR("  applies_to:\n"));
        head = true;
        import_list("    ", rows[i].key, *rows[i].list, out);
    }
}

static void import_recipes(const struct hint_recipes *recipes, struct buf *out)
{
    if (!recipes->len)
        return;
    buf_add(out, STR("  recipes:\n"));
    for (size_t i = 0; i < recipes->len; i++) {
        buf_add(out, STR("    - "));
        BUF_AUTO struct buf word = {0};
        buf_printf(&word, STR_FMT ":" STR_FMT, STR_ARG(recipes->at[i].kind),
                   STR_ARG(recipes->at[i].value));
        import_scalar(buf_str(&word), out);
        buf_add_char(out, '\n');
    }
}

static void import_rule(const struct hint *rule, struct buf *out)
{
    buf_add(out, STR("- id: "));
    import_scalar(rule->id, out);
    buf_add_char(out, '\n');
    import_text("  ", "pattern", rule->pattern, out);
    if (rule->class != HINT_UNKNOWN)
        buf_printf(out, "  class: %s\n", hint_class_name(rule->class));
    if (rule->need != NEED_NONE)
        buf_printf(out, "  need: %s\n", hint_need_name(rule->need));
    import_recipes(&rule->recipes, out);
    import_applies(&rule->applies, out);
    buf_printf(out, "  confidence: %.3f\n  severity: %s\n", rule->confidence,
               hint_severity_name(rule->severity));
    if (rule->has_impact)
        buf_printf(out, "  impact: %s\n", hint_impact_name(rule->impact));
    import_list("  ", "phase", rule->phases, out);
    import_text("  ", "note", rule->note, out);
    import_list("  ", "tags", rule->tags, out);
    import_list("  ", "examples", rule->examples, out);
}

void import_write(const struct hint_import *import, struct buf *out)
{
    for (size_t i = 0; i < import->len; i++)
        import_rule(&import->at[i], out);
}
