#include "run/remedy.h"

#include "base/log.h"
#include "build/recipe.h"
#include "hint/packages.h"
#include "run/hints.h"
#include "run/lookup.h"

/* ---- listening ---- */

bool remedy_listen(struct remedies *remedies, struct remedy_course *course, struct err *err)
{
    if (!remedies->opened &&
        !hints_open(remedies->config->cache, remedies->arena, &remedies->catalogue, err))
        return false;
    remedies->opened = true;
    classifier_close(&course->classifier);
    course->classifier = classifier_open(&remedies->catalogue, remedies->arena);
    course->reading = (struct hint_reading){.class = HINT_UNKNOWN};
    return true;
}

void remedy_hear(struct remedy_course *course, struct str chunk)
{
    if (course->classifier)
        classifier_feed(course->classifier, chunk);
}

void remedy_phase(struct remedy_course *course, struct str phase)
{
    if (course->classifier)
        classifier_phase(course->classifier, phase);
}

/* ---- looking up ---- */

/* Who installs packages into the images. */
static struct str manager_of(const struct remedies *remedies)
{
    return remedies->config->image.len ? STR("dnf") : STR("apt");
}

/* Once, and only when something is to be looked up: made the first time, else mapped. */
static bool has_map(struct remedies *remedies)
{
    struct err err = {0};
    if (remedies->map_asked)
        return remedies->map_there;
    remedies->map_asked = true;
    remedies->map_there = lookup_open(remedies->config, false, NULL, NULL, remedies->arena,
                                      &remedies->contents, &err);
    if (!remedies->map_there)
        log_warn("what failed builds lack cannot be looked up: %s", err.text);
    else if (remedies->contents.note.len)
        log_warn("the capability map: " STR_FMT, STR_ARG(remedies->contents.note));
    return remedies->map_there;
}

/* The capability map, where there is one, and packs beside it. */
struct remedy_lookup {
    const struct pack_recipes *packs;
    struct spec_list given_up;
    struct hint_lookup map; /* find NULL: there is none */
};

static bool find_anywhere(void *state, enum hint_need need, struct str name, struct str manager,
                          struct arena *arena, struct hint_names *found)
{
    const struct remedy_lookup *lookup = state;
    if (!str_eq(manager, STR("pack")))
        return lookup->map.find &&
               lookup->map.find(lookup->map.state, need, name, manager, arena, found);
    /* Packs are for the target: a program of the build machine is none of theirs. */
    bool linked = need == NEED_HEADER || need == NEED_PKGCONFIG || need == NEED_LIBRARY;
    size_t at = pack_recipes_with(lookup->packs, str_from(hint_need_name(need)), name);
    if (!linked || at == lookup->packs->len ||
        recipe_has(lookup->given_up, lookup->packs->at[at].name))
        return false;
    found->at[found->len++] = lookup->packs->at[at].name;
    return true;
}

/* ---- policy ---- */

static struct str word_of(const struct suggest_recipe *recipe, struct arena *arena)
{
    return arena_printf(arena, STR_FMT ":" STR_FMT, STR_ARG(recipe->kind), STR_ARG(recipe->value));
}

/* What of a suggestion may be added; false: nothing, or not all of it. */
static bool may_apply(const struct remedies *remedies, const struct remedy_course *course,
                      const struct hint_suggestion *suggestion, struct remedy_trial *trial)
{
    const struct suggest_recipe *recipes;
    size_t len;
    struct err ignored = {0};
    VEC(struct str) words = {0};
    struct arena *arena = remedies->arena;
    if (suggestion->impact != IMPACT_NORMAL || suggestion->confidence < REMEDY_CONFIDENCE)
        return false;
    suggest_for(suggestion, manager_of(remedies), arena, &recipes, &len);
    for (size_t i = 0; i < len; i++) {
        struct str word = word_of(&recipes[i], arena);
        if (recipes[i].approval ||
            recipe_has((struct spec_list){course->recipes.at, course->recipes.len}, word) ||
            !recipe_check(word, &ignored) ||
            (suggest_is_manager(recipes[i].kind) && !remedies->config->system_recipes))
            return false;
        *vec_push(&words, arena) = word;
    }
    *trial = (struct remedy_trial){.hint = suggestion->id, .recipes = {words.at, words.len}};
    if (suggestion->finding) {
        trial->need = suggestion->finding->need;
        trial->name = suggestion->finding->name;
    }
    return words.len > 0;
}

/* Of the kinds that a look-up gives. */
static bool is_found(struct str word)
{
    struct str kind = str_slice(word, 0, str_find_char(word, ':'));
    return suggest_is_manager(kind) || str_eq(kind, STR("pack"));
}

/* A package or pack that was found for a need: a rule of its own, under an id that says what it is.
 */
static struct store_inference inference_of(const struct hint_suggestion *suggestion,
                                           const struct remedy_trial *trial, struct arena *arena)
{
    const struct hint_finding *finding = suggestion->finding;
    if (!finding || finding->need == NEED_NONE || !trial->recipes.len ||
        !is_found(trial->recipes.at[0]))
        return (struct store_inference){0};
    struct str need = str_from(hint_need_name(finding->need)), recipe = trial->recipes.at[0];
    return (struct store_inference){
        .id = arena_printf(arena, "look-up:" STR_FMT ":" STR_FMT ":" STR_FMT, STR_ARG(need),
                           STR_ARG(finding->name), STR_ARG(recipe)),
        .need = need,
        .name = finding->name,
        .recipe = recipe,
        .example = finding->excerpt};
}

static struct hint_facts facts_of(const struct remedies *remedies,
                                  const struct remedy_subject *subject)
{
    const struct run_plan_config *config = remedies->config;
    return (struct hint_facts){.name = subject->name,
                               .version = subject->version,
                               .python = config->python,
                               .python_tag = tags_python(config->python, remedies->arena),
                               .arch = config->arch,
                               .platform = config->platform_tag,
                               .backend = subject->backend};
}

static void suggest_to(struct remedies *remedies, const struct remedy_course *course,
                       const struct remedy_subject *subject, struct remedy *remedy)
{
    const struct hint_facts facts = facts_of(remedies, subject);
    struct suggest_request request = {.catalogue = &remedies->catalogue,
                                      .reading = &course->reading,
                                      .facts = &facts,
                                      .records = remedies->learned->hints.at,
                                      .record_count = remedies->learned->hints.len};
    struct remedy_lookup known = {.packs = remedies->packs,
                                  .given_up = {remedies->given_up.at, remedies->given_up.len}};
    const struct hint_lookup lookup = {find_anywhere, &known};
    struct hint_suggestions found = {0};
    BUF_AUTO struct buf sentence = {0};
    if (remedies->config->look_up && packages_asks(&course->reading)) {
        if (has_map(remedies))
            known.map = packages_lookup(&remedies->contents.map);
        request.lookup = &lookup;
    }
    suggest(&request, remedies->arena, &found);
    suggest_sentence(&found, &sentence);
    remedy->suggestion = arena_str(remedies->arena, str_trim(buf_str(&sentence)));
    bool acts = remedies->config->auto_apply && course->hints.len < REMEDY_STEPS;
    for (size_t i = 0; acts && i < found.len; i++) {
        struct remedy_trial trial;
        if (!may_apply(remedies, course, &found.at[i], &trial))
            continue;
        remedy->trial = trial;
        remedy->why = found.at[i].why;
        remedy->inference = inference_of(&found.at[i], &trial, remedies->arena);
        return;
    }
}

/* ---- a course ---- */

/* Whether what the last trial was for is gone. */
static bool has_worked(const struct remedy_course *course, enum remedy_end end)
{
    for (size_t i = 0; end != REMEDY_GOOD && i < course->reading.len; i++) {
        const struct hint_finding *finding = &course->reading.findings[i];
        if (str_eq(finding->hint->id, course->trial.hint) && finding->need == course->trial.need &&
            str_eq(finding->name, course->trial.name))
            return false;
    }
    return true;
}

void remedy_find(struct remedies *remedies, struct remedy_course *course,
                 const struct remedy_subject *subject, enum remedy_end end, struct remedy *remedy)
{
    struct remedy_trial tried = course->trial;
    *remedy = (struct remedy){.class = STR("")};
    if (!course->classifier)
        return;
    classifier_end(course->classifier, &course->reading);
    classifier_close(&course->classifier);
    if (tried.recipes.len && end != REMEDY_PASSED)
        *vec_push(&course->outcomes, remedies->arena) =
            (struct store_hint_outcome){tried.hint, has_worked(course, end)};
    course->trial = (struct remedy_trial){.recipes = {0}};
    if (end != REMEDY_FAILED)
        return;
    if (course->reading.class != HINT_UNKNOWN)
        remedy->class = str_from(hint_class_name(course->reading.class));
    suggest_to(remedies, course, subject, remedy);
}

void remedy_begin(struct remedies *remedies, struct remedy_course *course, struct spec_list recipes,
                  struct spec_list hints)
{
    for (size_t i = 0; i < recipes.len; i++)
        if (!recipe_has((struct spec_list){course->recipes.at, course->recipes.len}, recipes.at[i]))
            *vec_push(&course->recipes, remedies->arena) = recipes.at[i];
    for (size_t i = 0; i < hints.len; i++)
        if (!recipe_has((struct spec_list){course->hints.at, course->hints.len}, hints.at[i]))
            *vec_push(&course->hints, remedies->arena) = hints.at[i];
}

void remedy_take(struct remedies *remedies, struct remedy_course *course,
                 const struct remedy *remedy)
{
    for (size_t i = 0; i < remedy->trial.recipes.len; i++)
        *vec_push(&course->recipes, remedies->arena) = remedy->trial.recipes.at[i];
    *vec_push(&course->hints, remedies->arena) = remedy->trial.hint;
    if (remedy->inference.id.len)
        *vec_push(&course->inferences, remedies->arena) = remedy->inference;
    course->trial = remedy->trial;
}

bool remedy_withdraw(struct remedies *remedies, struct remedy_course *course)
{
    static const struct str pack = STR_INIT("pack:");
    size_t kept = 0, len = course->recipes.len;
    for (size_t i = 0; i < len; i++) {
        struct str word = course->recipes.at[i];
        if (str_starts(word, pack))
            *vec_push(&remedies->given_up, remedies->arena) = str_from_pos(word, pack.len);
        else
            course->recipes.at[kept++] = word;
    }
    course->recipes.len = kept;
    course->trial = (struct remedy_trial){.recipes = {0}};
    return kept < len;
}

struct str remedy_words(const struct remedy_trial *trial, struct arena *arena)
{
    BUF_AUTO struct buf words = {0};
    for (size_t i = 0; i < trial->recipes.len; i++)
        buf_printf(&words, "%s" STR_FMT, i ? ", " : "", STR_ARG(trial->recipes.at[i]));
    return arena_str(arena, buf_str(&words));
}

void remedy_close(struct remedies *remedies)
{
    if (remedies->opened)
        catalogue_close(&remedies->catalogue);
    contents_close(&remedies->contents);
}
