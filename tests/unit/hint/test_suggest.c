/* From readings to suggestions: look-ups, records, approval, the sentence. */
#include "base/buf.h"
#include "hint/confidence.h"
#include "hint/suggest.h"
#include "unit.h"

static const char rules[] =
    "- {id: header, pattern: 'fatal error: (?<name>[\\w./+-]+): No such file', need: header, "
    "confidence: 0.9}\n"
    "- {id: library, pattern: 'cannot find -l(?<name>[\\w.+-]+)', need: library, confidence: 0.8}\n"
    "- {id: module, pattern: 'No module named (?<name>[\\w.]+)', need: python, "
    "recipes: {pip: ['{name}']}, confidence: 0.7}\n"
    "- {id: cython, pattern: 'cython is too new', recipes: {pip: ['cython<3']}, confidence: 0.8}\n"
    "- {id: old, pattern: 'cython is too new', recipes: {pip: ['cython<1']}, confidence: 0.6}\n"
    "- {id: memory, class: memory, recipes: {env: ['MAX_JOBS=1']}, confidence: 0.5}\n"
    "- {id: killed, pattern: 'Killed signal', class: memory, severity: fatal}\n"
    "- {id: only, pattern: 'for another machine', recipes: {env: ['X=1']}, applies_to: {arch: "
    "[s390x]}}\n"
    "- {id: wide, pattern: 'flags of {version} (?<version>[\\d.]+)', recipes: {env: "
    "['STD={version}']}}\n"
    "- {id: scm, pattern: 'unable to detect version', recipes: {env: "
    "['VERSION={package_version}']}, "
    "confidence: 0.8}\n";

struct world {
    struct arena arena;
    struct hint_catalogue catalogue;
    struct hint_complaints complaints;
    struct hint_reading reading;
    struct hint_suggestions suggestions;
    struct hint_facts facts;
    const struct hint_record *records;
    size_t record_count;
    bool mapped, inferred;
};

/* A capability map of one header and one library. */
static bool find(void *state, enum hint_need need, struct str name, struct str manager,
                 struct arena *arena, struct hint_names *found)
{
    static const struct {
        enum hint_need need;
        const char *name, *manager, *package;
    } rows[] = {
        {NEED_HEADER, "ffi.h", "apt", "libffi-dev"},
        {NEED_HEADER, "ffi.h", "dnf", "libffi-devel"},
        {NEED_HEADER, "ffi.h", "emerge", "dev-libs/libffi"},
        {NEED_LIBRARY, "openblas", "apt", "libopenblas-dev"},
        {NEED_LIBRARY, "openblas", "dnf", "openblas-devel"},
        {NEED_LIBRARY, "ffi", "apt", "libffi-dev"},
        {NEED_HEADER, "yaml.h", "apt", "libyaml-dev"},
        {NEED_HEADER, "yaml.h", "pack", "libyaml"},
    };
    (void)state;
    (void)arena;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].need == need && str_eq(name, str_from(rows[i].name)) &&
            str_eq(manager, str_from(rows[i].manager))) {
            found->at[found->len++] = str_from(rows[i].package);
            return true;
        }
    return false;
}

static void ask(struct world *world, const char *log)
{
    static const struct hint_lookup lookup = {find, NULL};
    const struct hint_source source = {STR("rules.yaml"), str_from(rules),
                                       world->inferred ? ORIGIN_INFERRED : ORIGIN_LOCAL};
    catalogue_open(&source, 1, false, &world->arena, &world->catalogue, &world->complaints);
    assert_int_equal(world->catalogue.len, 10);
    struct classifier *classifier = classifier_open(&world->catalogue, &world->arena);
    classifier_feed(classifier, str_from(log));
    classifier_end(classifier, &world->reading);
    classifier_close(&classifier);
    const struct suggest_request request = {.catalogue = &world->catalogue,
                                            .reading = &world->reading,
                                            .facts = &world->facts,
                                            .lookup = world->mapped ? &lookup : NULL,
                                            .records = world->records,
                                            .record_count = world->record_count};
    suggest(&request, &world->arena, &world->suggestions);
}

static void done(struct world *world)
{
    catalogue_close(&world->catalogue);
    arena_free(&world->arena);
}

static void test_lookup(void **state)
{
    struct world world = {.mapped = true};
    BUF_AUTO struct buf out = {0};
    const struct suggest_recipe *recipes;
    size_t len;
    (void)state;
    ask(&world, "cannot find -lopenblas\nx.c:1: fatal error: ffi.h: No such file\n"
                "cannot find -lffi\nfatal error: none.h: No such file\n");
    assert_int_equal(world.suggestions.len, 2); /* what has no package is no suggestion */
    assert_str(world.suggestions.at[0].id, "header");
    assert_int_equal(world.suggestions.at[0].len, 3);
    assert_false(world.suggestions.at[0].approval);
    assert_int_equal(world.suggestions.at[0].impact, IMPACT_NORMAL);
    suggest_sentence(&world.suggestions, &out);
    assert_str(buf_str(&out), "Suggested packages: dnf: libffi-devel openblas-devel | apt: "
                              "libffi-dev libopenblas-dev | emerge: dev-libs/libffi\n");
    suggest_for(&world.suggestions.at[0], STR("dnf"), &world.arena, &recipes, &len);
    assert_int_equal(len, 1);
    assert_str(recipes[0].value, "libffi-devel");
    suggest_for(&world.suggestions.at[0], STR("apt"), &world.arena, &recipes, &len);
    assert_int_equal(len, 1);
    assert_str(recipes[0].kind, "apt");
    assert_true(str_find(world.suggestions.at[0].why, STR("header ffi.h (byte 23 of the log")) <
                world.suggestions.at[0].why.len);
    done(&world);
}

/* Said beside the packages of distributions, and taken in their place. */
static void test_pack_comes_first(void **state)
{
    struct world world = {.mapped = true};
    BUF_AUTO struct buf out = {0};
    const struct suggest_recipe *recipes;
    size_t len;
    (void)state;
    ask(&world, "x.c:1: fatal error: yaml.h: No such file\n");
    assert_int_equal(world.suggestions.len, 1);
    assert_false(world.suggestions.at[0].approval);
    suggest_sentence(&world.suggestions, &out);
    assert_str(buf_str(&out), "Suggested packages: apt: libyaml-dev\nSuggested: pack: libyaml\n");
    suggest_for(&world.suggestions.at[0], STR("apt"), &world.arena, &recipes, &len);
    assert_int_equal(len, 1);
    assert_str(recipes[0].kind, "pack");
    assert_str(recipes[0].value, "libyaml");
    done(&world);
}

static void test_without_map(void **state)
{
    struct world world = {0};
    BUF_AUTO struct buf out = {0};
    (void)state;
    ask(&world, "x.c:1: fatal error: ffi.h: No such file\n");
    assert_int_equal(world.reading.len, 1);
    assert_int_equal(world.suggestions.len, 0);
    suggest_sentence(&world.suggestions, &out);
    assert_int_equal(out.len, 0);
    done(&world);
}

/* A name that a log gives is nothing to install without being asked. */
static void test_approval(void **state)
{
    struct world world = {.mapped = true};
    BUF_AUTO struct buf out = {0};
    (void)state;
    ask(&world, "ModuleNotFoundError: No module named evil_package\ncython is too new\n");
    assert_int_equal(world.suggestions.len, 2);
    assert_str(world.suggestions.at[0].id, "cython");
    assert_false(world.suggestions.at[0].approval);
    assert_int_equal(world.suggestions.at[0].impact, IMPACT_HIGH);
    assert_str(world.suggestions.at[1].recipes[0].value, "evil_package");
    assert_true(world.suggestions.at[1].approval);
    suggest_sentence(&world.suggestions, &out);
    assert_str(buf_str(&out), "Suggested: pip: cython<3 evil_package (needs approval)\n");
    done(&world);
    world = (struct world){.inferred = true};
    ask(&world, "cython is too new\n");
    assert_true(world.suggestions.at[0].approval);
    done(&world);
}

static void test_records(void **state)
{
    static const struct hint_record bad[] = {{STR_INIT("cython"), 20, 1}};
    struct world world = {.records = bad, .record_count = 1};
    (void)state;
    ask(&world, "cython is too new\n");
    assert_int_equal(world.suggestions.len, 1); /* of two that set the same, the better */
    assert_str(world.suggestions.at[0].id, "old");
    done(&world);
    world = (struct world){0};
    ask(&world, "cython is too new\n");
    assert_str(world.suggestions.at[0].id, "cython");
    done(&world);
}

static void test_class_alone(void **state)
{
    struct world world = {0};
    (void)state;
    ask(&world, "gcc: fatal error: Killed signal terminated program cc1\n");
    assert_int_equal(world.reading.class, HINT_MEMORY);
    assert_int_equal(world.suggestions.len, 1);
    assert_str(world.suggestions.at[0].id, "memory");
    assert_null(world.suggestions.at[0].finding);
    done(&world);
}

static void test_scope(void **state)
{
    struct world world = {.facts = {.arch = STR("x86_64")}};
    (void)state;
    ask(&world, "made for another machine\n");
    assert_int_equal(world.suggestions.len, 0);
    done(&world);
    world = (struct world){.facts = {.arch = STR("s390x")}};
    ask(&world, "made for another machine\n");
    assert_int_equal(world.suggestions.len, 1);
    done(&world);
}

/* What a recipe says of the build comes from its facts; without them it is none. */
static void test_placeholders(void **state)
{
    struct world world = {.facts = {.name = STR("pkg"), .version = STR("1.2")}};
    (void)state;
    ask(&world, "unable to detect version\nflags of {version} 17\n");
    assert_int_equal(world.suggestions.len, 2);
    assert_str(world.suggestions.at[0].recipes[0].value, "VERSION=1.2");
    assert_false(world.suggestions.at[0].approval);
    assert_str(world.suggestions.at[1].recipes[0].value, "STD=17");
    assert_true(world.suggestions.at[1].approval);
    done(&world);
    world = (struct world){0};
    ask(&world, "unable to detect version\n");
    assert_int_equal(world.suggestions.len, 0);
    done(&world);
}

static void test_confidence(void **state)
{
    double last = 0.8;
    (void)state;
    assert_true(confidence_of(0.8, 0, 0) == 0.8);
    assert_true(confidence_wilson(0, 0, 1) == 0);
    assert_true(confidence_wilson(1, 1, 1) > 0.499 && confidence_wilson(1, 1, 1) < 0.501);
    /* 95 % of 8 of 10: Wilson (1927) gives 0.490. */
    assert_true(confidence_wilson(8, 10, 1.959964) > 0.4901 &&
                confidence_wilson(8, 10, 1.959964) < 0.4902);
    for (uint64_t n = 1; n < 50; n++) {
        double now = confidence_of(0.8, 0, n);
        assert_true(now < last);
        last = now;
    }
    assert_true(last < 0.1);
    last = 0.5;
    for (uint64_t n = 1; n < 50; n++) {
        double now = confidence_of(0.5, n, n);
        assert_true(now > last && now < 1);
        last = now;
    }
    assert_true(confidence_of(1, 0, 3) < 0.95);
    assert_true(confidence_of(0.5, 9, 3) == confidence_of(0.5, 3, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),      cmocka_unit_test(test_pack_comes_first),
        cmocka_unit_test(test_without_map), cmocka_unit_test(test_approval),
        cmocka_unit_test(test_records),     cmocka_unit_test(test_class_alone),
        cmocka_unit_test(test_scope),       cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_confidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
