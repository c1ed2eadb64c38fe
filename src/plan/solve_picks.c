#include "plan/solve_state.h"

#include <stdlib.h>
#include <string.h>

typedef VEC(struct str) str_list;

static void add_once(str_list *list, struct arena *arena, struct str text)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->at[i], text))
            return;
    *vec_push(list, arena) = text;
}

/* A chosen project on its way into the result. */
struct chosen {
    uint32_t package, index;
    struct str name;
    str_list asked_by;
    VEC(uint32_t) depends;
    VEC(struct str) extras;
};

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct chosen *)a)->name, ((const struct chosen *)b)->name);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static uint32_t index_of(const struct solve_state *state, uint32_t package)
{
    return pubgrub_possible(&state->pg, package).at[0].from - 1;
}

static struct str version_of(const struct solve_state *state, uint32_t package)
{
    const struct solve_package *p = &state->packages.at[package];
    return version_normal(&p->list->at[index_of(state, package)].version, state->arena);
}

/* Takes over the facts of one chosen package (the root, a project or name[extra]). */
static void take_facts(struct solve_state *state, struct chosen *chosen, const uint32_t *place,
                       uint32_t owner, uint32_t index)
{
    const struct solve_needs *needs = &state->packages.at[owner].needs[index];
    struct str version = owner ? version_of(state, owner) : STR("");
    for (size_t i = 0; i < needs->facts.len; i++) {
        const struct solve_fact *fact = needs->facts.at[i];
        uint32_t other = state->packages.at[fact->other].base;
        const struct solve_package *by = &state->packages.at[owner];
        struct chosen *target = &chosen[place[other]];
        struct str text;
        if (owner == 0)
            text = fact->origin.len ? arena_printf(state->kept, "%.*s (%.*s)",
                                                   STR_ARG(fact->origin), STR_ARG(fact->text))
                                    : arena_str(state->kept, fact->text);
        else
            text = arena_printf(state->kept, "%.*s%s%.*s%s %.*s (%.*s)", STR_ARG(by->name),
                                by->extra.len ? "[" : "", STR_ARG(by->extra),
                                by->extra.len ? "]" : "", STR_ARG(version), STR_ARG(fact->text));
        add_once(&target->asked_by, state->kept, text);
        if (owner && by->base != other)
            *vec_push(&chosen[place[by->base]].depends, state->kept) = place[other];
    }
}

static struct str outdone_by(struct solve_state *state, const struct solve_package *package,
                             uint32_t index)
{
    const struct candidate_list *list = package->list;
    size_t in = 0;
    struct candidate *newer_in = NULL, *newer_out = NULL, *awaited = NULL;
    for (uint32_t i = 0; i < list->len; i++) {
        struct candidate *c = &list->at[i];
        bool pre = version_is_pre(&c->version) && !package->pre_asked;
        in += c->out == CANDIDATE_IN && !c->awaited;
        if (i <= index || pre || c->yanked)
            continue;
        if (c->awaited)
            awaited = c;
        else if (c->out == CANDIDATE_IN)
            newer_in = c;
        else
            newer_out = c;
    }
    BUF_AUTO struct buf text = {0};
    if (list->len == 1 && solve_only_by(package))
        buf_printf(&text, "the version of %.*s", STR_ARG(solve_only_by(package)->origin));
    else if (newer_in)
        buf_printf(&text, "%.*s is newer, but does not fit what else is asked for",
                   STR_ARG(version_normal(&newer_in->version, state->arena)));
    else
        buf_printf(&text, in == 1 ? "the only usable version" : "the newest of %zu usable versions",
                   in);
    if (newer_out)
        buf_printf(&text, "; %.*s is out: %.*s",
                   STR_ARG(version_normal(&newer_out->version, state->arena)),
                   STR_ARG(candidate_why_out(list, newer_out, state->arena)));
    if (awaited)
        buf_printf(&text, "; %.*s is new and has no source distribution yet",
                   STR_ARG(version_normal(&awaited->version, state->arena)));
    return arena_str(state->kept, buf_str(&text));
}

static struct str note_of(struct solve_state *state, const struct solve_package *package,
                          uint32_t index)
{
    const struct candidate *c = &package->list->at[index];
    if (package->fallback.len)
        return arena_printf(state->kept, "fallback to the newest that fits: %.*s",
                            STR_ARG(package->fallback));
    if (c->awaited)
        return STR("nothing else fits, and its source distribution may still be uploaded");
    if (package->pinned)
        return arena_printf(state->kept, "the version of %.*s",
                            STR_ARG(package->rule->pins[0]->origin));
    if (package->meta[index].broken)
        return STR("nothing else fits");
    if (package->url.len)
        return STR("taken from the URL asked for");
    if (c->yanked) {
        const struct provider_release *release = c->release;
        struct str why = (release->wheel ? release->wheel : release->sdist)->yanked_reason;
        return arena_printf(state->kept, "yanked%s%.*s, but asked for by its exact version",
                            why.len ? ": " : "", STR_ARG(why));
    }
    if (version_is_pre(&c->version) && !package->pre_asked)
        return STR("a pre-release, because no final version fits");
    return outdone_by(state, package, index);
}

static void fill_pick(struct solve_state *state, struct chosen *chosen, struct solve_pick *pick)
{
    const struct solve_package *package = &state->packages.at[chosen->package];
    const struct candidate *c = &package->list->at[chosen->index];
    const struct solve_meta *meta = &package->meta[chosen->index];
    size_t kept = 0;
    if (chosen->depends.len)
        qsort(chosen->depends.at, chosen->depends.len, sizeof(uint32_t), by_number);
    for (size_t i = 0; i < chosen->depends.len; i++)
        if (!kept || chosen->depends.at[kept - 1] != chosen->depends.at[i])
            chosen->depends.at[kept++] = chosen->depends.at[i];
    if (chosen->extras.len)
        qsort(chosen->extras.at, chosen->extras.len, sizeof(struct str), by_text);
    *pick = (struct solve_pick){
        .release = *c->release,
        .version = version_normal(&c->version, state->kept),
        .extras = chosen->extras.at,
        .extras_len = chosen->extras.len,
        .depends = chosen->depends.at,
        .depends_len = kept,
        .asked_by = chosen->asked_by.at,
        .asked_by_len = chosen->asked_by.len,
        .broken = meta->broken ? arena_str(state->kept, meta->why) : STR(""),
        .note = note_of(state, package, chosen->index),
        .pinned = package->pinned,
        .direct = package->direct,
    };
    pick->refused_len =
        candidate_refusals(c, package->rule, state->request->env, state->kept, &pick->refused);
}

struct solve_result solve_picks(struct solve_state *state)
{
    struct chosen *chosen = ARENA_ARRAY(state->arena, struct chosen, state->packages.len);
    uint32_t *place = ARENA_ARRAY(state->arena, uint32_t, state->packages.len);
    size_t count = 0;
    for (uint32_t i = 1; i < state->packages.len; i++)
        if (!state->packages.at[i].extra.len && pubgrub_decided(&state->pg, i)) {
            struct chosen made = {.package = i, .index = index_of(state, i)};
            made.name = state->packages.at[i].name;
            chosen[count++] = made;
        }
    if (count)
        qsort(chosen, count, sizeof *chosen, by_name);
    for (uint32_t i = 0; i < count; i++)
        place[chosen[i].package] = i;
    take_facts(state, chosen, place, 0, 0);
    for (size_t i = 0; i < count; i++) {
        const struct solve_package *package = &state->packages.at[chosen[i].package];
        take_facts(state, chosen, place, chosen[i].package, chosen[i].index);
        for (size_t k = 0; k < package->extras.len; k++)
            if (pubgrub_decided(&state->pg, package->extras.at[k])) {
                uint32_t extra = package->extras.at[k];
                *vec_push(&chosen[i].extras, state->kept) = state->packages.at[extra].extra;
                take_facts(state, chosen, place, extra, chosen[i].index);
            }
    }
    struct solve_pick *picks = ARENA_ARRAY(state->kept, struct solve_pick, count);
    for (size_t i = 0; i < count; i++)
        fill_pick(state, &chosen[i], &picks[i]);
    return (struct solve_result){.picks = picks,
                                 .picks_len = count,
                                 .decisions = state->pg.decisions,
                                 .conflicts = state->pg.conflicts,
                                 .metadata_asked = state->metadata_asked};
}
