#include "cli/hint_replay.h"

#include "base/vec.h"
#include "build/recipe.h"
#include "cli/hint_log.h"
#include "store/history.h"

struct replaying {
    const struct call *call;
    const struct hint_catalogue *catalogue;
    const struct hint_lookup *lookup; /* NULL: no capability map */
    struct hint_replay *replay;
    VEC(struct hint_replay_count) counts;
};

/* Whether the attempt was made without any of its recipes. */
static bool replay_is_new(const struct hint_suggestion *suggestion, struct spec_list used,
                          struct arena *arena)
{
    for (size_t i = 0; i < suggestion->len; i++)
        if (recipe_has(used, arena_printf(arena, STR_FMT ":" STR_FMT,
                                          STR_ARG(suggestion->recipes[i].kind),
                                          STR_ARG(suggestion->recipes[i].value))))
            return false;
    return suggestion->len > 0;
}

static void replay_count(struct replaying *replaying, struct str hint)
{
    for (size_t i = 0; i < replaying->counts.len; i++)
        if (str_eq(replaying->counts.at[i].hint, hint)) {
            replaying->counts.at[i].failures++;
            return;
        }
    *vec_push(&replaying->counts, replaying->call->arena) =
        (struct hint_replay_count){arena_str(replaying->call->arena, hint), 1};
}

static void replay_suggestions(struct replaying *replaying,
                               const struct hint_suggestions *suggestions, struct spec_list used,
                               struct arena *arena)
{
    bool met = false;
    for (size_t i = 0; i < suggestions->len; i++) {
        if (suggest_is_repeat(suggestions, i) || !replay_is_new(&suggestions->at[i], used, arena))
            continue;
        replay_count(replaying, suggestions->at[i].id);
        met = true;
    }
    replaying->replay->met += met;
}

static bool replay_row(void *state, const struct store_history_row *row, struct err *err)
{
    struct replaying *replaying = state;
    ARENA_AUTO struct arena arena = {0};
    struct hint_reading reading;
    struct hint_suggestions suggestions;
    struct err why = {0};
    struct hint_facts facts = {.name = row->name,
                               .version = row->version,
                               .python = option_str(replaying->call->options, OPTION_PYTHON),
                               .arch = option_str(replaying->call->options, OPTION_ARCH)};
    (void)err;
    if (!row->log.len || !row->class.len)
        return true;
    str_cut(row->target, '-', &facts.python_tag, &facts.platform);
    struct str path = arena_printf(&arena, STR_FMT "/" STR_FMT,
                                   STR_ARG(option_str(replaying->call->options, OPTION_CACHE)),
                                   STR_ARG(row->log));
    if (!hint_log_read(replaying->catalogue, path, &arena, &reading, &why)) {
        replaying->replay->gone++;
        return true;
    }
    const struct suggest_request request = {.catalogue = replaying->catalogue,
                                            .reading = &reading,
                                            .facts = &facts,
                                            .lookup = replaying->lookup};
    suggest(&request, &arena, &suggestions);
    replaying->replay->failures++;
    replay_suggestions(replaying, &suggestions, spec_list_read(row->recipes, &arena), &arena);
    return true;
}

bool hint_replay(const struct call *call, const struct hint_catalogue *catalogue,
                 struct store *store, const struct hint_lookup *lookup, struct hint_replay *replay,
                 struct err *err)
{
    const struct store_history_query all = {.limit = INT64_MAX};
    struct replaying replaying = {
        .call = call, .catalogue = catalogue, .lookup = lookup, .replay = replay};
    *replay = (struct hint_replay){0};
    bool good = !store || store_history_each(store, &all, replay_row, &replaying, err);
    replay->at = replaying.counts.at;
    replay->len = replaying.counts.len;
    return good;
}

size_t hint_replay_of(const struct hint_replay *replay, struct str hint)
{
    for (size_t i = 0; i < replay->len; i++)
        if (str_eq(replay->at[i].hint, hint))
            return replay->at[i].failures;
    return 0;
}
