#include "hint/suggest.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/vec.h"
#include "hint/confidence.h"
#include "hint/contradict.h"

/* Packages of a distribution, in the order of the sentence. */
static const char *const suggest_managers[] = {"dnf", "apt", "emerge"};
enum { MANAGERS = sizeof suggest_managers / sizeof *suggest_managers };

/* A library from source on the floor: nothing of it has to be grafted, so it goes before packages
 * of a distribution. */
static const struct str suggest_pack = STR_INIT("pack");

typedef VEC(struct suggest_recipe) suggest_recipes;

struct suggester {
    const struct suggest_request *request;
    struct arena *arena;
    VEC(struct hint_suggestion) made;
};

bool suggest_is_manager(struct str kind)
{
    for (size_t i = 0; i < MANAGERS; i++)
        if (str_eq(kind, str_from(suggest_managers[i])))
            return true;
    return false;
}

static double suggest_confidence(const struct suggest_request *request, const struct hint *hint)
{
    for (size_t i = 0; i < request->record_count; i++)
        if (str_eq(request->records[i].id, hint->id))
            return confidence_of(hint->confidence, request->records[i].worked,
                                 request->records[i].tried);
    return hint->confidence;
}

/* "{name}" and the like filled in; false when there is nothing to fill in. */
static bool suggest_fill(const struct suggester *suggester, struct str text,
                         const struct hint_finding *finding, struct str *filled, bool *from_log)
{
    const struct hint_facts *facts = suggester->request->facts;
    const struct {
        struct str word, value;
        bool from_log;
    } words[] = {{STR("{name}"), finding ? finding->name : STR(""), true},
                 {STR("{version}"), finding ? finding->version : STR(""), true},
                 {STR("{package}"), facts->name, false},
                 {STR("{package_version}"), facts->version, false}};
    *filled = text;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t at = str_find(*filled, words[i].word);
        if (at == filled->len)
            continue;
        if (!words[i].value.len)
            return false;
        *filled = arena_printf(suggester->arena, STR_FMT STR_FMT STR_FMT,
                               STR_ARG(str_slice(*filled, 0, at)), STR_ARG(words[i].value),
                               STR_ARG(str_from_pos(*filled, at + words[i].word.len)));
        *from_log |= words[i].from_log;
    }
    return true;
}

/* What the catalogue says. A package's name out of a log is approved by a person alone. */
static void suggest_stated(const struct suggester *suggester, const struct hint *hint,
                           const struct hint_finding *finding, suggest_recipes *recipes)
{
    for (size_t i = 0; i < hint->recipes.len; i++) {
        const struct hint_recipe *recipe = &hint->recipes.at[i];
        struct str value;
        bool from_log = false;
        if (!suggest_fill(suggester, recipe->value, finding, &value, &from_log))
            continue;
        bool inferred = hint->origin == ORIGIN_INFERRED && !suggest_is_manager(recipe->kind);
        *vec_push(recipes, suggester->arena) =
            (struct suggest_recipe){recipe->kind, value, from_log || inferred};
    }
}

/* What a distribution is known to have. */
static void suggest_found(const struct suggester *suggester, const struct hint_finding *finding,
                          suggest_recipes *recipes)
{
    const struct hint_lookup *lookup = suggester->request->lookup;
    if (!lookup || !finding || finding->need == NEED_NONE)
        return;
    for (size_t i = 0; i <= MANAGERS; i++) {
        struct hint_names names = {0};
        struct str manager = i == MANAGERS ? suggest_pack : str_from(suggest_managers[i]);
        if (lookup->find(lookup->state, finding->need, finding->name, manager, suggester->arena,
                         &names) &&
            names.len)
            *vec_push(recipes, suggester->arena) =
                (struct suggest_recipe){manager, names.at[0], false};
    }
}

static struct str suggest_why(const struct suggester *suggester, const struct hint *hint,
                              const struct hint_finding *finding)
{
    struct arena *arena = suggester->arena;
    struct str note = {0};
    bool ignored = false;
    if (hint->note.len && !suggest_fill(suggester, hint->note, finding, &note, &ignored))
        note = STR("");
    if (!finding)
        return note.len ? note : str_from(hint_class_words(hint->class));
    struct str what = finding->need == NEED_NONE
                          ? str_from(hint_class_words(finding->class))
                          : arena_printf(arena, "%s " STR_FMT STR_FMT STR_FMT,
                                         hint_need_words(finding->need), STR_ARG(finding->name),
                                         STR_ARG(finding->version.len ? STR(" ") : STR("")),
                                         STR_ARG(finding->version));
    return arena_printf(arena, STR_FMT " (byte %llu of the log: " STR_FMT ")" STR_FMT STR_FMT,
                        STR_ARG(what), (unsigned long long)finding->offset,
                        STR_ARG(finding->excerpt), STR_ARG(note.len ? STR("; ") : STR("")),
                        STR_ARG(note));
}

static void suggest_one(struct suggester *suggester, const struct hint *hint,
                        const struct hint_finding *finding)
{
    suggest_recipes recipes = {0};
    struct hint_facts facts = *suggester->request->facts;
    if (finding)
        facts.phase = finding->phase;
    if (!hint_applies(hint, &facts))
        return;
    suggest_found(suggester, finding, &recipes);
    suggest_stated(suggester, hint, finding, &recipes);
    if (!recipes.len)
        return;
    struct hint_suggestion made = {
        .id = hint->id,
        .finding = finding,
        .class = hint->class,
        .recipes = recipes.at,
        .len = recipes.len,
        .confidence = suggest_confidence(suggester->request, hint),
        .impact = hint->impact,
        .why = suggest_why(suggester, hint, finding),
    };
    for (size_t i = 0; i < recipes.len; i++)
        made.approval |= recipes.at[i].approval && !suggest_is_manager(recipes.at[i].kind);
    *vec_push(&suggester->made, suggester->arena) = made;
}

static int suggest_order(const void *left, const void *right)
{
    const struct hint_suggestion *a = left, *b = right;
    int proof_a = a->finding ? (int)a->finding->hint->severity : -1;
    int proof_b = b->finding ? (int)b->finding->hint->severity : -1;
    uint64_t at_a = a->finding ? a->finding->offset : UINT64_MAX;
    uint64_t at_b = b->finding ? b->finding->offset : UINT64_MAX;
    if (proof_a != proof_b)
        return proof_a > proof_b ? -1 : 1;
    if (proof_a == SEVERITY_INFO && at_a != at_b) /* as finding_sort has them */
        return at_a > at_b ? -1 : 1;
    if (a->confidence != b->confidence)
        return a->confidence > b->confidence ? -1 : 1;
    if (at_a != at_b)
        return at_a < at_b ? -1 : 1;
    return str_cmp(a->id, b->id);
}

/* Each recipe once, and of two that set the same the better one's. */
static void suggest_thin(struct suggester *suggester)
{
    struct map taken = {0};
    size_t kept = 0;
    for (size_t i = 0; i < suggester->made.len && kept < SUGGEST_LIMIT; i++) {
        struct hint_suggestion one = suggester->made.at[i];
        struct suggest_recipe *recipes =
            ARENA_ARRAY(suggester->arena, struct suggest_recipe, one.len + 1);
        size_t len = 0;
        for (size_t j = 0; j < one.len; j++) {
            struct hint_recipe recipe = {one.recipes[j].kind, one.recipes[j].value};
            void **subject =
                map_at(&taken, suggester->arena, contradict_subject(&recipe, suggester->arena));
            if (*subject)
                continue;
            *subject = suggester;
            recipes[len++] = one.recipes[j];
        }
        one.recipes = recipes;
        one.len = len;
        if (len)
            suggester->made.at[kept++] = one;
    }
    suggester->made.len = kept;
}

void suggest(const struct suggest_request *request, struct arena *arena,
             struct hint_suggestions *suggestions)
{
    struct suggester suggester = {.request = request, .arena = arena};
    for (size_t i = 0; i < request->reading->len; i++)
        suggest_one(&suggester, request->reading->findings[i].hint, &request->reading->findings[i]);
    for (size_t i = 0; i < request->catalogue->len; i++) {
        const struct hint *hint = &request->catalogue->at[i];
        if (!hint->pattern.len && hint->class == request->reading->class)
            suggest_one(&suggester, hint, NULL);
    }
    if (suggester.made.len)
        qsort(suggester.made.at, suggester.made.len, sizeof *suggester.made.at, suggest_order);
    suggest_thin(&suggester);
    *suggestions = (struct hint_suggestions){suggester.made.at, suggester.made.len};
}

bool suggest_is_repeat(const struct hint_suggestions *suggestions, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (str_eq(suggestions->at[i].id, suggestions->at[at].id))
            return true;
    return false;
}

void suggest_for(const struct hint_suggestion *suggestion, struct str manager, struct arena *arena,
                 const struct suggest_recipe **recipes, size_t *len)
{
    suggest_recipes chosen = {0};
    bool packed = false;
    for (size_t i = 0; i < suggestion->len; i++)
        packed = packed || str_eq(suggestion->recipes[i].kind, suggest_pack);
    for (size_t i = 0; i < suggestion->len; i++)
        if (!suggest_is_manager(suggestion->recipes[i].kind) ||
            (!packed && str_eq(suggestion->recipes[i].kind, manager)))
            *vec_push(&chosen, arena) = suggestion->recipes[i];
    *recipes = chosen.at;
    *len = chosen.len;
}

/* " NAME NAME" of one kind; how many. */
static size_t suggest_list(const struct hint_suggestions *suggestions, struct str kind,
                           struct str between, struct buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < suggestions->len; i++)
        for (size_t j = 0; j < suggestions->at[i].len; j++) {
            const struct suggest_recipe *recipe = &suggestions->at[i].recipes[j];
            if (!str_eq(recipe->kind, kind))
                continue;
            if (count++ == 0)
                buf_printf(out, STR_FMT STR_FMT ":", STR_ARG(between), STR_ARG(kind));
            buf_printf(out, " " STR_FMT "%s", STR_ARG(recipe->value),
                       recipe->approval ? " (needs approval)" : "");
        }
    return count;
}

void suggest_sentence(const struct hint_suggestions *suggestions, struct buf *out)
{
    static const char *const others[] = {"pip", "env", "pack", "patch", "tool", "setting"};
    size_t count = 0;
    for (size_t i = 0; i < MANAGERS; i++)
        count += suggest_list(suggestions, str_from(suggest_managers[i]),
                              count ? STR(" | ") : STR("Suggested packages: "), out);
    if (count)
        buf_add_char(out, '\n');
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (suggest_list(suggestions, str_from(others[i]), STR("Suggested: "), out))
            buf_add_char(out, '\n');
}
