#include "run/remedy.h"

#include "base/log.h"
#include "build/recipe.h"
#include "hint/packages.h"
#include "run/hints.h"
#include "run/lookup.h"

/* What all jobs of a run share, opened when the first of them builds or fails. */
struct remedies {
    struct hint_catalogue catalogue;
    struct contents contents;
    bool map_asked, map_there;
    VEC(struct hint_record) records;
};

/* ---- listening ---- */

static bool remember_record(void *state, const struct store_hint_record *record, struct err *err)
{
    struct run *run = state;
    (void)err;
    *vec_push(&run->remedies->records, run->arena) =
        (struct hint_record){.id = arena_str(run->arena, record->hint),
                             .tried = (uint64_t)record->applied,
                             .worked = (uint64_t)record->fixed};
    return true;
}

static bool open_remedies(struct run *run, struct err *err)
{
    if (run->remedies)
        return true;
    run->remedies = ARENA_NEW(run->arena, struct remedies);
    return hints_open(run->config->cache, run->arena, &run->remedies->catalogue, err) &&
           store_hint_each(run->store, remember_record, run, err);
}

bool remedy_listen(struct run *run, struct run_job *job, struct err *err)
{
    if ((job->kind != SPEC_WHEEL && job->kind != SPEC_REQUIRES) || run->config->gather)
        return true;
    if (!open_remedies(run, err))
        return false;
    classifier_close(&job->classifier);
    job->classifier = classifier_open(&run->remedies->catalogue, run->arena);
    job->reading = (struct hint_reading){.class = HINT_UNKNOWN};
    return true;
}

void remedy_hear(struct run_job *job, struct str chunk)
{
    if (job->classifier)
        classifier_feed(job->classifier, chunk);
}

void remedy_phase(struct run_job *job, struct str phase)
{
    if (job->classifier)
        classifier_phase(job->classifier, phase);
}

/* ---- looking up ---- */

/* Who installs packages into the images of this run. */
static struct str manager_of(const struct run *run)
{
    return run_plan_config(run->plan)->image.len ? STR("dnf") : STR("apt");
}

/* Once a run, and only when something is to be looked up: made the first time, else mapped. */
static bool has_map(struct run *run)
{
    struct remedies *remedies = run->remedies;
    struct err err = {0};
    if (remedies->map_asked)
        return remedies->map_there;
    remedies->map_asked = true;
    remedies->map_there = lookup_open(run_plan_config(run->plan), false, NULL, NULL, run->arena,
                                      &remedies->contents, &err);
    if (!remedies->map_there)
        log_warn("what failed builds lack cannot be looked up: %s", err.text);
    else if (remedies->contents.note.len)
        log_warn("the capability map: " STR_FMT, STR_ARG(remedies->contents.note));
    return remedies->map_there;
}

/* ---- policy ---- */

static struct str word_of(const struct suggest_recipe *recipe, struct arena *arena)
{
    return arena_printf(arena, STR_FMT ":" STR_FMT, STR_ARG(recipe->kind), STR_ARG(recipe->value));
}

/* What of a suggestion this run may add; false: nothing, or not all of it. */
static bool may_apply(struct run *run, const struct run_job *job,
                      const struct hint_suggestion *suggestion, struct run_trial *trial)
{
    const struct suggest_recipe *recipes;
    size_t len;
    struct err ignored = {0};
    VEC(struct str) words = {0};
    if (suggestion->impact != IMPACT_NORMAL || suggestion->confidence < REMEDY_CONFIDENCE)
        return false;
    suggest_for(suggestion, manager_of(run), run->arena, &recipes, &len);
    for (size_t i = 0; i < len; i++) {
        struct str word = word_of(&recipes[i], run->arena);
        if (recipes[i].approval ||
            recipe_has((struct spec_list){job->recipes.at, job->recipes.len}, word) ||
            !recipe_check(word, &ignored) ||
            (suggest_is_manager(recipes[i].kind) && !run->config->system_recipes))
            return false;
        *vec_push(&words, run->arena) = word;
    }
    *trial = (struct run_trial){.hint = suggestion->id, .recipes = {words.at, words.len}};
    if (suggestion->finding) {
        trial->need = suggestion->finding->need;
        trial->name = suggestion->finding->name;
    }
    return words.len > 0;
}

/* A package that the map gave for a need: a rule of its own, under an id that says what it is. */
static struct store_inference inference_of(const struct hint_suggestion *suggestion,
                                           const struct run_trial *trial, struct arena *arena)
{
    const struct hint_finding *finding = suggestion->finding;
    if (!finding || finding->need == NEED_NONE || !trial->recipes.len ||
        !suggest_is_manager(
            str_slice(trial->recipes.at[0], 0, str_find_char(trial->recipes.at[0], ':'))))
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

static struct hint_facts facts_of(const struct run *run, const struct run_job *job)
{
    const struct run_plan_config *config = run_plan_config(run->plan);
    struct str python, rest;
    str_cut(run->graph.target, '-', &python, &rest);
    return (struct hint_facts){.name = job->name,
                               .version = job->version,
                               .python = config->python,
                               .python_tag = python,
                               .arch = config->arch,
                               .platform = config->platform_tag,
                               .backend = run->graph.nodes[job->node].backend};
}

static void suggest_to(struct run *run, struct run_job *job, struct remedy *remedy)
{
    const struct hint_facts facts = facts_of(run, job);
    struct suggest_request request = {.catalogue = &run->remedies->catalogue,
                                      .reading = &job->reading,
                                      .facts = &facts,
                                      .records = run->remedies->records.at,
                                      .record_count = run->remedies->records.len};
    struct hint_lookup lookup;
    struct hint_suggestions found = {0};
    BUF_AUTO struct buf sentence = {0};
    if (packages_asks(&job->reading) && has_map(run)) {
        lookup = packages_lookup(&run->remedies->contents.map);
        request.lookup = &lookup;
    }
    suggest(&request, run->arena, &found);
    suggest_sentence(&found, &sentence);
    remedy->suggestion = arena_str(run->arena, str_trim(buf_str(&sentence)));
    bool acts = run->config->auto_apply && job->hints.len < REMEDY_STEPS;
    for (size_t i = 0; acts && i < found.len; i++) {
        struct run_trial trial;
        if (!may_apply(run, job, &found.at[i], &trial))
            continue;
        remedy->trial = trial;
        remedy->why = found.at[i].why;
        remedy->inference = inference_of(&found.at[i], &trial, run->arena);
        return;
    }
}

void remedy_find(struct run *run, struct run_job *job, bool failed, struct remedy *remedy)
{
    *remedy = (struct remedy){.class = STR("")};
    if (!job->classifier)
        return;
    classifier_end(job->classifier, &job->reading);
    classifier_close(&job->classifier);
    if (!failed)
        return;
    if (job->reading.class != HINT_UNKNOWN)
        remedy->class = str_from(hint_class_name(job->reading.class));
    suggest_to(run, job, remedy);
}

void remedy_outcomes(struct run *run, const struct run_job *job, bool good,
                     const struct store_hint_outcome **outcomes, size_t *count)
{
    *count = job->trial.recipes.len > 0;
    if (!*count)
        return;
    struct store_hint_outcome *made = ARENA_NEW(run->arena, struct store_hint_outcome);
    *made = (struct store_hint_outcome){job->trial.hint, true};
    for (size_t i = 0; !good && i < job->reading.len; i++) {
        const struct hint_finding *finding = &job->reading.findings[i];
        if (str_eq(finding->hint->id, job->trial.hint) && finding->need == job->trial.need &&
            str_eq(finding->name, job->trial.name))
            made->fixed = false;
    }
    *outcomes = made;
}

void remedy_close(struct run *run)
{
    for (size_t i = 0; i < run->jobs.len; i++)
        classifier_close(&run->jobs.at[i].classifier);
    if (!run->remedies)
        return;
    catalogue_close(&run->remedies->catalogue);
    contents_close(&run->remedies->contents);
}
