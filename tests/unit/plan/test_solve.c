/* Every scenario of tests/plan that expects picks or a failure: universe, request, answer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "scenario.h"
#include "unit.h"

enum { LEAST_SCENARIOS = 30 };

static void picks_text(const struct solve_result *result, struct buf *out)
{
    for (size_t i = 0; i < result->picks_len; i++) {
        const struct solve_pick *pick = &result->picks[i];
        buf_add(out, pick->release.name);
        for (size_t k = 0; k < pick->extras_len; k++)
            buf_printf(out, "%s%.*s", k ? "," : "[", STR_ARG(pick->extras[k]));
        buf_printf(out, "%s %.*s\n", pick->extras_len ? "]" : "", STR_ARG(pick->version));
    }
}

static void answer(struct scenario *s, struct buf *out)
{
    struct solve_result result;
    struct str explanation = STR("");
    struct err err = {0};
    buf_clear(out);
    if (solve_run(&s->request.target, &s->provider, &s->arena, &result, &explanation, &err)) {
        buf_add(out, STR("picks\n"));
        picks_text(&result, out);
        return;
    }
    buf_add(out, STR("fails\n"));
    if (err.code == ERR_UNSAT && explanation.len)
        buf_add(out, explanation);
    else
        buf_printf(out, "%s\n", err.text);
}

static bool is_met(const struct solve_result *result, const struct requirement *req)
{
    for (size_t n = 0; n < result->picks_len; n++)
        if (str_eq(result->picks[n].release.name, req->name) &&
            specifier_set_match(&req->specifiers, &result->picks[n].release.version))
            return true;
    return false;
}

/* Whether overrides name the project; what they ask for is met then. */
static bool is_overridden(const struct scenario *s, const struct solve_result *result,
                          const struct requirement *req)
{
    bool found = false;
    for (size_t i = 0; i < s->overrides.len; i++) {
        const struct requirement *instead = &s->overrides.at[i].req;
        if (!str_eq(instead->name, req->name))
            continue;
        found = true;
        if (marker_holds(instead->marker, &s->target.marker, NULL) && !is_met(result, instead))
            fail_msg("%s: %.*s is not met", s->file, STR_ARG(instead->text));
    }
    return found;
}

/* Every need of a pick is met by a pick: checked from the facts, not from the solver's state. */
static void check_solution(struct scenario *s)
{
    struct solve_result result;
    struct str explanation;
    struct err err = {0};
    if (!solve_run(&s->request.target, &s->provider, &s->arena, &result, &explanation, &err))
        return;
    for (size_t i = 0; i < result.picks_len; i++) {
        const struct solve_pick *pick = &result.picks[i];
        struct provider_metadata meta;
        assert_ok(s->provider.metadata(s, &pick->release, &s->arena, &meta, &err));
        assert_true(pick->release.wheel || pick->release.sdist ||
                    s->request.target.awaited_from_ms); /* of last resort */
        for (size_t k = 0; k < meta.requires_dist_len; k++) {
            struct requirement req;
            assert_ok(requirement_parse(meta.requires_dist[k], &s->arena, &req, &err));
            if (marker_holds(req.marker, &s->target.marker, NULL) &&
                !is_overridden(s, &result, &req) && !is_met(&result, &req))
                fail_msg("%s: %.*s is not met", s->file, STR_ARG(req.text));
        }
    }
}

static void check_scenario(const char *path)
{
    struct scenario s;
    scenario_load(path, &s);
    BUF_AUTO struct buf first = {0}, second = {0}, expected = {0};
    if (!str_eq(s.expect, STR("plan"))) {
        answer(&s, &first);
        answer(&s, &second);
        buf_printf(&expected, "%.*s\n%.*s", STR_ARG(s.expect), STR_ARG(s.expected));
        if (getenv("SCENARIO_SHOW"))
            printf("%s\n%s", path, first.ptr);
        else if (strcmp(first.ptr, expected.ptr) != 0)
            fail_msg("%s: got\n%s", path, first.ptr);
        assert_string_equal(first.ptr, second.ptr);
        check_solution(&s);
    }
    scenario_free(&s);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void scenarios(void **state)
{
    (void)state;
    DIR *dir = opendir(TEST_PLANS);
    char *names[512];
    size_t count = 0;
    if (!dir)
        fail_msg("cannot open %s", TEST_PLANS);
    for (struct dirent *entry; (entry = readdir(dir)) && count < 512;)
        if (str_ends(str_from(entry->d_name), STR(".txt")))
            names[count++] = strdup(entry->d_name);
    closedir(dir);
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", TEST_PLANS, names[i]);
        check_scenario(path);
        free(names[i]);
    }
    if (count < LEAST_SCENARIOS)
        fail_msg("only %zu scenarios", count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scenarios)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
