/* Random small universes: the solver's verdict against trying every combination. */
#include "base/vec.h"
#include "plan/solve.h"
#include "unit.h"

enum { PROJECTS = 5, VERSIONS = 3, NEEDS = 2, UNIVERSES = 3000 };

struct universe {
    struct arena arena;
    struct provider_file files[PROJECTS][VERSIONS];
    /* A project, and a bit for each of its versions that will do; no bits: no need. */
    struct {
        unsigned project, versions;
    } needs[PROJECTS][VERSIONS][NEEDS];
    unsigned wanted; /* bits of the versions of project 0 that will do */
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* As != clauses: any set of versions can be written so. */
static struct str need_text(struct universe *u, unsigned project, unsigned versions)
{
    BUF_AUTO struct buf text = {0};
    buf_printf(&text, "p%u", project);
    for (unsigned v = 0; v < VERSIONS; v++)
        if (!(versions >> v & 1))
            buf_printf(&text, "%s!=%u", str_has_char(buf_str(&text), '!') ? "," : "", v + 1);
    return arena_str(&u->arena, buf_str(&text));
}

static void make_universe(struct universe *u, uint64_t *random)
{
    *u = (struct universe){0};
    for (unsigned p = 0; p < PROJECTS; p++)
        for (unsigned v = 0; v < VERSIONS; v++) {
            u->files[p][v].filename = arena_printf(&u->arena, "p%u-%u-py3-none-any.whl", p, v + 1);
            for (unsigned n = 0; n < NEEDS; n++) {
                u->needs[p][v][n].project = (unsigned)(next_random(random) % PROJECTS);
                u->needs[p][v][n].versions =
                    next_random(random) % 8 ? 1u << next_random(random) % VERSIONS : 0;
                if (u->needs[p][v][n].project == p)
                    u->needs[p][v][n].versions = 0;
            }
        }
    u->wanted = 1 + (unsigned)(next_random(random) % 7);
}

/* choice[p] is 0 for not chosen, else version + 1. */
static bool is_solution(const struct universe *u, const unsigned *choice)
{
    if (!choice[0] || !(u->wanted >> (choice[0] - 1) & 1))
        return false;
    for (unsigned p = 0; p < PROJECTS; p++)
        for (unsigned n = 0; choice[p] && n < NEEDS; n++) {
            unsigned project = u->needs[p][choice[p] - 1][n].project;
            unsigned versions = u->needs[p][choice[p] - 1][n].versions;
            if (versions && (!choice[project] || !(versions >> (choice[project] - 1) & 1)))
                return false;
        }
    return true;
}

static bool any_solution(const struct universe *u)
{
    unsigned combinations = 1;
    for (unsigned p = 0; p < PROJECTS; p++)
        combinations *= VERSIONS + 1;
    for (unsigned c = 0; c < combinations; c++) {
        unsigned choice[PROJECTS], rest = c;
        for (unsigned p = 0; p < PROJECTS; p++, rest /= VERSIONS + 1)
            choice[p] = rest % (VERSIONS + 1);
        if (is_solution(u, choice))
            return true;
    }
    return false;
}

static bool files(void *state, struct str name, struct arena *arena, struct provider_files *found,
                  struct err *err)
{
    struct universe *u = state;
    (void)arena;
    (void)err;
    *found = (struct provider_files){u->files[name.ptr[1] - '0'], VERSIONS};
    return true;
}

static bool metadata(void *state, const struct provider_release *release, struct arena *arena,
                     struct provider_metadata *found, struct err *err)
{
    struct universe *u = state;
    unsigned p = (unsigned)(release->name.ptr[1] - '0');
    unsigned v = (unsigned)(release->version.text.ptr[0] - '1');
    struct str *lines = ARENA_ARRAY(arena, struct str, NEEDS);
    size_t count = 0;
    (void)err;
    for (unsigned n = 0; n < NEEDS; n++)
        if (u->needs[p][v][n].versions)
            lines[count++] = need_text(u, u->needs[p][v][n].project, u->needs[p][v][n].versions);
    *found = (struct provider_metadata){.requires_dist = lines, .requires_dist_len = count};
    return true;
}

static bool check_universe(struct universe *u, const struct solve_env *env)
{
    struct solve_require require = {.origin = STR("r.txt:1")};
    struct err err = {0};
    struct str explanation = STR("");
    struct solve_result result;
    struct provider provider = {.state = u, .files = files, .metadata = metadata};
    assert_ok(requirement_parse(need_text(u, 0, u->wanted), &u->arena, &require.req, &err));
    struct solve_request request = {.env = env, .requires = &require, .requires_len = 1};
    bool solved = solve_run(&request, &provider, &u->arena, &result, &explanation, &err);
    if (solved != any_solution(u))
        fail_msg("the solver says %s", solved ? "solved" : "no");
    if (!solved) {
        assert_int_equal(err.code, ERR_UNSAT);
        assert_true(str_find(explanation, STR("r.txt:1")) < explanation.len);
        return false;
    }
    unsigned choice[PROJECTS] = {0};
    for (size_t i = 0; i < result.picks_len; i++)
        choice[result.picks[i].release.name.ptr[1] - '0'] =
            (unsigned)(result.picks[i].version.ptr[0] - '0');
    if (!is_solution(u, choice))
        fail_msg("the picks are no solution");
    return true;
}

static void verdicts_are_right(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    struct tags tags;
    struct tag_target target = {.python_minor = 11, .arch = STR("s390x"), .libc_minor = 17};
    struct solve_env env = {.tags = &tags};
    uint64_t random = 88172645463325252u;
    size_t solved = 0;
    assert_ok(tags_build(&target, &arena, &tags, &err));
    env.marker = marker_env_linux(STR("3.11.2"), STR("s390x"));
    assert_true(version_try(STR("3.11.2"), &env.python));
    for (size_t i = 0; i < UNIVERSES; i++) {
        struct universe u;
        make_universe(&u, &random);
        solved += check_universe(&u, &env);
        arena_free(&u.arena);
    }
    print_message("%zu of %d solved\n", solved, UNIVERSES);
    /* Both verdicts have to be well represented, or this test says little. */
    assert_true(solved > UNIVERSES / 10 && solved < UNIVERSES * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(verdicts_are_right)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
